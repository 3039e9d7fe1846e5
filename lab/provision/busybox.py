"""A static busybox for Linux, which is the shell of the lab's images."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from lab import versions
from lab.cache import fingerprint
from lab.platforms import Platform
from lab.process import CommandError, run
from lab.provision.sources import Source, UnavailableError, cached, first_of

if TYPE_CHECKING:
    from lab.engine import Engine
    from lab.provision.upstream import Upstream
    from lab.provision.workshop import Workshop

# The segment of an ELF file that names a loader: a static program has none.
_PT_INTERP = 3


def provide(engine: Engine, upstream: Upstream, workshop: Workshop) -> Path:
    """The program."""
    key = fingerprint(versions.BUSYBOX_IMAGE, str(Platform.nodes()))

    def from_debian(directory: Path) -> None:
        if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
            raise UnavailableError("no apt here")
        try:
            # Where apt's own user may write, else it says so at length.
            run("apt-get", "download", "busybox-static", cwd=directory)
        except CommandError as error:
            raise UnavailableError(str(error)) from error
        package = next(directory.glob("*.deb"))
        run("dpkg-deb", "--extract", package, directory / "package")
        shutil.copyfile(directory / "package/bin/busybox", directory / "busybox")
        (directory / "busybox").chmod(0o755)
        shutil.rmtree(directory / "package")
        package.unlink()

    def from_image(directory: Path) -> None:
        upstream.pull(versions.BUSYBOX_IMAGE)
        container = f"prepull-lab-busybox-{os.getpid()}"
        try:
            engine.docker("create", "--name", container, versions.BUSYBOX_IMAGE)
            engine.docker("cp", f"{container}:/bin/busybox", str(directory / "busybox"))
        finally:
            engine.remove_containers(container)

    def missing() -> Path:
        raise UnavailableError("none that is static")

    def here() -> Path | None:
        found = shutil.which("busybox")
        return Path(found) if found and Platform.host() == Platform.nodes() and is_static(Path(found)) else None

    with workshop.console.step("busybox") as step:
        return first_of(
            "a static busybox",
            [
                Source("on PATH", here, missing),
                _file(cached("official image", workshop.cache, "busybox-image", key, from_image)),
                _file(cached("Debian's busybox-static", workshop.cache, "busybox-debian", key, from_debian)),
            ],
            step,
        )


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
