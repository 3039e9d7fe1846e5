"""What the lab changes on a machine, as root: it says so first, and one setting refuses it."""

import errno
import os
import subprocess
from contextlib import nullcontext
from pathlib import Path
from unittest.mock import Mock

import pytest

from lab.console import Console, Step
from lab.docker import inotify, own
from lab.docker import provide as engines
from lab.errors import LabError
from lab.images import debian
from lab.sources.cache import Cache

from .fake import FakeDocker


@pytest.fixture(autouse=True)
def root(docker: FakeDocker, monkeypatch: pytest.MonkeyPatch) -> None:
    del docker
    monkeypatch.setattr("os.geteuid", lambda: 0)


@pytest.fixture
def limits(docker: FakeDocker) -> Path:
    """The kernel's settings of inotify, as on a machine with Linux's defaults."""
    del docker
    (inotify.SETTINGS / "max_user_watches").write_text("8192\n")
    (inotify.SETTINGS / "max_user_instances").write_text("128\n")
    return inotify.SETTINGS


def test_a_line_says_what_is_installed_before_it_is(docker: FakeDocker, tmp_path: Path) -> None:
    docker.also("apt-get")
    docker.fails("^apt-get install ", "E: You don't have enough free space in /var/cache/apt/archives/.")
    said: list[tuple[str, int]] = []
    step = Step("Debian", lambda line: said.append((line, len(docker.calls_of("apt-get")))))

    with pytest.raises(LabError, match="enough free space"):
        debian.provide(Cache(tmp_path / "cache"), step, "trixie", ["make"])

    assert said == [
        ("The lab installs debootstrap on this machine with apt-get; PREPULL_LAB_INSTALL=no refuses that.", 0)
    ]
    assert [call.arguments[1] for call in docker.calls_of("apt-get")] == ["update", "install"]


def test_who_refuses_it_learns_what_to_install(
    docker: FakeDocker, limits: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    docker.also("apt-get")
    monkeypatch.setenv("PREPULL_LAB_INSTALL", "no")

    with pytest.raises(LabError, match=r"PREPULL_LAB_INSTALL=no refuses that.*`apt-get install docker.io iptables`"):
        engines.provide(Cache(tmp_path / "cache"), docker.program, Console())

    assert docker.calls_of("apt-get") == []
    assert (limits / "max_user_instances").read_text() == "128\n"


def test_a_setting_that_is_neither_yes_nor_no_is_an_error(
    docker: FakeDocker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    docker.also("apt-get")
    monkeypatch.setenv("PREPULL_LAB_INSTALL", "nope")

    with pytest.raises(LabError, match="PREPULL_LAB_INSTALL is 'nope': write yes or no"):
        engines.provide(Cache(tmp_path / "cache"), docker.program, Console())


def test_limits_are_raised_for_the_labs_own_engine(
    docker: FakeDocker, limits: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # The way to an engine of its own ends here with what apt says.
    docker.also("apt-get")
    docker.fails("^apt-get update", "no network")

    with pytest.raises(LabError, match="no network"):
        engines.provide(Cache(tmp_path / "cache"), docker.program, Console())

    assert (limits / "max_user_watches").read_text() == "524288\n"
    assert (limits / "max_user_instances").read_text() == "512\n"
    screen = capsys.readouterr().out
    assert "raises fs.inotify.max_user_instances of this machine from 128 to 512" in screen
    assert "installs docker.io and iptables on this machine" in screen


def test_a_machine_with_an_engine_of_the_users_is_not_changed(
    docker: FakeDocker, limits: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    docker.also("apt-get")
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:2375")

    engines.provide(Cache(tmp_path / "cache"), docker.program, Console())

    assert docker.calls_of("apt-get") == []
    assert (limits / "max_user_instances").read_text() == "128\n"


@pytest.mark.parametrize(("instances", "fatal"), [("128", False), ("64", True)])
def test_a_limit_that_may_not_be_raised_stops_only_what_cannot_start(
    instances: str, fatal: bool, limits: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (limits / "max_user_watches").write_text("524288\n")
    (limits / "max_user_instances").write_text(instances)
    # As in a container, whose /proc/sys is read-only.
    monkeypatch.setattr(Path, "write_text", Mock(side_effect=OSError(errno.EROFS, "Read-only file system")))
    said: list[str] = []

    with pytest.raises(LabError) if fatal else nullcontext() as caught:
        inotify.raise_limits(said.append)

    way = "`sudo sysctl fs.inotify.max_user_instances=512`"
    assert way in (str(caught.value) if caught else said[-1])


def test_an_engine_that_still_starts_is_waited_for_and_not_started_again(
    docker: FakeDocker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    docker.also("dockerd", "iptables")
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    docker.holds("^dockerd", pipe)
    docker.silent("Cannot connect to the Docker daemon. Is the docker daemon running?")
    monkeypatch.setattr(own, "START_SECONDS", 0.5)
    first = own.OwnEngine(Cache(tmp_path / "cache"))
    for directory in (first.directory, first.runtime_directory):
        directory.mkdir(parents=True)
    (first.directory / "dockerd.log").write_text('level=info msg="Loading containers: start."')

    with subprocess.Popen([docker.program.with_name("dockerd"), "--of-the-first-run"]) as interrupted:
        try:
            (first.runtime_directory / "docker.pid").write_text(str(interrupted.pid))
            with pytest.raises(LabError, match="Loading containers"):
                engines.provide(Cache(tmp_path / "cache"), docker.program, Console())
        finally:
            interrupted.kill()

    assert [call.line for call in docker.calls_of("dockerd") if "--of-the-first-run" not in call.line] == []
