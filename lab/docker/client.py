"""Whether a program with the name `docker` is Docker's client, and one that the lab and kind can use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lab.process import CommandError, run

if TYPE_CHECKING:
    from pathlib import Path

INSTALL = "https://docs.docker.com/engine/install/"


def is_docker(client: Path) -> bool:
    """Whether the program says that it is Docker's. kind asks the same way."""
    return _version(client).startswith("Docker version")


def trouble(client: Path) -> str:
    """What is wrong with the program, and the way out. Empty if it is Docker's, or unknown."""
    resolved = client.resolve()
    if resolved.name == "snap":
        # https://kind.sigs.k8s.io/docs/user/known-issues/#docker-installed-with-snap
        return (
            f"{client} comes from snap, and snap lets it read neither hidden directories nor /tmp, which the lab and "
            f"kind use: install Docker Engine from your distribution's or Docker's packages ({INSTALL}), and put that "
            "`docker` first on PATH."
        )
    printed = _version(client)
    if printed.lower().startswith("podman"):
        return (
            f"{client} is Podman under the name of docker, and the lab needs Docker Engine: remove podman-docker and "
            f"install Docker Engine ({INSTALL}), or put Docker's own `docker` first on PATH."
        )
    if "in this WSL" in printed or resolved.suffix == ".exe":
        return (
            f"{client} is no Linux program, but leads to Docker Desktop on Windows: turn on the integration with this "
            f"distribution in Docker Desktop (Settings, Resources, WSL integration), or install Docker Engine here "
            f"({INSTALL})."
        )
    return ""


def _version(client: Path) -> str:
    try:
        return run(client, "--version", timeout=20).strip()
    except CommandError as error:
        return error.output.strip()
