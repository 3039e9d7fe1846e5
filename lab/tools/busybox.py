"""A static busybox for Linux, the shell of the lab's images."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lab.package import BUSYBOX_IMAGE
from lab.platforms import Platform
from lab.sources import debian_packages as debian
from lab.sources.cache import fingerprint
from lab.sources.source import Source, UnavailableError, cached, first_of

if TYPE_CHECKING:
    from lab.docker.engine import Engine
    from lab.docker.upstream import Upstream
    from lab.sources.workshop import Workshop

# The segment of an ELF file that names the loader. A static program has none.
_PT_INTERP = 3


def provide(workshop: Workshop, image: ImageSource | None = None) -> Path:
    """The program.

    Args:
        workshop: its cache keeps the program.
        image: the official image as a further source, if there is an engine.
    """
    key = fingerprint(BUSYBOX_IMAGE, str(Platform.nodes()))

    def missing() -> Path:
        raise UnavailableError("none that is static")

    def here() -> Path | None:
        found = shutil.which("busybox")
        return Path(found) if found and Platform.host() == Platform.nodes() and is_static(Path(found)) else None

    official = [] if image is None else [cached("official image", workshop.cache, "busybox-image", key, image.copy)]
    package = cached("Debian's busybox-static", workshop.cache, "busybox-debian", key, _from_debian)
    with workshop.console.step("busybox") as step:
        sources = [Source("on PATH", here, missing), *map(_file, [*official, package])]
        return first_of("a static busybox", sources, step)


@dataclass(frozen=True)
class ImageSource:
    """The official image, from which the program can be copied."""

    engine: Engine
    upstream: Upstream

    def copy(self, directory: Path) -> None:
        """Copy the program into the directory."""
        self.upstream.pull(BUSYBOX_IMAGE)
        container = f"prepull-lab-busybox-{os.getpid()}"
        try:
            self.engine.docker("create", "--name", container, BUSYBOX_IMAGE)
            self.engine.docker("cp", f"{container}:/bin/busybox", str(directory / "busybox"))
        finally:
            self.engine.remove_containers(container)


def _from_debian(directory: Path) -> None:
    if not debian.can_download():
        raise UnavailableError("no apt here")
    root = debian.unpack(directory, "busybox-static")
    shutil.copyfile(root / "bin/busybox", directory / "busybox")
    (directory / "busybox").chmod(0o755)
    shutil.rmtree(root)


def is_static(path: Path) -> bool:
    """Whether a 64-bit ELF program needs no loader and no libraries."""
    with path.open("rb") as file:
        header = file.read(64)
        if header[:5] != b"\x7fELF\x02":
            return False
        offset = int.from_bytes(header[32:40], "little")
        size = int.from_bytes(header[54:56], "little")
        count = int.from_bytes(header[56:58], "little")
        for position in range(count):
            file.seek(offset + position * size)
            if int.from_bytes(file.read(4), "little") == _PT_INTERP:
                return False
    return True


def _file(source: Source[Path]) -> Source[Path]:
    def present() -> Path | None:
        directory = source.present()
        return None if directory is None else directory / "busybox"

    return Source(source.name, present, lambda: source.get() / "busybox")
