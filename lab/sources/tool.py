"""A program for this machine: from PATH, or else its release, or else a build."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from lab.platforms import Platform
from lab.process import CommandError, run
from lab.sources.archives import unpack
from lab.sources.cache import fingerprint
from lab.sources.source import AbsentError, Source, UnavailableError, cached

if TYPE_CHECKING:
    from collections.abc import Callable

    from lab.console import Step
    from lab.sources.download import Release
    from lab.sources.golang import Program
    from lab.sources.workshop import Workshop

Version = tuple[int, ...]


def on_path(name: str, suits: Callable[[Path], bool]) -> Source[Path]:
    """The user's program on PATH, if it is suitable."""

    def present() -> Path | None:
        found = shutil.which(name)
        return Path(found) if found and suits(Path(found)) else None

    def get() -> Path:
        found = shutil.which(name)
        if found is None:
            raise AbsentError(f"no {name} there")
        raise UnavailableError(f"{found} does not suit")

    return Source("on PATH", present, get)


def version_of(*command: str | Path) -> Version:
    """The version that a program prints; empty if it prints none."""
    try:
        printed = run(*command, timeout=20)
    except CommandError:
        return ()
    found = re.search(r"\bv?(\d+)\.(\d+)\.(\d+)", printed)
    return tuple(int(part) for part in found.groups()) if found else ()


def released(workshop: Workshop, name: str, release: Release, step: Step) -> Source[Path]:
    """The program in its project's release, which is a file or an archive. The step shows the progress."""
    return within(release_directory(workshop, name, release, step), name)


def release_directory(workshop: Workshop, name: str, release: Release, step: Step) -> Source[Path]:
    """The directory with the program or the unpacked archive. The step shows the progress."""
    source = "official release"

    def fill(directory: Path) -> None:
        file = directory / release.filename
        workshop.releases.fetch(release, file, lambda done: step.now(f"{source}, {done}"))
        if file.name.endswith((".tar.gz", ".tgz")):
            unpack(file, directory)
        else:
            file.chmod(0o755)
            file.rename(directory / name)

    return cached(
        source,
        workshop.cache,
        f"{name}-release",
        fingerprint(release.url, release.checksum_url),
        fill,
    )


def built(workshop: Workshop, name: str, program: Program) -> Source[Path]:
    """The program, built for this machine."""
    return within(workshop.go.source(program, Platform.host()), name)


def within(source: Source[Path], name: str) -> Source[Path]:
    """The program within the directory that the source returns."""

    def find(directory: Path) -> Path:
        for path in sorted(directory.rglob(name)):
            if path.is_file():
                return path
        raise UnavailableError(f"{directory} has no {name}")

    def present() -> Path | None:
        directory = source.present()
        return None if directory is None else find(directory)

    return Source(source.name, present, lambda: find(source.get()))
