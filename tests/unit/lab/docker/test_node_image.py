from pathlib import Path

import pytest

from lab.checkout import Checkout
from lab.console import Console
from lab.docker.engine import Engine
from lab.docker.upstream import Upstream
from lab.errors import LabError
from lab.images import node_image
from lab.platforms import Platform
from lab.sources.cache import Cache
from lab.sources.download import Releases
from lab.sources.golang import Go, Program
from lab.sources.source import UnavailableError
from lab.sources.workshop import Workshop
from lab.versions import chosen

from .fake import LIMITED, FakeDocker

SYSTEM = chosen({})


class Compiler(Go):
    """Fails the test if something is built."""

    def build(self, program: Program, platform: Platform) -> Path:
        raise AssertionError(program, platform)


class Sites(Releases):
    def __init__(self, *, up: bool = True) -> None:
        super().__init__()
        self.up = up

    def reaches(self, url: str) -> bool:
        del url
        return self.up


def provide(engine: Engine, directory: Path, sites: Releases) -> node_image.NodeImage:
    cache, console = Cache(directory / "cache"), Console()
    workshop = Workshop(cache, console, sites, Compiler(Checkout.of_this_file().go, cache, console))
    return node_image.provide(engine, Upstream(engine, sites), workshop, SYSTEM)


def test_kinds_image_gets_an_engine_on_the_network_of_the_machine(
    engine: Engine, docker: FakeDocker, tmp_path: Path
) -> None:
    got = provide(engine, tmp_path, Sites())

    assert got.complete
    [started] = docker.calls_of("run")
    assert "--network host" in started.line
    assert SYSTEM.node_image in started.arguments
    container = started.arguments[started.arguments.index("--name") + 1]
    [committed] = docker.calls_of("commit")
    assert committed.arguments[-2:] == [container, got.reference]
    assert docker.calls[-1].line == f"rm --force --volumes {container}"


def test_apt_in_it_has_the_proxies_of_this_machine_and_the_image_has_not(
    docker: FakeDocker, engine: Engine, tmp_path: Path
) -> None:
    secret = "http://user:secret@proxy:3128"
    behind = Engine(engine.client, {**engine.environ, "https_proxy": secret, "NO_PROXY": "example.com"})

    provide(behind, tmp_path, Sites())

    apt = next(call for call in docker.calls_of("exec") if "apt-get" in call.line)
    for name in ("HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy"):
        assert f"--env={name}" in apt.arguments
    assert apt.environ["HTTPS_PROXY"] == apt.environ["https_proxy"] == secret
    assert apt.environ["no_proxy"] == "example.com"
    # Others see the arguments of a command, and errors show them.
    assert not [call for call in docker.calls if "secret" in call.line]
    assert "roxy" not in docker.calls_of("run")[0].line


def test_what_a_build_needs_is_checked_before_anything_is_built(
    engine: Engine, docker: FakeDocker, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(LabError) as caught:
        provide(engine, tmp_path, Sites(up=False))

    assert "kind's own image: docker.io cannot be reached" in str(caught.value)
    assert "debootstrap needs root" in str(caught.value)
    assert "kind's own node image cannot be pulled (docker.io cannot be reached)" in capsys.readouterr().out
    assert docker.calls_of("run") == []


def test_a_registrys_limit_does_not_begin_a_build(engine: Engine, docker: FakeDocker, tmp_path: Path) -> None:
    docker.fails("^pull ", LIMITED)

    with pytest.raises(LabError, match="docker login") as caught:
        provide(engine, tmp_path, Sites())

    assert not isinstance(caught.value, UnavailableError)


def test_a_second_run_goes_on_where_the_first_one_failed(engine: Engine, docker: FakeDocker, tmp_path: Path) -> None:
    docker.fails("^exec ", "E: Failed to fetch http://deb.debian.org/debian: Connection timed out")
    with pytest.raises(LabError, match="Connection timed out"):
        provide(engine, tmp_path, Sites())
    assert docker.calls_of("commit") == []
    assert docker.calls[-1].arguments[0] == "rm"

    docker.on("^exec ")
    assert provide(engine, tmp_path, Sites()).complete
    first, second = (call.arguments for call in docker.calls_of("run"))
    assert first != second
