"""The shells and awks that the programs of the nodes are tested with, whatever this machine has of them."""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from lab.cache import fingerprint
from lab.platforms import Platform
from lab.provision import busybox
from lab.provision import debian_packages as debian
from lab.provision.sources import Source, UnavailableError, cached, first_of

if TYPE_CHECKING:
    from lab.provision.workshop import Workshop

PACKAGES = {"dash": "dash", "gawk": "gawk", "mawk": "mawk"}
"""Interpreters, and the Debian package of each; busybox, which has both a shell and an awk, is found by itself."""


def provide(workshop: Workshop) -> dict[str, Path]:
    """The programs by their names: busybox, dash, gawk and mawk.

    Raises:
        LabError: some of them can be had nowhere; the message names every one.
    """
    found = {name: _provide(workshop, name, package) for name, package in PACKAGES.items()}
    return {"busybox": busybox.provide(workshop), **found}


def missing() -> list[str]:
    """The names of those that this machine neither has nor can get, without asking anybody."""
    if debian.can_download():
        return []
    return [name for name in ("busybox", *PACKAGES) if shutil.which(name) is None]


def _provide(workshop: Workshop, name: str, package: str) -> Path:
    def missing_here() -> Path:
        raise UnavailableError(f"no {name} there")

    def here() -> Path | None:
        path = shutil.which(name)
        # Debian's alternatives link one name to whichever is installed; the program itself is what counts.
        return Path(path).resolve() if path and Path(path).resolve().name == name else None

    key = fingerprint(Path(__file__), package, str(Platform.host()))
    home = workshop.cache.path(name, key)
    unpacked = cached(
        f"Debian's {package}",
        workshop.cache,
        name,
        key,
        partial(_unpack, package, name, home=home),
    )
    with workshop.console.step(name) as step:
        return first_of(
            name,
            [
                Source("on PATH", here, missing_here),
                Source(unpacked.name, lambda: _in(unpacked.present(), name), lambda: unpacked.get() / name),
            ],
            step,
        )


def _in(directory: Path | None, name: str) -> Path | None:
    return None if directory is None else directory / name


def _unpack(package: str, name: str, directory: Path, home: Path) -> None:
    """Unpack a package beside every library that it needs, so that it runs without being installed.

    Args:
        package: the package.
        name: the program in it.
        directory: where to put it now.
        home: where that directory will be.
    """
    if not debian.can_download():
        raise UnavailableError("no apt here")
    root = debian.unpack(directory, *debian.with_libraries(package))
    program = next(path for path in root.rglob(f"bin/{name}") if path.is_file() and not path.is_symlink())
    loader = next(path for path in root.rglob("ld-linux*.so.*") if path.is_file())
    found = sorted({path.parent.relative_to(directory) for path in root.rglob("*.so.*")})
    # By whole paths: it is run by links, and where nothing else is on PATH.
    libraries = ":".join(str(home / path) for path in found)
    loaded = f'"{home / loader.relative_to(directory)}" --library-path "{libraries}"'
    script = f'#!/bin/sh\nexec {loaded} "{home / program.relative_to(directory)}" "$@"\n'
    (directory / name).write_text(script)
    (directory / name).chmod(0o755)
