"""The API server, without a client to start: a connection that is there already."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lightkube import ApiError, Client, KubeConfig, codecs
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.core_v1 import Namespace, Pod

if TYPE_CHECKING:
    from lab import Lab

_DEADLINE_SECONDS = 300


class Api:
    """Makes objects, and removes a namespace with all that is in it."""

    def __init__(self, lab: Lab) -> None:
        self.client = Client(KubeConfig.from_file(lab.kubeconfig), trust_env=False)

    def create(self, manifests: Sequence[Mapping[str, Any]]) -> None:
        """Make them in their order."""
        for manifest in manifests:
            self.client.create(codecs.from_dict(dict(manifest)))

    def create_namespace(self, name: str) -> None:
        """Make a namespace, in place of one that an interrupted run has left."""
        if not self._gone(name):
            self.delete_namespace(name)
        self.client.create(Namespace(metadata=ObjectMeta(name=name)))

    def delete_namespace(self, name: str) -> None:
        """Remove a namespace, and wait until the last of its pods is gone."""
        self.client.delete(Namespace, name)
        self._until(lambda: not list(self.client.list(Pod, namespace=name)))
        self._until(lambda: self._gone(name))

    def _gone(self, name: str) -> bool:
        try:
            self.client.get(Namespace, name)
        except ApiError as error:
            return bool(error.status.code == 404)
        return False

    @staticmethod
    def _until(done: Any) -> None:
        deadline = time.monotonic() + _DEADLINE_SECONDS
        while not done():
            if time.monotonic() > deadline:
                raise TimeoutError(f"the namespace is still there after {_DEADLINE_SECONDS} s")
            time.sleep(0.2)
