"""The `docker` command, with which the lab and kind use the engine."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from lab.docker import client
from lab.errors import LabError
from lab.sources import tool
from lab.sources.source import first_of
from lab.tools import programs

if TYPE_CHECKING:
    from lab.sources.workshop import Workshop


def provide(workshop: Workshop) -> Path:
    """The program. Docker's releases are not a source, because Docker publishes no checksums for them.

    Raises:
        LabError: the `docker` on PATH is one that kind, which finds it there, cannot use.
    """
    found = shutil.which("docker")
    if found is not None and (wrong := client.trouble(Path(found))):
        raise LabError(wrong)
    with workshop.console.step("docker client") as step:
        return first_of(
            "a docker client",
            [
                tool.on_path("docker", client.is_docker),
                tool.built(workshop, "docker", programs.DOCKER_CLI),
            ],
            step,
        )
