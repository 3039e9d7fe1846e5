"""The shells and awks for the tests of the nodes' programs. Missing ones are downloaded."""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from lab.platforms import Platform
from lab.sources import debian_packages as debian
from lab.sources.cache import fingerprint
from lab.sources.source import AbsentError, Source, UnavailableError, cached, first_of
from lab.tools import busybox

if TYPE_CHECKING:
    from lab.sources.workshop import Workshop

PACKAGES = {"dash": "dash", "gawk": "gawk", "mawk": "mawk"}
"""Interpreters, and the Debian package of each. Busybox has a file of its own."""


def provide(workshop: Workshop) -> dict[str, Path]:
    """The programs by their names: busybox, dash, gawk and mawk.

    Raises:
        LabError: some cannot be provided; the message names each.
    """
    found = {name: _provide(workshop, name, package) for name, package in PACKAGES.items()}
    return {"busybox": busybox.provide(workshop), **found}


def missing() -> list[str]:
    """The names of interpreters that this machine lacks and cannot download. Needs no network."""
    if debian.can_download():
        return []
    return [name for name in ("busybox", *PACKAGES) if shutil.which(name) is None]


def _provide(workshop: Workshop, name: str, package: str) -> Path:
    def missing_here() -> Path:
        raise AbsentError(f"no {name} there")

    def here() -> Path | None:
        path = shutil.which(name)
        # Debian's alternatives link one name to different programs, so follow the links.
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
    """Unpack a package with all its libraries, so that its program runs without installation.

    Args:
        package: the package.
        name: the program in it.
        directory: the directory to unpack into.
        home: the later path of that directory.
    """
    if not debian.can_download():
        raise UnavailableError("no apt here")
    root = debian.unpack(directory, *debian.with_libraries(package))
    program = next(path for path in root.rglob(f"bin/{name}") if path.is_file() and not path.is_symlink())
    loader = next(path for path in root.rglob("ld-linux*.so.*") if path.is_file())
    found = sorted({path.parent.relative_to(directory) for path in root.rglob("*.so.*")})
    # Absolute paths: the program is run through links, and with an empty PATH.
    libraries = ":".join(str(home / path) for path in found)
    loaded = f'"{home / loader.relative_to(directory)}" --library-path "{libraries}"'
    script = f'#!/bin/sh\nexec {loaded} "{home / program.relative_to(directory)}" "$@"\n'
    (directory / name).write_text(script)
    (directory / name).chmod(0o755)
