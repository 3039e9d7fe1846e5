"""A static busybox for Linux, the shell of the lab's images."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from lab.package import BUSYBOX_IMAGE
from lab.platforms import Platform
from lab.sources import debian_packages as debian
from lab.sources.cache import fingerprint
from lab.sources.source import AbsentError, Source, UnavailableError, cached, first_of

if TYPE_CHECKING:
    from lab.docker.contents import PublicImages
    from lab.sources.workshop import Workshop

# The segment of an ELF file that names the loader. A static program has none.
_PT_INTERP = 3


def provide(workshop: Workshop, images: PublicImages | None = None) -> Path:
    """The program.

    Args:
        workshop: its cache keeps the program.
        images: copies it out of the official image, if there is an engine.
    """
    key = fingerprint(BUSYBOX_IMAGE, str(Platform.nodes()))

    def missing() -> Path:
        found = shutil.which("busybox")
        raise UnavailableError(f"{found} is not static") if found else AbsentError("no busybox there")

    def here() -> Path | None:
        found = shutil.which("busybox")
        return Path(found) if found and Platform.host() == Platform.nodes() and is_static(Path(found)) else None

    def from_image(directory: Path) -> None:
        if images is None:
            raise AbsentError("no Docker Engine here")
        images.copy(BUSYBOX_IMAGE, directory, "/bin/busybox")

    image = cached("official image", workshop.cache, "busybox-image", key, from_image)
    package = cached("Debian's busybox-static", workshop.cache, "busybox-debian", key, _from_debian)
    with workshop.console.step("busybox") as step:
        sources = [Source("on PATH", here, missing), *map(_file, (image, package))]
        return first_of("a static busybox", sources, step)


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
