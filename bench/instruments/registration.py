"""The times at which a node that joins is registered, ready and open, from a watch that is there before it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from lightkube.resources.core_v1 import Node

if TYPE_CHECKING:
    from bench.instruments.api import Api

REGISTERED, READY, OPEN = "registered", "ready", "open"
"""Open: it has no taint any more, whether Kubernetes' own or another."""


class Registration:
    """What has happened to a node so far, in seconds since the epoch."""

    def __init__(self) -> None:
        self._at: dict[str, float] = {}
        self._changed = threading.Condition()

    def note(self, event: str) -> bool:
        """Note that an event has happened. Returns whether it is new."""
        now = time.time()
        with self._changed:
            new = event not in self._at
            self._at.setdefault(event, now)
            self._changed.notify_all()
        return new

    def wait(self, event: str, seconds: float) -> float:
        """Wait for an event, and return its time.

        Raises:
            TimeoutError: it has not happened after this number of seconds.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: event in self._at, seconds):
                raise TimeoutError(f"after {seconds:g} s the node is not {event}")
            return self._at[event]


@contextmanager
def registration(api: Api, node: str, then: Callable[[], None]) -> Iterator[Registration]:
    """Watch a node that does not exist yet, until it is ready and open.

    Args:
        api: the connection.
        node: its name.
        then: called at the moment of its registration.
    """
    heard = Registration()
    # Of a node that never comes so far, the caller hears by `wait`.
    threading.Thread(target=_watch, args=(api, node, heard, then), daemon=True).start()
    yield heard


def _watch(api: Api, name: str, heard: Registration, then: Callable[[], None]) -> None:
    for _, node in api.client.watch(Node, fields={"metadata.name": name}):
        if heard.note(REGISTERED):
            then()
        conditions = (node.status.conditions if node.status else None) or []
        ready = any(each.type == "Ready" and each.status == "True" for each in conditions)
        is_open = not (node.spec and node.spec.taints)
        if ready:
            heard.note(READY)
        if is_open:
            heard.note(OPEN)
        if ready and is_open:
            return
