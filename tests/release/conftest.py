"""The package as it is built, and environments that have it and nothing of the checkout."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from ..blocks import ROOT

UV = ROOT / ".uv" / "bin" / "uv"


@dataclass(frozen=True)
class Environment:
    """A virtual environment."""

    path: Path

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.path / "bin" / "python"

    def run(self, *command: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Run one of its programs, away from the checkout."""
        program = self.path / "bin" / command[0]
        environ = {"PATH": os.defpath, "HOME": str(self.path)}
        return subprocess.run(
            [program, *command[1:]], cwd=cwd or self.path, env=environ, check=False, capture_output=True, text=True
        )


@pytest.fixture(scope="session")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Wheel and sdist, made by the command that a release is made with."""
    directory = tmp_path_factory.mktemp("dist")
    made = subprocess.run(["make", "dist", f"DIST={directory}"], cwd=ROOT, check=False, capture_output=True, text=True)
    assert made.returncode == 0, made.stdout + made.stderr
    return directory


@pytest.fixture(scope="session")
def wheel(dist: Path) -> Path:
    """The wheel."""
    [wheel] = dist.glob("*.whl")
    return wheel


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """An environment with the wheel and what it needs, as the lock file has it: no package index is asked."""
    environment = Environment(tmp_path_factory.mktemp("installed") / "venv")
    locked = ("sync", "--frozen", "--no-default-groups", "--no-install-package", "pulumi-prepull")
    _uv(environment, *locked, "--python", str(ROOT / ".venv" / "bin" / "python"))
    _uv(environment, "pip", "install", "--no-deps", "--python", str(environment.python), str(wheel))
    return environment


@pytest.fixture(scope="session")
def bare(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """An environment with the wheel alone: what an extra would bring is not there."""
    environment = Environment(tmp_path_factory.mktemp("bare") / "venv")
    _uv(environment, "venv", "--python", str(ROOT / ".venv" / "bin" / "python"), str(environment.path))
    _uv(environment, "pip", "install", "--no-deps", "--python", str(environment.python), str(wheel))
    return environment


def _uv(environment: Environment, *arguments: str) -> None:
    environ = {**os.environ, "UV_PROJECT_ENVIRONMENT": str(environment.path), "UV_OFFLINE": "1"}
    ran = subprocess.run([UV, *arguments], cwd=ROOT, env=environ, check=False, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
