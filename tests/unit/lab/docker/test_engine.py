import os
import subprocess
import sys
from pathlib import Path

import pytest

from lab.checkout import Checkout
from lab.console import Console
from lab.docker import provide as engines
from lab.docker.engine import Engine
from lab.errors import LabError
from lab.sources.cache import Cache
from lab.sources.workshop import Workshop
from lab.tools import docker_client

from .fake import FORBIDDEN, HOST, STOPPED, FakeDocker

# An engine's and a client's address, and the way to start what is there.
WAYS = {
    "unix:///var/run/docker.sock": "sudo systemctl start docker",
    "unix:///run/user/1000/docker.sock": "systemctl --user start docker",
    "unix:///home/somebody/.docker/desktop/docker.sock": "start Docker Desktop",
    "tcp://build:2376": "start it there",
}


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache")


@pytest.mark.parametrize("setting", ["DOCKER_HOST", "context"])
def test_the_users_own_engine_is_found(
    setting: str, docker: FakeDocker, cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    if setting == "context":
        docker.on("^context inspect ", f"{HOST}\n")
    else:
        monkeypatch.setenv(setting, HOST)

    found = engines.provide(cache, docker.program, Console())

    assert found.host == HOST
    assert not found.own


def test_the_users_configuration_is_not_used(docker: FakeDocker, cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_CONFIG", "/the/users/docker")
    monkeypatch.setenv("DOCKER_CONTEXT", "prod")
    monkeypatch.setenv("DOCKER_HOST", HOST)

    found = engines.find(cache, docker.program)

    assert found is not None
    assert found.environ["DOCKER_CONFIG"] == str(cache.root / "docker-config")
    assert "DOCKER_CONTEXT" not in found.environ


def test_no_engine_and_no_way_to_get_one_is_said_in_a_sentence(docker: FakeDocker, cache: Cache) -> None:
    with pytest.raises(LabError, match=r"^No Docker Engine answers .* \(that needs root\): install Docker Engine"):
        engines.provide(cache, docker.program, Console())


def test_an_engine_that_is_installed_but_has_no_socket_only_has_to_be_started(docker: FakeDocker, cache: Cache) -> None:
    docker.also("dockerd", "iptables")

    assert "`sudo systemctl start docker`" in engines.look(cache)[1]


@pytest.mark.parametrize("host", WAYS)
@pytest.mark.parametrize("printed", STOPPED)
def test_an_engine_that_is_stopped_has_its_way_to_be_started(
    printed: str, host: str, docker: FakeDocker, cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", host)
    docker.silent(printed.format(host=host))

    with pytest.raises(LabError) as caught:
        engines.provide(cache, docker.program, Console())

    assert f"The Docker Engine at {host} does not run" in str(caught.value)
    assert WAYS[host] in str(caught.value)


@pytest.mark.parametrize("printed", FORBIDDEN)
def test_a_user_who_is_not_in_the_group_docker_learns_how_to_be(
    printed: str, docker: FakeDocker, cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = "unix:///var/run/docker.sock"
    monkeypatch.setenv("DOCKER_HOST", host)
    docker.silent(printed.format(host=host))

    _, trouble = engines.look(cache)

    assert "sudo usermod -aG docker $USER" in trouble
    assert "newgrp docker" in trouble


def test_an_engine_that_is_podmans_is_refused(
    docker: FakeDocker, cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", HOST)
    docker.on("^version ", '{"Version":"5.4.2","Components":[{"Name":"Podman Engine"}]}\n')

    found, trouble = engines.look(cache)

    assert found is None
    assert f"At {HOST} answers Podman" in trouble


def _podman(docker: FakeDocker) -> None:
    emulation = "Emulate Docker CLI using podman. Create /etc/containers/nodocker to quiet msg."
    docker.on("", "podman version 4.9.3\n", error=emulation)


def _windows(docker: FakeDocker) -> None:
    docker.on("", "\nThe command 'docker' could not be found in this WSL 2 distro.\nWe recommend to activate", code=1)


def _snap(docker: FakeDocker) -> None:
    docker.program.rename(docker.program.with_name("snap"))
    docker.program.symlink_to(docker.program.with_name("snap"))


@pytest.mark.parametrize(
    ("become", "said"),
    [(_podman, "remove podman-docker"), (_windows, "WSL integration"), (_snap, "comes from snap")],
)
@pytest.mark.parametrize("user", [0, 1000])
def test_a_docker_that_is_none_is_named_before_anything_is_built(
    become: object, said: str, user: int, docker: FakeDocker, cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert callable(become)
    become(docker)
    monkeypatch.setattr("os.geteuid", lambda: user)
    monkeypatch.setenv("PREPULL_LAB_CACHE", str(cache.root))

    assert said in engines.look(cache)[1]
    with pytest.raises(LabError, match=said):
        docker_client.provide(Workshop.of(Checkout(cache.root), Console()))


def test_an_engine_that_does_not_run_has_not_lost_its_images(engine: Engine, docker: FakeDocker) -> None:
    docker.silent(STOPPED[1].format(host=HOST))

    with pytest.raises(LabError, match="no such file or directory"):
        engine.has_image("busybox")


def test_a_container_for_one_step_names_its_network_and_goes_with_the_step(engine: Engine, docker: FakeDocker) -> None:
    with pytest.raises(KeyboardInterrupt), engine.scratch("run", "--detach", "busybox", network="none") as name:
        raise KeyboardInterrupt

    [started] = docker.calls_of("run")
    assert started.line == f"run --name {name} --network none --detach busybox"
    assert [call.arguments[-1] for call in docker.calls_of("rm")] == [name]


def test_a_container_that_was_never_made_does_not_hide_why(engine: Engine, docker: FakeDocker) -> None:
    docker.fails("^create ", "Error response from daemon: the disk is gone")
    docker.fails("^rm ", "Error response from daemon: No such container: it")

    with pytest.raises(LabError, match="the disk is gone"), engine.scratch("create", "busybox", network="none"):
        pass


def test_what_a_killed_process_left_is_removed_and_nothing_else(engine: Engine, docker: FakeDocker) -> None:
    with subprocess.Popen([sys.executable, "-IS", "-c", ""]) as over:
        over.wait()
    with engine.scratch("create", "busybox", network="none") as mine:
        abandoned = mine.replace(f"-{os.getpid()}-", f"-{over.pid}-")
        docker.on("^ps ", f"{abandoned}\n{mine}\n")
        with engine.scratch("create", "busybox", network="none") as second:
            removed = [call.arguments[-1] for call in docker.calls_of("rm")]

    assert removed == [abandoned]
    assert mine != second
