"""The API server, without a client to start: a connection that is there already."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from lightkube import ApiError, Client, KubeConfig, codecs
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.core_v1 import Namespace, Pod
from lightkube.types import CascadeType

if TYPE_CHECKING:
    from lab import Lab

NAMESPACE = "bench"
"""Of everything that is measured on a cluster."""

_DEADLINE_SECONDS = 300


class Api:
    """Makes objects, and a namespace for them that is removed with all that is in it."""

    def __init__(self, lab: Lab) -> None:
        self.client = Client(KubeConfig.from_file(lab.kubeconfig), trust_env=False)

    def create(self, manifests: Sequence[Mapping[str, Any]]) -> None:
        """Make them in their order, in place of what an interrupted run has left."""
        for manifest in manifests:
            self.client.apply(codecs.from_dict(dict(manifest)), field_manager=NAMESPACE, force=True)

    @contextmanager
    def removed_after(self, manifests: Sequence[Mapping[str, Any]]) -> Iterator[None]:
        """What is made of them is removed after the block, with its pods; these may take a while to go."""
        try:
            yield
        finally:
            for manifest in manifests:
                made: Any = codecs.from_dict(dict(manifest))
                where: dict[str, Any] = {"namespace": NAMESPACE} if made.metadata.namespace else {}
                with _unless_gone():
                    # The API leaves a Job's pods behind where it is not told otherwise.
                    self.client.delete(type(made), made.metadata.name, cascade=CascadeType.BACKGROUND, **where)

    def wait_until_empty(self) -> None:
        """Wait until the last pod of the namespace is gone."""
        self._until(self._empty)

    @contextmanager
    def namespace(self) -> Iterator[None]:
        """The namespace, within the block; in place of one that an interrupted run has left."""
        if not self._gone():
            self._delete()
        self.client.create(Namespace(metadata=ObjectMeta(name=NAMESPACE)))
        try:
            yield
        finally:
            self._delete()

    def _delete(self) -> None:
        self.client.delete(Namespace, NAMESPACE)
        self.wait_until_empty()
        self._until(self._gone)

    def _empty(self) -> bool:
        return not list(self.client.list(Pod, namespace=NAMESPACE))

    def _gone(self) -> bool:
        with _unless_gone():
            self.client.get(Namespace, NAMESPACE)
            return False
        return True

    @staticmethod
    def _until(done: Any) -> None:
        deadline = time.monotonic() + _DEADLINE_SECONDS
        while not done():
            if time.monotonic() > deadline:
                raise TimeoutError(f"what was measured is still there after {_DEADLINE_SECONDS} s")
            time.sleep(0.2)


@contextmanager
def _unless_gone() -> Iterator[None]:
    try:
        yield
    except ApiError as error:
        if error.status.code != HTTPStatus.NOT_FOUND:
            raise
