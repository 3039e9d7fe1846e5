"""The `docker` command, with which the lab and kind use the engine."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from lab.docker import client
from lab.errors import LabError
from lab.platforms import Platform
from lab.sources import debian_packages as debian
from lab.sources import tool
from lab.sources.cache import fingerprint
from lab.sources.source import UnavailableError, cached, first_of
from lab.tools import programs

if TYPE_CHECKING:
    from lab.sources.workshop import Workshop

# Debian 13 has the command in a package of its own. Debian 12 and Ubuntu have it in the package of the engine.
_PACKAGES = ("docker-cli", "docker.io")
# Engines from 29 on refuse older clients (https://github.com/moby/moby/pull/51186).
_MINIMUM = 25


def provide(workshop: Workshop) -> Path:
    """The program: from PATH, or else from the distribution, or else a build.

    Docker's own releases (https://download.docker.com/linux/static/stable/) are not a source: Docker publishes no
    checksums for them. apt checks what it downloads, and a package takes seconds where a build takes minutes. It is
    unpacked and not installed, so it needs no root and does not change the machine.

    Raises:
        LabError: the `docker` on PATH is one that kind, which finds it there, cannot use.
    """
    found = shutil.which("docker")
    if found is not None and (wrong := client.trouble(Path(found))):
        raise LabError(wrong)
    package = cached(
        "the distribution's package",
        workshop.cache,
        "docker-debian",
        fingerprint(*_PACKAGES, str(_MINIMUM), str(Platform.host())),
        _from_debian,
    )
    with workshop.console.step("docker client") as step:
        return first_of(
            "a docker client",
            [
                tool.on_path("docker", client.is_docker),
                tool.within(package, "docker"),
                tool.built(workshop, "docker", programs.DOCKER_CLI),
            ],
            step,
        )


def _from_debian(directory: Path) -> None:
    if not debian.can_download():
        raise UnavailableError("no apt here")
    root = debian.unpack(directory, _package())
    program = root / "usr" / "bin" / "docker"
    if not client.is_docker(program):
        raise UnavailableError("its docker does not run here")
    program.rename(directory / "docker")
    shutil.rmtree(root)


def _package() -> str:
    """The package to take."""
    package, version = _offered()
    if int(version.partition(".")[0]) < _MINIMUM:
        raise UnavailableError(f"docker {version} is too old for today's engines")
    return package


def _offered() -> tuple[str, str]:
    """The first of the packages that apt has, and its version."""
    *others, last = _PACKAGES
    for package in others:
        try:
            return package, debian.version(package)
        except UnavailableError:
            continue
    return last, debian.version(last)
