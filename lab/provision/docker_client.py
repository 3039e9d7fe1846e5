"""The `docker` command, with which the lab and kind use the engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lab.provision import programs, tool
from lab.provision.sources import first_of

if TYPE_CHECKING:
    from pathlib import Path

    from lab.provision.workshop import Workshop


def provide(workshop: Workshop) -> Path:
    """The program. Docker's releases are not a source, because Docker publishes no checksums for them."""
    with workshop.console.step("docker client") as step:
        return first_of(
            "a docker client",
            [
                tool.on_path("docker", lambda path: tool.version_of(path, "--version") is not None),
                tool.built(workshop, "docker", programs.DOCKER_CLI),
            ],
            step,
        )
