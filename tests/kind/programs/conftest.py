"""What a user of another language has: the component's directory and example projects, with all that is installed."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from lab import Lab
from lab.process import run

from .in_languages import HAS_JAVA, PROGRAMS

# What is installed there, and is worth keeping as long as the lab is up.
_INSTALLED = {".venv", "node_modules", "target"}


def refresh(source: Path, target: Path) -> None:
    """Make a directory what another one is, but for what was installed into it."""
    target.mkdir(parents=True, exist_ok=True)
    for path in target.iterdir():
        if path.name not in _INSTALLED:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    shutil.copytree(source, target, dirs_exist_ok=True, ignore=shutil.ignore_patterns(*_INSTALLED, "__pycache__"))


@pytest.fixture(scope="session")
def checkout(lab: Lab) -> Path:
    """A copy of what a user has, so that nothing is generated or installed in the real one."""
    lab.provide_languages()
    copy = lab.checkout.state / "languages"
    refresh(lab.checkout.root / "components", copy / "components")
    for language in PROGRAMS:
        refresh(lab.checkout.root / "examples" / language, copy / "examples" / language)
        if language != "java" or HAS_JAVA:
            run("pulumi", "install", cwd=copy / "examples" / language)
    # Compiling the SDKs takes longer than a test may.
    run("go", "build", "./...", cwd=copy / "examples" / "go")
    return copy
