"""A Python with its standard library for the lab's images: from the official image, or else from Debian."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from lab.images.oci import Entry, File, Link
from lab.package import PYTHON_IMAGE
from lab.platforms import Platform
from lab.sources import debian_packages as debian
from lab.sources.cache import fingerprint
from lab.sources.source import UnavailableError, cached, first_of

if TYPE_CHECKING:
    from lab.docker.contents import PublicImages
    from lab.sources.workshop import Workshop

_PACKAGE = "python3"
# Only the files of the dependencies that Python needs, without their documentation and tools. The official image is
# Alpine, whose libraries are in /lib and /usr/lib themselves.
_KEPT = (
    "bin/python3",
    "lib/python3",
    "/lib/lib",
    "lib/x86_64-linux-gnu",
    "lib/aarch64-linux-gnu",
    "lib64/",
    "lib/ld-",
    "usr/local",
)
_LEFT_OUT = ("/test/", "/idlelib/", "/lib2to3/", "/ensurepip/", "/pydoc_data/", "/__pycache__/", "/perl", "/gconv/")


def entries(images: PublicImages, workshop: Workshop) -> dict[str, Entry]:
    """The files of an image in which every usual PATH contains `python3`."""

    def from_image(directory: Path) -> None:
        images.unpack(PYTHON_IMAGE, directory / "root")

    def from_debian(directory: Path) -> None:
        if not debian.can_download():
            raise UnavailableError("no apt here")
        root = debian.unpack(directory, *debian.with_libraries(_PACKAGE))
        for name in ("usr/share", "etc", "var"):
            shutil.rmtree(root / name, ignore_errors=True)

    key = fingerprint(Path(__file__), PYTHON_IMAGE, str(Platform.nodes()))
    with workshop.console.step("Python for images") as step:
        directory = first_of(
            "Python for images",
            [
                cached("official image", workshop.cache, "python-image", key, from_image),
                cached(f"Debian's {_PACKAGE}", workshop.cache, "python-debian", key, from_debian),
            ],
            step,
        )
    return _entries(directory / "root")


def _entries(root: Path) -> dict[str, Entry]:
    found: dict[str, Entry] = {}
    for path in sorted(root.rglob("*")):
        name = f"/{path.relative_to(root)}"
        if not any(part in name for part in _KEPT) or any(part in name for part in _LEFT_OUT):
            continue
        if path.is_symlink():
            found[name] = Link(str(path.readlink()))
        elif path.is_file():
            found[name] = File(path, path.stat().st_mode & 0o777)
    [program] = [name for name in found if name in ("/usr/local/bin/python3", "/usr/bin/python3")][:1]
    # The path in the official image, and the default path of shells without PATH.
    return {**found, **{name: Link(program) for name in ("/usr/local/bin/python3", "/bin/python3") if name != program}}
