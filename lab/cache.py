"""Directories that are filled once, by whoever comes first, and are then never changed."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def fingerprint(*parts: str | bytes | Path) -> str:
    """A short name for what something is made from; of a path, what counts is the file's content."""
    digest = hashlib.sha256()
    for part in parts:
        content = part.read_bytes() if isinstance(part, Path) else part.encode() if isinstance(part, str) else part
        # The length first: ("ab", "c") is not ("a", "bc").
        digest.update(len(content).to_bytes(8, "big"))
        digest.update(content)
    return digest.hexdigest()[:16]


class Cache:
    """A directory of finished things, each under the fingerprint of what it was made from."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, name: str, key: str) -> Path:
        """Where the directory of that name and key is, or will be."""
        return self.root / f"{name}-{key}"

    def entry(self, name: str, key: str, fill: Callable[[Path], None]) -> Path:
        """The directory of that name and key; if there is none yet, `fill` is given an empty one to fill.

        Two processes that want the same one at once get it built once: the second waits for the first. A
        directory that is only partly filled is never seen under its name, however the process ends.
        """
        path = self.path(name, key)
        if path.is_dir():
            return path
        with self.lock(path.name):
            if path.is_dir():
                return path
            scratch = Path(tempfile.mkdtemp(prefix=f"{path.name}.", dir=self._directory("unfinished")))
            try:
                fill(scratch)
                scratch.chmod(0o755)
                scratch.replace(path)
            finally:
                shutil.rmtree(scratch, ignore_errors=True)
        return path

    @contextmanager
    def lock(self, name: str) -> Iterator[None]:
        """Hold the lock of that name against every other process that uses this cache."""
        with (self._directory("locks") / name).open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _directory(self, name: str) -> Path:
        directory = self.root / name
        directory.mkdir(parents=True, exist_ok=True)
        return directory
