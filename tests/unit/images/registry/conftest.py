"""A registry and a Docker configuration for each test."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from .fake_registry import FakeRegistry, running


@pytest.fixture
def registry() -> Iterator[FakeRegistry]:
    with running() as made:
        yield made


@pytest.fixture
def other_registry() -> Iterator[FakeRegistry]:
    with running() as made:
        yield made


@dataclass
class DockerConfig:
    """The user's `config.json`, and the credential helpers in PATH."""

    directory: Path

    @property
    def file(self) -> Path:
        return self.directory / "config.json"

    def write(self, **config: Any) -> None:
        self.file.write_text(json.dumps(config))

    def log_in(self, registry: str, username: str, password: str) -> None:
        """As `docker login` does without a helper."""
        auth = base64.b64encode(f"{username}:{password}".encode()).decode()
        self.write(auths={registry: {"auth": auth}})

    def helper(self, name: str, script: str) -> None:
        """Install a credential helper. It records the registries that it is asked for."""
        path = self.directory / "bin" / f"docker-credential-{name}"
        path.write_text(f'#!/bin/sh\nread -r server\necho "$1 $server" >>"{self.directory}/asked"\n{script}\n')
        path.chmod(0o755)

    @property
    def helper_was_asked(self) -> list[str]:
        asked = self.directory / "asked"
        return asked.read_text().splitlines() if asked.exists() else []


@pytest.fixture(autouse=True)
def docker_config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DockerConfig:
    """The only configuration that the tests read. It does not exist at first."""
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=":")
    monkeypatch.delenv("DOCKER_AUTH_CONFIG", raising=False)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    return DockerConfig(tmp_path)


@pytest.fixture
def digest(registry: FakeRegistry) -> str:
    """The digest of the image that the tests ask for."""
    return registry.push("team/app", "1")
