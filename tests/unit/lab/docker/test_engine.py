from pathlib import Path

import pytest

from lab.console import Console
from lab.docker import provide as engine
from lab.errors import LabError
from lab.sources.cache import Cache


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A docker client for which only the engine at `$ANSWERS` answers, and whose context is `$CONTEXT`."""
    script = tmp_path / "docker"
    script.write_text(
        '#!/bin/sh\nif [ "$1" = context ]; then echo "$CONTEXT"; else [ "$DOCKER_HOST" = "$ANSWERS" ]; fi\n'
    )
    script.chmod(0o755)
    for name in ("DOCKER_HOST", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH", "ANSWERS", "CONTEXT"):
        monkeypatch.delenv(name, raising=False)
    return script


@pytest.mark.parametrize("setting", ["DOCKER_HOST", "CONTEXT"])
def test_the_users_own_engine_is_found(
    setting: str, client: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(setting, "tcp://127.0.0.1:2375")
    monkeypatch.setenv("ANSWERS", "tcp://127.0.0.1:2375")
    found = engine.find(Cache(tmp_path / "cache"), client)
    assert found is not None
    assert found.environ["DOCKER_HOST"] == "tcp://127.0.0.1:2375"
    assert not found.own


def test_the_users_configuration_is_not_used(client: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_CONFIG", "/the/users/docker")
    monkeypatch.setenv("DOCKER_CONTEXT", "prod")
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:2375")
    monkeypatch.setenv("ANSWERS", "tcp://127.0.0.1:2375")
    found = engine.find(Cache(tmp_path / "cache"), client)
    assert found is not None
    assert found.environ["DOCKER_CONFIG"] == str(tmp_path / "cache" / "docker-config")
    assert "DOCKER_CONTEXT" not in found.environ


def test_no_engine_and_no_way_to_get_one_is_said_in_a_sentence(
    client: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setenv("ANSWERS", "nowhere")
    with pytest.raises(LabError, match=r"^No Docker Engine answers .* install Docker, then run this again\.$"):
        engine.provide(Cache(tmp_path), client, Console())
