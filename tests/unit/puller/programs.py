"""The shells and awks that the scripts run with in one puller image or another."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

SHELLS = ("ash", "dash")
AWKS = ("busybox", "gawk", "mawk")


class MissingProgramError(Exception):
    """A program that the tests need is not here."""


@dataclass(frozen=True)
class Shell:
    """A shell and the awk that images have beside it, each as the beginning of a command."""

    name: str
    command: Sequence[str]
    awk: Sequence[str]


def program(name: str) -> str:
    """Where a program is: in the directory that PREPULL_TEST_PROGRAMS names, or on PATH.

    Args:
        name: its file name.

    Raises:
        MissingProgramError: it is in neither.
    """
    directory = os.environ.get("PREPULL_TEST_PROGRAMS")
    path = (directory and shutil.which(name, path=directory)) or shutil.which(name)
    if not path:
        raise MissingProgramError(
            f"there is no {name}, which checks the scripts: install it, or name a directory in PREPULL_TEST_PROGRAMS"
        )
    return path


def awks() -> Mapping[str, Sequence[str]]:
    """How to run each of AWKS."""
    return {name: [program(name), "awk"] if name == "busybox" else [program(name)] for name in AWKS}


def shells() -> Mapping[str, Shell]:
    """Each of SHELLS."""
    busybox = program("busybox")
    return {
        "ash": Shell("ash", [busybox, "ash"], [busybox, "awk"]),
        "dash": Shell("dash", [program("dash")], [program("mawk")]),
    }
