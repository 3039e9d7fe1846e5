from collections.abc import Callable
from pathlib import Path

import pytest

from lab.console import Console
from lab.errors import LabError
from lab.sources.cache import Cache
from lab.sources.download import Releases
from lab.sources.workshop import Workshop
from lab.tools import docker_client

from .sources.toolchains import Builder

# Each package is a file $PACKAGES/name-version. Its content is what the docker in it prints.
COMMANDS = {
    "apt-get": '[ "$1" = download ] || exit 0\ncp "$PACKAGES/$2"-* ./"$2".deb\n',
    "apt-cache": 'name=$PACKAGES/$3-; set -- "$name"*; [ -e "$1" ] && echo "Version: ${1#"$name"}"\n',
    "dpkg-deb": 'mkdir -p "$3/usr/bin"; cp "$2" "$3/usr/bin/docker"; chmod 755 "$3/usr/bin/docker"\n',
}


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    cache = Cache(tmp_path / "cache")
    return Workshop(cache, Console(), Releases(), Builder(cache, Console()))


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], Path]:
    """Puts a command on a PATH that has little else."""
    directory = tmp_path / "bin"
    directory.mkdir()
    for name in ("cp", "mkdir", "chmod", "cat"):
        (directory / name).symlink_to(
            next(path for path in (Path("/bin", name), Path("/usr/bin", name)) if path.exists())
        )
    monkeypatch.setenv("PATH", str(directory))

    def put(name: str, script: str) -> Path:
        (directory / name).write_text(f"#!/bin/sh\n{script}")
        (directory / name).chmod(0o755)
        return directory / name

    return put


@pytest.fixture
def packages(
    tmp_path: Path, command: Callable[[str, str], Path], monkeypatch: pytest.MonkeyPatch
) -> Callable[[str, str], None]:
    """Gives apt a package."""
    directory = tmp_path / "packages"
    directory.mkdir()
    monkeypatch.setenv("PACKAGES", str(directory))
    for name, script in COMMANDS.items():
        command(name, script)

    def put(name: str, script: str) -> None:
        (directory / name).write_text(script)

    return put


WORKS = "#!/bin/sh\necho Docker version 1\n"


def test_the_users_own_client_is_taken(workshop: Workshop, command: Callable[[str, str], Path]) -> None:
    own = command("docker", "echo Docker version 20.10.24+dfsg1, build 297e128")
    assert docker_client.provide(workshop) == own


@pytest.mark.parametrize(
    "offered",
    [
        {"docker-cli-26.1.5+dfsg1-9": WORKS, "docker.io-26.1.5+dfsg1-9": "#!/bin/false\n"},
        {"docker.io-28.2.2-0ubuntu1~24.04.1": WORKS},
        {"docker.io-5:27.5.1-1": WORKS},
    ],
)
def test_the_distributions_client_is_unpacked(
    offered: dict[str, str], workshop: Workshop, packages: Callable[[str, str], None]
) -> None:
    for name, script in offered.items():
        packages(name, script)
    assert docker_client.provide(workshop).read_text() == WORKS


@pytest.mark.parametrize(
    ("offered", "reason"),
    [
        ({"docker.io-20.10.24+dfsg1-1+deb12u1": WORKS}, "docker 20.10.24 is too old for today's engines"),
        ({"docker.io-26.1.5+dfsg1-9": "#!/bin/false\n"}, "its docker does not run here"),
        ({}, "apt has no docker.io"),
    ],
)
def test_one_that_is_of_no_use_is_built_instead(
    offered: dict[str, str],
    reason: str,
    workshop: Workshop,
    packages: Callable[[str, str], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, script in offered.items():
        packages(name, script)
    assert docker_client.provide(workshop).read_text() == "built"
    assert f"the distribution's package: {reason}" in capsys.readouterr().out


def test_a_command_that_only_says_that_docker_is_not_there_is_explained(
    workshop: Workshop, command: Callable[[str, str], Path]
) -> None:
    command("docker", "echo The command 'docker' could not be found in this WSL 2 distro.; exit 1")
    with pytest.raises(LabError, match="turn on the integration with this distribution in Docker Desktop"):
        docker_client.provide(workshop)
