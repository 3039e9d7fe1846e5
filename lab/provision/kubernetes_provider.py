"""The official Kubernetes provider, as a plugin in the lab's own Pulumi home."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lab import versions
from lab.download import Release
from lab.platforms import Platform
from lab.provision import programs, tool
from lab.provision.sources import Source, first_of

if TYPE_CHECKING:
    from pathlib import Path

    from lab.provision.workshop import Workshop

NAME = "pulumi-resource-kubernetes"


def provide(workshop: Workshop) -> Path:
    """The program. PATH is not a source: a provider on PATH would override plugins of every version."""
    with workshop.console.step("Kubernetes provider") as step:
        return first_of(
            "the Kubernetes provider",
            [_released(workshop), tool.built(workshop, NAME, programs.PULUMI_KUBERNETES)],
            step,
        )


def install(workshop: Workshop, plugin: Path, home: Path, tools: Path) -> None:
    """Install the provider where the engine finds it.

    The release has the version that the SDK requires, and is installed as a plugin. A built provider is older: the
    engine accepts it only from PATH, with a warning.

    Args:
        workshop: the workshop that provided it.
        plugin: what `provide` returned.
        home: Pulumi's home.
        tools: a directory on the PATH of the lab's programs.
    """
    directory = home / "plugins" / f"resource-kubernetes-v{versions.PULUMI_KUBERNETES}"
    wanted, other = (directory / NAME, tools / NAME)
    if plugin != _released(workshop).present():
        wanted, other = other, wanted
    other.unlink(missing_ok=True)
    wanted.parent.mkdir(parents=True, exist_ok=True)
    if not (wanted.is_symlink() and wanted.readlink() == plugin):
        wanted.unlink(missing_ok=True)
        wanted.symlink_to(plugin)


def _released(workshop: Workshop) -> Source[Path]:
    host = Platform.host()
    releases = f"https://github.com/pulumi/pulumi-kubernetes/releases/download/v{versions.PULUMI_KUBERNETES}"
    return tool.released(
        workshop,
        NAME,
        Release(
            f"{releases}/{NAME}-v{versions.PULUMI_KUBERNETES}-{host.os}-{host.arch}.tar.gz",
            f"{releases}/pulumi-kubernetes_{versions.PULUMI_KUBERNETES}_checksums.txt",
        ),
    )
