"""kind, which makes clusters of containers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lab import versions
from lab.platforms import Platform
from lab.sources import tool
from lab.sources.download import Release
from lab.sources.source import first_of
from lab.tools import programs

if TYPE_CHECKING:
    from pathlib import Path

    from lab.sources.workshop import Workshop


def provide(workshop: Workshop) -> Path:
    """The program. Other releases of kind require other node images, so only the pinned release is suitable."""
    host = Platform.host()
    pinned = tuple(int(part) for part in versions.KIND.removeprefix("v").split("."))
    url = f"https://github.com/kubernetes-sigs/kind/releases/download/{versions.KIND}/kind-{host.os}-{host.arch}"
    with workshop.console.step("kind") as step:
        return first_of(
            "kind",
            [
                tool.on_path("kind", lambda path: tool.version_of(path, "version") == pinned),
                tool.released(workshop, "kind", Release(url, f"{url}.sha256sum"), step),
                tool.built(workshop, "kind", programs.KIND),
            ],
            step,
        )
