"""Files of public images, without running the images."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from lab.sources import archives

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lab.docker.engine import Engine
    from lab.docker.upstream import Upstream


class PublicImages:
    """Copies files out of images, which the engine pulls."""

    def __init__(self, engine: Engine, upstream: Upstream) -> None:
        self._engine = engine
        self._upstream = upstream

    def copy(self, reference: str, directory: Path, *paths: str) -> None:
        """Copy files of an image into a directory, each under its own name.

        A link is copied as a link, and then the file that it leads to: many links may lead to one large program.

        Raises:
            UnavailableError: the image cannot be pulled.
        """
        with self._container(reference) as container:
            for path in paths:
                self._copy(container, PurePosixPath(path), directory)

    def unpack(self, reference: str, directory: Path) -> None:
        """Copy the whole root file system of an image into a directory.

        Raises:
            UnavailableError: the image cannot be pulled.
        """
        archive = directory.with_suffix(".tar")
        with self._container(reference) as container:
            self._engine.docker("export", "--output", str(archive), container)
        archives.unpack(archive, directory, kind="tar")

    def _copy(self, container: str, path: PurePosixPath, directory: Path) -> None:
        copied = directory / path.name
        if copied.exists():
            return
        self._engine.docker("cp", f"{container}:{path}", str(copied))
        if copied.is_symlink():
            target = path.parent / copied.readlink()
            copied.unlink()
            if target.name != copied.name:
                copied.symlink_to(target.name)
            self._copy(container, target, directory)

    @contextmanager
    def _container(self, reference: str) -> Iterator[str]:
        """A container of the image, which never runs."""
        self._upstream.pull(reference)
        with self._engine.scratch("create", reference, network="none") as container:
            yield container
