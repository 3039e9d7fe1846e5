"""A cache of directories. Each is filled once and never changed afterwards."""

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
    """A short hash of the inputs of a build. For a path, the file's content is hashed."""
    digest = hashlib.sha256()
    for part in parts:
        content = part.read_bytes() if isinstance(part, Path) else part.encode() if isinstance(part, str) else part
        # The length first: ("ab", "c") is not ("a", "bc").
        digest.update(len(content).to_bytes(8, "big"))
        digest.update(content)
    return digest.hexdigest()[:16]


class Cache:
    """A directory of build results, each under the fingerprint of its inputs."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, name: str, key: str) -> Path:
        """The path of the directory with that name and key, whether it exists or not."""
        return self.root / f"{name}-{key}"

    def entry(self, name: str, key: str, fill: Callable[[Path], None]) -> Path:
        """The directory with that name and key. If it does not exist, `fill` fills an empty directory.

        If two processes request the same directory, the second waits for the first. A partly filled directory never
        appears under its name, even if the process is killed.
        """
        path = self.path(name, key)
        if path.is_dir():
            return path
        with self.lock(path.name):
            if path.is_dir():
                return path
            # The lock is held: what lies there is of a process that was killed.
            for abandoned in self._directory("unfinished").glob(f"{path.name}.*"):
                shutil.rmtree(abandoned, ignore_errors=True)
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
        """Hold the lock with that name, against all other processes that use this cache."""
        with (self._directory("locks") / name).open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _directory(self, name: str) -> Path:
        directory = self.root / name
        directory.mkdir(parents=True, exist_ok=True)
        return directory
