"""A machine with a `docker` that is a fake, and without the settings of the one that runs the tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lab.docker import inotify, own, provide
from lab.docker.engine import Engine

from .fake import HOST, FakeDocker


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeDocker:
    """The one program on PATH. The user is not root, and no engine is at the default address."""
    for name in os.environ:
        if name.startswith(("DOCKER_", "PREPULL_LAB_")) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    found = FakeDocker(tmp_path / "fake")
    monkeypatch.setenv("PATH", str(found.program.parent))
    monkeypatch.setattr(own, "_SBIN", str(found.program.parent))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    socket = f"unix://{tmp_path}/docker.sock"
    monkeypatch.setattr(provide, "DEFAULT_SOCKET", socket)
    monkeypatch.setattr(own, "RUNTIME_DIRECTORY", tmp_path / "run")
    found.on("^context inspect ", f"{socket}\n")
    # The kernel's own may not be changed by a test.
    settings = tmp_path / "inotify"
    settings.mkdir()
    (settings / "max_user_watches").write_text("524288\n")
    (settings / "max_user_instances").write_text("512\n")
    monkeypatch.setattr(inotify, "SETTINGS", settings)
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    return found


@pytest.fixture
def engine(docker: FakeDocker, tmp_path: Path) -> Engine:
    """An engine behind the fake."""
    environ = {**os.environ, "DOCKER_HOST": HOST, "DOCKER_CONFIG": str(tmp_path / "docker-config")}
    return Engine(docker.program, environ)
