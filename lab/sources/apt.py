"""Installs Debian packages on this machine, unless the user refuses it."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

from lab.errors import LabError
from lab.process import run

if TYPE_CHECKING:
    from collections.abc import Callable

SETTING = "PREPULL_LAB_INSTALL"
_CHOICES = {"": True, "yes": True, "no": False}


def allowed() -> bool:
    """Whether the lab may change this machine: install packages, and raise limits of the kernel.

    Raises:
        LabError: the setting has another value than yes or no.
    """
    chosen = os.environ.get(SETTING, "")
    if chosen not in _CHOICES:
        raise LabError(f"{SETTING} is {chosen!r}: write yes or no.")
    return _CHOICES[chosen]


def refusal() -> str:
    """Why the lab cannot install packages here; empty if it can."""
    if os.geteuid() != 0:
        return "that needs root"
    if shutil.which("apt-get") is None:
        return "that needs apt-get"
    return "" if allowed() else f"{SETTING}=no refuses that"


def install(say: Callable[[str], None], *packages: str) -> None:
    """Install packages from the sources of this machine's apt. `say` gets a line about it beforehand."""
    say(f"The lab installs {' and '.join(packages)} on this machine with apt-get; {SETTING}=no refuses that.")
    environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    run("apt-get", "update", "--quiet", env=environ)
    run("apt-get", "install", "--quiet", "--yes", "--no-install-recommends", *packages, env=environ)
