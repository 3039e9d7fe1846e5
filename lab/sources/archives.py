"""Unpacks archives. No member may end outside the directory."""

from __future__ import annotations

import tarfile
from typing import TYPE_CHECKING, Literal

from lab.errors import LabError
from lab.process import run

if TYPE_CHECKING:
    from pathlib import Path


def unpack(archive: Path, directory: Path, *, kind: Literal["data", "tar"] = "data") -> None:
    """Unpack a tar archive, and remove it.

    Args:
        archive: the archive, compressed or not.
        directory: the directory, which is made if it does not exist.
        kind: `data`: the files of a program, which belong to this process's user then. `tar`: a root file system,
            whose links may have absolute targets.

    Raises:
        LabError: the archive is broken, or has a member that would end outside the directory.
    """
    directory.mkdir(exist_ok=True)
    if hasattr(tarfile, f"{kind}_filter"):
        try:
            with tarfile.open(archive) as content:
                content.extractall(directory, filter=kind)  # noqa: S202
        except tarfile.TarError as error:
            raise LabError(f"{archive.name} cannot be unpacked: {error}. Run this again to get it anew.") from error
    else:
        # Filters came to Python 3.10 and 3.11 with 3.10.12 and 3.11.4 (https://docs.python.org/3/library/tarfile.html);
        # Debian 12 has 3.11.2. The command refuses to write outside the directory too.
        run("tar", "--extract", "--no-same-owner", "--file", archive, "--directory", directory)
    archive.unlink()
