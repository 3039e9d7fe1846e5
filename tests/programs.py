"""The interpreters for the tests of the nodes' programs. The lab provides those that this machine lacks."""

from __future__ import annotations

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
