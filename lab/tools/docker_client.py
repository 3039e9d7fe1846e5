"""The `docker` command, with which the lab and kind use the engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lab.sources import tool
from lab.sources.source import first_of
from lab.tools import programs

if TYPE_CHECKING:
    from pathlib import Path

    from lab.sources.workshop import Workshop


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
