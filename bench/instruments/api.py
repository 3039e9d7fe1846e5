"""A connection to the API server that is already open, so that no client has to start."""

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
"""The namespace of all objects that are measured on a cluster."""

_DEADLINE_SECONDS = 300


class Api:
    """Creates objects, and a namespace for them. The namespace is removed with its content."""

    def __init__(self, lab: Lab) -> None:
        self.client = Client(KubeConfig.from_file(lab.kubeconfig), trust_env=False)

    def create(self, manifests: Sequence[Mapping[str, Any]]) -> None:
        """Create the objects in their order. Objects of an interrupted run are replaced."""
        for manifest in manifests:
            self.client.apply(codecs.from_dict(dict(manifest)), field_manager=NAMESPACE, force=True)

    @contextmanager
    def removed_after(self, manifests: Sequence[Mapping[str, Any]]) -> Iterator[None]:
        """Create the objects, and delete them and their pods after the block. The pods may need time to end."""
        try:
            yield
        finally:
            for manifest in manifests:
                made: Any = codecs.from_dict(dict(manifest))
                where: dict[str, Any] = {"namespace": NAMESPACE} if made.metadata.namespace else {}
                with _unless_gone():
                    # By default, the API keeps the pods of a deleted Job.
                    self.client.delete(type(made), made.metadata.name, cascade=CascadeType.BACKGROUND, **where)

    def wait_until_empty(self) -> None:
        """Wait until the namespace has no pods."""
        self._until(self._empty)

    @contextmanager
    def namespace(self) -> Iterator[None]:
        """Create the namespace for the block. A namespace of an interrupted run is replaced."""
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
