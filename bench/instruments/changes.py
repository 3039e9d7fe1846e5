"""When the objects of a namespace were created, changed and ready, as watches of the API server hear of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from lightkube import Client
from lightkube.resources.apps_v1 import DaemonSet
from lightkube.resources.batch_v1 import Job
from lightkube.resources.core_v1 import ConfigMap, ServiceAccount

_KINDS = (ServiceAccount, ConfigMap, DaemonSet, Job)
# Each namespace has these of its own.
_CLUSTERS_OWN = {"default", "kube-root-ca.crt"}


class Changes:
    """The times of changes since the last reset, in seconds since the epoch.

    Args:
        workload: the name of the ConfigMap that waits for all others.
    """

    def __init__(self, workload: str) -> None:
        self._workload = workload
        self._heard = threading.Condition()
        self._specs: dict[tuple[str, str], Any] = {}
        self._reset()

    def _reset(self) -> None:
        self.first: float | None = None
        self.ready: float | None = None
        self.workload: float | None = None

    def forget(self) -> None:
        """Reset all times. What is there is known, and does not count as a change."""
        with self._heard:
            self._reset()

    def note(self, event: str, item: Any) -> None:
        """Note an event of a watch.

        Args:
            event: `ADDED`, `MODIFIED` or `DELETED`.
            item: the object.
        """
        name = item.metadata.name
        if name in _CLUSTERS_OWN:
            return
        now = time.time()
        with self._heard:
            key = (type(item).__name__, name)
            # What is about to go is changed once more, and is of no interest.
            if event == "DELETED" or item.metadata.deletionTimestamp:
                self._specs.pop(key, None)
                return
            # A status that changes is no change of an object.
            what = getattr(item, "data", None) or item.metadata.generation
            changed = self._specs.get(key) != (item.metadata.uid, what)
            self._specs[key] = (item.metadata.uid, what)
            if name == self._workload:
                self.workload = self.workload or (now if changed else None)
            elif changed:
                self.first = self.first or now
            if isinstance(item, DaemonSet):
                if changed:
                    self.ready = None
                if self.first and self.ready is None and is_ready(item):
                    self.ready = now
            self._heard.notify_all()

    def wait(self, seconds: float) -> None:
        """Wait until the workload is there and the DaemonSet ready.

        Raises:
            TimeoutError: after this number of seconds, one of them is missing.
        """
        with self._heard:
            if not self._heard.wait_for(lambda: None not in (self.first, self.ready, self.workload), seconds):
                raise TimeoutError(
                    f"after {seconds:g} s: first object {self.first}, DaemonSet ready {self.ready}, "
                    f"workload {self.workload}"
                )


def is_ready(daemon_set: DaemonSet) -> bool:
    """Whether every pod of a DaemonSet is of its newest form, and ready."""
    status, metadata = daemon_set.status, daemon_set.metadata
    if status is None or metadata is None or status.observedGeneration != metadata.generation:
        return False
    wanted = status.desiredNumberScheduled
    return bool(wanted) and wanted == status.updatedNumberScheduled == status.numberReady


@contextmanager
def changes(client: Client, namespace: str, workload: str) -> Iterator[Changes]:
    """Listen to the changes of a namespace during the block.

    Args:
        client: the connection.
        namespace: the namespace. It exists.
        workload: the name of the ConfigMap that waits for all others.
    """
    heard = Changes(workload)
    for kind in _KINDS:
        # It ends with the process: a watch that hears nothing cannot be ended.
        threading.Thread(target=_watch(client, kind, namespace, heard), daemon=True).start()
    yield heard


def _watch(client: Client, kind: Any, namespace: str, heard: Changes) -> Callable[[], None]:
    def watch() -> None:
        for event, item in client.watch(kind, namespace=namespace):
            heard.note(event, item)

    return watch
