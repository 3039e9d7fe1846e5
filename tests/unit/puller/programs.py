"""The interpreters that the programs of the nodes are tested with."""

from __future__ import annotations

import os
import shutil

SHELLS = ("ash", "dash")
"""What every shell program has to run in: busybox's, which most images have, and another."""
AWKS = ("busybox", "gawk", "mawk")


class MissingProgramError(Exception):
    """A program that the tests need is not here."""


def path(name: str) -> str:
    """Where a program is: in the directory that PREPULL_TEST_PROGRAMS names, or on PATH.

    Args:
        name: busybox, dash, gawk or mawk.

    Raises:
        MissingProgramError: it is in neither.
    """
    directory = os.environ.get("PREPULL_TEST_PROGRAMS")
    found = (directory and shutil.which(name, path=directory)) or shutil.which(name)
    if not found:
        raise MissingProgramError(
            f"there is no {name}, which checks the scripts: install it, or name a directory in PREPULL_TEST_PROGRAMS"
        )
    return found


def shell(name: str) -> list[str]:
    """How to run one of SHELLS."""
    return [path("busybox"), "ash"] if name == "ash" else [path(name)]


def awk(name: str) -> list[str]:
    """How to run one of AWKS."""
    return [path("busybox"), "awk"] if name == "busybox" else [path(name)]
