"""Unpacks Debian packages without installing them: this needs no root, and does not change the machine."""

from __future__ import annotations

import contextlib
import re
import shutil
from pathlib import Path

from lab.process import CommandError, run
from lab.sources import apt
from lab.sources.source import UnavailableError


def can_download() -> bool:
    """Whether this machine has the programs to download and unpack packages."""
    return shutil.which("apt-get") is not None and shutil.which("dpkg-deb") is not None


def unpack(directory: Path, *packages: str) -> Path:
    """Unpack packages into a directory, and return the root file system there.

    Raises:
        UnavailableError: apt lacks a package, or does not work.
    """
    _update_lists()
    try:
        # If apt's own user may not write there, apt prints a long warning and continues.
        run("apt-get", "download", *packages, cwd=directory)
    except CommandError as error:
        raise UnavailableError(str(error)) from error
    root = directory / "root"
    for archive in sorted(directory.glob("*.deb")):
        run("dpkg-deb", "--extract", archive, root)
        archive.unlink()
    return root


def version(package: str) -> str:
    """The upstream version of the package that apt has.

    Raises:
        UnavailableError: apt lacks the package.
    """
    _update_lists()
    shown = ""
    with contextlib.suppress(CommandError):
        shown = run("apt-cache", "show", "--no-all-versions", package)
    found = re.search(r"^Version: (?:\d+:)?([^-+~\s]+)", shown, flags=re.MULTILINE)
    if found is None:
        raise UnavailableError(f"apt has no {package}")
    return found[1]


def with_libraries(package: str) -> list[str]:
    """A package and all its dependencies."""
    _update_lists()
    try:
        listed = run(
            "apt-cache", "depends", "--recurse", "--no-recommends", "--no-suggests", "--no-conflicts", "--no-breaks",
            "--no-replaces", "--no-enhances", package,
        )  # fmt: skip
    except CommandError as error:
        raise UnavailableError(str(error)) from error
    # Dependencies are indented. Virtual packages are in angle brackets; packages of other architectures have a colon.
    return [line for line in listed.splitlines() if line[:1].isalnum() and ":" not in line]


def _update_lists() -> None:
    """Download apt's package lists if the machine has none and they may be written."""
    if not apt.refusal() and not any(Path("/var/lib/apt/lists").glob("*_Packages*")):
        run("apt-get", "update", "--quiet")
