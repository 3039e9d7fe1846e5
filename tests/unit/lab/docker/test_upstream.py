import os
from pathlib import Path

import pytest

from lab.docker import upstream as upstreams
from lab.docker.engine import Engine
from lab.docker.upstream import Upstream
from lab.errors import LabError
from lab.sources.download import Releases
from lab.sources.source import UnavailableError

from .fake import FULL, HOST, LIMITED, FakeDocker


class Site(Releases):
    """Sites that answer, or none that does."""

    def __init__(self, *, up: bool) -> None:
        super().__init__()
        self.up = up

    def reaches(self, url: str) -> bool:
        del url
        return self.up


def test_an_image_is_pulled(engine: Engine, docker: FakeDocker) -> None:
    Upstream(engine, Site(up=True)).pull("busybox:1.37-musl")

    assert [call.line for call in docker.calls_of("pull")] == ["pull --quiet busybox:1.37-musl"]


@pytest.mark.parametrize(
    ("reference", "login"), [("busybox", "`docker login`"), ("registry.k8s.io/pause", "`docker login registry.k8s.io`")]
)
def test_the_limit_of_a_registry_is_said_with_the_way_out(
    reference: str, login: str, engine: Engine, docker: FakeDocker
) -> None:
    docker.fails("^pull ", LIMITED)

    with pytest.raises(LabError, match=login) as caught:
        Upstream(engine, Site(up=True)).pull(reference)

    assert not isinstance(caught.value, UnavailableError)
    assert "You have reached your unauthenticated pull rate limit" in str(caught.value)


@pytest.mark.parametrize("printed", FULL)
@pytest.mark.parametrize("own", [False, True])
def test_a_full_disk_is_said_with_the_way_out(own: bool, printed: str, engine: Engine, docker: FakeDocker) -> None:
    docker.says({"DockerRootDir": "/data/docker"})
    docker.fails("^pull ", printed)

    with pytest.raises(LabError, match=r"no space left in /data/docker .*docker system prune") as caught:
        Upstream(Engine(engine.client, engine.environ, own), Site(up=True)).pull("busybox")

    assert not isinstance(caught.value, UnavailableError)
    assert ("PREPULL_LAB_CACHE" in str(caught.value)) == own


@pytest.mark.parametrize(
    "printed",
    [
        "Error response from daemon: manifest for busybox:nope not found: manifest unknown: manifest unknown",
        'Error response from daemon: Get "https://registry-1.docker.io/v2/": dial tcp: connect: network is unreachable',
        "error pulling image configuration: download failed after attempts=6: unexpected EOF",
    ],
)
def test_any_other_failure_leaves_it_to_the_next_source_with_its_reason(
    printed: str, engine: Engine, docker: FakeDocker
) -> None:
    docker.fails("^pull ", printed)

    with pytest.raises(UnavailableError) as caught:
        Upstream(engine, Site(up=True)).pull("busybox")

    assert printed in str(caught.value)


def test_pulls_have_the_users_login_and_nothing_else_has(
    engine: Engine, docker: FakeDocker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Upstream(engine, Site(up=True)).pull("busybox")
    monkeypatch.setenv("DOCKER_CONFIG", "/the/users/docker")
    Upstream(engine, Site(up=True)).pull("busybox")
    engine.has_image("busybox")

    at_home, chosen = docker.calls_of("pull")
    # Without the setting, the client reads ~/.docker.
    assert "DOCKER_CONFIG" not in at_home.environ
    assert at_home.environ["HOME"] == os.environ["HOME"]
    assert chosen.environ["DOCKER_CONFIG"] == "/the/users/docker"
    assert {call.environ["DOCKER_HOST"] for call in docker.calls} == {HOST}
    [other] = docker.calls_of("image")
    assert other.environ["DOCKER_CONFIG"] == str(tmp_path / "docker-config")


@pytest.mark.parametrize(
    "printed",
    [
        'error getting credentials - err: exec: "docker-credential-desktop": executable file not found in $PATH',
        "Error response from daemon: unauthorized: incorrect username or password",
    ],
)
def test_a_login_that_no_longer_works_does_not_stop_the_pull_of_a_public_image(
    printed: str, engine: Engine, docker: FakeDocker, tmp_path: Path
) -> None:
    docker.fails("^pull ", printed)

    with pytest.raises(UnavailableError):
        Upstream(engine, Site(up=True)).pull("busybox")

    assert docker.calls_of("pull")[-1].environ["DOCKER_CONFIG"] == str(tmp_path / "docker-config")


def test_where_nothing_is_reached_the_engine_is_not_asked(engine: Engine, docker: FakeDocker) -> None:
    with pytest.raises(UnavailableError, match=r"docker\.io cannot be reached"):
        Upstream(engine, Site(up=False)).pull("busybox")

    assert docker.calls_of("pull") == []


@pytest.mark.parametrize(
    "info",
    [
        {"HttpProxy": "http://proxy:3128", "HttpsProxy": "http://proxy:3128"},
        {"RegistryConfig": {"Mirrors": ["https://mirror.example.com/"]}},
    ],
)
def test_a_way_that_the_engine_alone_knows_is_tried(
    info: dict[str, object], engine: Engine, docker: FakeDocker
) -> None:
    docker.says(info)

    Upstream(engine, Site(up=False)).pull("busybox")

    assert [call.line for call in docker.calls_of("pull")] == ["pull --quiet busybox"]


def test_a_proxy_that_this_process_has_too_is_no_way_of_the_engines(
    engine: Engine, docker: FakeDocker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("https_proxy", "http://proxy:3128")
    docker.says({"HttpsProxy": "http://proxy:3128"})

    with pytest.raises(UnavailableError):
        Upstream(engine, Site(up=False)).pull("busybox")

    assert docker.calls_of("pull") == []


def test_a_way_of_the_engines_that_leads_nowhere_is_tried_once_and_not_for_ever(
    engine: Engine, docker: FakeDocker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    docker.says({"HttpsProxy": "http://proxy:3128"})
    held = tmp_path / "held"
    os.mkfifo(held)
    docker.holds("^pull ", held)
    monkeypatch.setattr(upstreams, "PULL_SECONDS", 0.5)
    upstream = Upstream(engine, Site(up=False))

    with pytest.raises(UnavailableError, match=r"took more than 0\.5 s"):
        upstream.pull("busybox")
    with pytest.raises(UnavailableError, match=r"docker\.io cannot be reached"):
        upstream.pull("python")

    assert len(docker.calls_of("pull")) == 1
