"""The official Kubernetes provider, as a plugin in the lab's own Pulumi home."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lab import versions
from lab.platforms import Platform
from lab.sources import tool
from lab.sources.download import Release
from lab.sources.source import Source, first_of
from lab.tools import programs

if TYPE_CHECKING:
    from pathlib import Path

    from lab.console import Step
    from lab.sources.workshop import Workshop

NAME = "pulumi-resource-kubernetes"


def provide(workshop: Workshop) -> Path:
    """The program. PATH is not a source: a provider on PATH would override plugins of every version."""
    with workshop.console.step("Kubernetes provider") as step:
        return first_of(
            "the Kubernetes provider",
            [_released(workshop, step), tool.built(workshop, NAME, programs.PULUMI_KUBERNETES)],
            step,
        )


def install(plugin: Path, home: Path) -> None:
    """Make it the plugin that the engine with this home finds.

    It is there under the versions that the SDKs of Python and of the examples in other languages ask for. Otherwise
    `pulumi install` would download them. A provider that was built is older than the first, and the engine warns of
    that.
    """
    for version in (versions.PULUMI_KUBERNETES, versions.PULUMI_KUBERNETES_BUILT, versions.PULUMI_KUBERNETES_JAVA):
        directory = home / "plugins" / f"resource-kubernetes-v{version}"
        directory.mkdir(parents=True, exist_ok=True)
        link = directory / NAME
        if not (link.is_symlink() and link.readlink() == plugin):
            link.unlink(missing_ok=True)
            link.symlink_to(plugin)


def _released(workshop: Workshop, step: Step) -> Source[Path]:
    host = Platform.host()
    releases = f"https://github.com/pulumi/pulumi-kubernetes/releases/download/v{versions.PULUMI_KUBERNETES}"
    return tool.released(
        workshop,
        NAME,
        Release(
            f"{releases}/{NAME}-v{versions.PULUMI_KUBERNETES}-{host.os}-{host.arch}.tar.gz",
            f"{releases}/pulumi-kubernetes_{versions.PULUMI_KUBERNETES}_checksums.txt",
        ),
        step,
    )
