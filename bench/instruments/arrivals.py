"""The times at which images arrive on nodes and containers start, from the events of the nodes' containerd.

Polling would disturb the measurement, because each query starts a process on each node. The nodes share this machine's
clock, so a delay in reading an event has no effect.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

from bench.instruments.shells import shell_on

if TYPE_CHECKING:
    import subprocess

    from lab import Lab

# The client does not forward signals: the process on the node ends when its standard input ends.
_LISTEN = "ctr --namespace=k8s.io events & read -r _; kill $!"
_TOPICS = ("/images/create", "/images/update")
_STARTED = "/tasks/start"
_PROBE_SECONDS = 30


class Arrivals:
    """The arrival times of images by node, and the start times of containers, since the last reset."""

    def __init__(self, nodes: Sequence[str]) -> None:
        self._at: dict[str, dict[str, float]] = {node: {} for node in nodes}
        self._starts: dict[str, list[float]] = {node: [] for node in nodes}
        self._changed = threading.Condition()

    def forget(self) -> None:
        """Reset all times."""
        with self._changed:
            for arrived in self._at.values():
                arrived.clear()
            for started in self._starts.values():
                started.clear()

    def note(self, node: str, line: str) -> None:
        """Process an event in the format of `ctr events`."""
        name = image_of(line)
        with self._changed:
            if name:
                self._at[node].setdefault(name, moment_of(line))
                self._changed.notify_all()
            elif _STARTED in line.partition("{")[0].split():
                self._starts[node].append(moment_of(line))

    def last(self, images: Iterable[str]) -> tuple[float, Sequence[float]]:
        """The arrival time of the last image, and the start times of containers and sandboxes on its node."""
        wanted = set(images)
        with self._changed:
            at, node = max((arrived[name], node) for node, arrived in self._at.items() for name in wanted)
            return at, tuple(self._starts[node])

    def wait(self, images: Iterable[str], seconds: float) -> float:
        """Wait until every node has all images. Return the arrival time of the last one, in seconds since the epoch.

        Raises:
            TimeoutError: images are missing after this number of seconds.
        """
        wanted = set(images)
        with self._changed:
            if not self._changed.wait_for(lambda: not self._missing(wanted), seconds):
                raise TimeoutError(f"after {seconds:g} s these are not there: {self._missing(wanted)}")
            return max(arrived[name] for arrived in self._at.values() for name in wanted)

    def _missing(self, wanted: set[str]) -> dict[str, list[str]]:
        return {node: sorted(wanted - set(arrived)) for node, arrived in self._at.items() if wanted - set(arrived)}


def image_of(line: str) -> str | None:
    """The image whose arrival an event reports; None for other events."""
    head, brace, document = line.partition("{")
    if not brace or not any(topic in head.split() for topic in _TOPICS):
        return None
    name = json.loads(brace + document).get("name")
    return str(name) if name else None


def moment_of(line: str) -> float:
    """The time of an event, in seconds since the epoch."""
    day, clock, offset, *_ = line.split()
    whole, _, fraction = clock.partition(".")
    at = datetime.strptime(f"{day} {whole} {offset}", "%Y-%m-%d %H:%M:%S %z").timestamp()
    return at + float(f"0.{fraction or 0}")


@contextmanager
def arrivals(lab: Lab, nodes: Sequence[str] | None = None) -> Iterator[Arrivals]:
    """Listen to the events of nodes during the block. Default: the base nodes of the lab."""
    nodes = lab.cluster.base_nodes if nodes is None else nodes
    heard = Arrivals(nodes)
    listening = [shell_on(lab, node, _LISTEN) for node in nodes]
    threads = [
        threading.Thread(target=_read, args=(heard, node, process), daemon=True)
        for node, process in zip(nodes, listening, strict=True)
    ]
    try:
        for thread in threads:
            thread.start()
        _prove(lab, heard, nodes)
        yield heard
    finally:
        for process in listening:
            if process.stdin:
                process.stdin.close()
        for process, thread in zip(listening, threads, strict=True):
            process.wait()
            thread.join()


def _read(heard: Arrivals, node: str, process: subprocess.Popen[str]) -> None:
    for line in process.stdout or ():
        heard.note(node, line)


def _prove(lab: Lab, heard: Arrivals, nodes: Sequence[str]) -> None:
    """Wait until a listener receives events: it does not report that itself, so create an event for it."""
    deadline = time.monotonic() + _PROBE_SECONDS
    listed = [set(lab.nodes.exec(node, "ctr", "--namespace=k8s.io", "images", "ls", "-q").split()) for node in nodes]
    probe = min(set.intersection(*listed))
    while True:
        for node in nodes:
            lab.nodes.exec(node, "ctr", "--namespace=k8s.io", "images", "label", probe, "prepull.bench/heard=yes")
        try:
            heard.wait([probe], 2)
        except TimeoutError:
            if time.monotonic() > deadline:
                raise
        else:
            return
