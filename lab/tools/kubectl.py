"""kubectl, Kubernetes' own client."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lab.platforms import Platform
from lab.sources import tool
from lab.sources.download import Release
from lab.sources.source import first_of
from lab.tools import programs

if TYPE_CHECKING:
    from pathlib import Path

    from lab.sources.workshop import Workshop
    from lab.versions import System


def provide(workshop: Workshop, system: System) -> Path:
    """The program. By Kubernetes' own rule it may be one minor version older or newer than the cluster."""
    host = Platform.host()
    major, minor = (int(part) for part in system.name.split("."))
    near = {(major, minor - 1), (major, minor), (major, minor + 1)}
    url = f"https://dl.k8s.io/release/{system.kubernetes}/bin/{host.os}/{host.arch}/kubectl"
    with workshop.console.step("kubectl") as step:
        return first_of(
            "kubectl",
            [
                tool.on_path("kubectl", lambda path: tool.version_of(path, "version", "--client")[:2] in near),
                tool.released(workshop, "kubectl", Release(url, f"{url}.sha256"), step),
                tool.built(workshop, "kubectl", programs.kubernetes(system)),
            ],
            step,
        )
