import os
from collections import namedtuple
from pathlib import Path

import pytest

from lab import requirements
from lab.checkout import Checkout
from lab.docker import inotify
from lab.errors import LabError

from .fake import HOST, FakeDocker

Usage = namedtuple("Usage", "total used free")
GB = 10**9


@pytest.fixture
def warnings(docker: FakeDocker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the check of a cluster warns about. The user has an engine, and the machine all that is needed."""
    docker.also("busybox", "dash", "gawk", "mawk")
    monkeypatch.setenv("DOCKER_HOST", HOST)
    monkeypatch.setenv("PREPULL_LAB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("shutil.disk_usage", lambda _: Usage(100 * GB, 0, 100 * GB))
    return []


def check(warnings: list[str]) -> None:
    requirements.demand(Checkout(Path("/nowhere")), cluster=True, warn=warnings.append)


def test_a_machine_that_has_all_is_not_warned(warnings: list[str]) -> None:
    check(warnings)

    assert warnings == []


@pytest.mark.parametrize("user", [0, 1000])
@pytest.mark.parametrize(
    ("name", "value", "wanted"), [("max_user_watches", 8192, 524288), ("max_user_instances", 128, 512)]
)
def test_a_low_limit_is_a_warning_with_the_lines_to_type(
    name: str, value: int, wanted: int, user: int, warnings: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # The engine is the user's, so the lab raises nothing, not even as root.
    monkeypatch.setattr("os.geteuid", lambda: user)
    (inotify.SETTINGS / name).write_text(f"{value}\n")

    check(warnings)

    [line] = warnings
    assert f"`sudo sysctl fs.inotify.{name}={wanted}`" in line
    assert f"`fs.inotify.{name} = {wanted}` in /etc/sysctl.conf" in line
    assert (inotify.SETTINGS / name).read_text() == f"{value}\n"


def test_a_limit_with_which_three_nodes_cannot_start_is_an_error(warnings: list[str]) -> None:
    (inotify.SETTINGS / "max_user_instances").write_text("64\n")

    with pytest.raises(LabError, match=r"`sudo sysctl fs.inotify.max_user_instances=512`"):
        check(warnings)


def test_room_is_demanded_where_the_engine_keeps_its_data(
    warnings: list[str], docker: FakeDocker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "docker.sock").touch()
    monkeypatch.delenv("DOCKER_HOST")
    root = tmp_path / "data"
    root.mkdir()
    docker.says({"DockerRootDir": str(root)})
    monkeypatch.setattr("shutil.disk_usage", lambda path: Usage(0, 0, 2 * GB if path == root else 100 * GB))
    check(warnings)

    other = os.stat_result((0o40755, 1, 4711, *[0] * 7))
    stat = Path.stat
    monkeypatch.setattr(Path, "stat", lambda path, **options: other if path == root else stat(path, **options))

    with pytest.raises(LabError, match=rf"10 GB of free disk for the Docker Engine's {root} .*docker system prune"):
        check(warnings)


def test_room_is_demanded_for_the_cache(warnings: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: Usage(0, 0, 3 * GB))

    with pytest.raises(LabError, match=r"25 GB of free disk .* PREPULL_LAB_CACHE"):
        check(warnings)


def test_what_is_missing_is_said_at_once(
    warnings: list[str], docker: FakeDocker, monkeypatch: pytest.MonkeyPatch
) -> None:
    docker.silent("permission denied while trying to connect to the docker API at unix:///var/run/docker.sock")
    monkeypatch.setattr("shutil.disk_usage", lambda _: Usage(0, 0, 3 * GB))
    (inotify.SETTINGS / "max_user_instances").write_text("64\n")

    with pytest.raises(LabError) as caught:
        check(warnings)

    assert str(caught.value).count("\n  - ") == 3
