"""The interpreters that the programs of the nodes are tested with. The lab brings those that this machine lacks."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from lab import Lab

SHELLS = ("ash", "dash")
"""What every shell program has to run in: busybox's, which most images have, and another."""
AWKS = ("busybox", "gawk", "mawk")


@cache
def _found() -> dict[str, Path]:
    return Lab.of_checkout().interpreters()


def path(name: str) -> str:
    """Where busybox, dash, gawk or mawk is."""
    return str(_found()[name])


def shell(name: str) -> list[str]:
    """How to run one of SHELLS."""
    return [path("busybox"), "ash"] if name == "ash" else [path(name)]


def awk(name: str) -> list[str]:
    """How to run one of AWKS."""
    return [path("busybox"), "awk"] if name == "busybox" else [path(name)]
