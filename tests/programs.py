"""Programs that tests start: interpreters for the nodes' programs, and how all of them heed interrupts.

The lab provides the interpreters that this machine lacks.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from lab import Lab

SHELLS = ("ash", "dash")
"""The shells in which every shell program must run: busybox's, which most images have, and another one."""
AWKS = ("busybox", "gawk", "mawk")


@cache
def _found() -> dict[str, Path]:
    return Lab.of_checkout().interpreters()


def path(name: str) -> str:
    """The path of busybox, dash, gawk or mawk."""
    return str(_found()[name])


def shell(name: str) -> list[str]:
    """The command for one of SHELLS."""
    return [path("busybox"), "ash"] if name == "ash" else [path(name)]


def awk(name: str) -> list[str]:
    """The command for one of AWKS."""
    return [path("busybox"), "awk"] if name == "busybox" else [path(name)]


@contextmanager
def heeding_interrupts() -> Iterator[None]:
    """Programs that are started then end when interrupted, also where a shell has put the tests into the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
