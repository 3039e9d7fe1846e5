"""Debian's packages, unpacked rather than installed: that needs no root, and changes nothing of the machine."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from lab.process import CommandError, run
from lab.provision.sources import UnavailableError


def can_download() -> bool:
    """Whether this machine has what fetches and unpacks them."""
    return shutil.which("apt-get") is not None and shutil.which("dpkg-deb") is not None


def unpack(directory: Path, *packages: str) -> Path:
    """Fetch packages into a directory, and return the root file system that they make there.

    Raises:
        UnavailableError: apt does not have one of them, or cannot be asked.
    """
    _update_lists()
    try:
        # Where apt's own user may not write, it says so at length, and goes on.
        run("apt-get", "download", *packages, cwd=directory)
    except CommandError as error:
        raise UnavailableError(str(error)) from error
    root = directory / "root"
    for archive in sorted(directory.glob("*.deb")):
        run("dpkg-deb", "--extract", archive, root)
        archive.unlink()
    return root


def with_libraries(package: str) -> list[str]:
    """A package and every one that it depends on."""
    _update_lists()
    try:
        listed = run(
            "apt-cache", "depends", "--recurse", "--no-recommends", "--no-suggests", "--no-conflicts", "--no-breaks",
            "--no-replaces", "--no-enhances", package,
        )  # fmt: skip
    except CommandError as error:
        raise UnavailableError(str(error)) from error
    # What a package depends on is indented; virtual packages are in angle brackets, other architectures have a colon.
    return [line for line in listed.splitlines() if line[:1].isalnum() and ":" not in line]


def _update_lists() -> None:
    """Fetch apt's lists of packages where a new machine has none yet, and where they may be written."""
    if os.geteuid() == 0 and not any(Path("/var/lib/apt/lists").glob("*_Packages*")):
        run("apt-get", "update", "--quiet")
