"""The clients of the runtimes for the lab's images: out of the public images, or else built."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lab.images.oci import Entry, Link, program
from lab.package import DOCKER_IMAGE, K3S_IMAGE
from lab.platforms import Platform
from lab.sources.cache import fingerprint
from lab.sources.source import Source, cached, first_of
from lab.tools import programs

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from lab.docker.contents import PublicImages
    from lab.sources.golang import Program
    from lab.sources.workshop import Workshop
    from lab.versions import System


@dataclass(frozen=True)
class Clients:
    """Programs of a public image, all in one directory there, and the Go module of each."""

    title: str
    image: str
    directory: str
    programs: Mapping[str, Program]


def kubernetes(system: System) -> Clients:
    """The clients of Kubernetes and of containerd. As in images/puller/Dockerfile, they come from k3s' image."""
    # There the three are links to one large program.
    return Clients(
        "crictl, ctr and kubectl for images",
        K3S_IMAGE,
        "/bin",
        {"crictl": programs.crictl(system), "ctr": programs.containerd(system), "kubectl": programs.kubernetes(system)},
    )


DOCKER = Clients("docker for images", DOCKER_IMAGE, "/usr/local/bin", {"docker": programs.DOCKER_CLI})


def entries(clients: Clients, images: PublicImages, workshop: Workshop) -> dict[str, Entry]:
    """The files of an image that has the clients at the same paths as the public image."""
    paths = [f"{clients.directory}/{name}" for name in clients.programs]
    image = cached(
        "official image",
        workshop.cache,
        "clients-image",
        fingerprint(clients.image, *paths, str(Platform.nodes())),
        lambda directory: images.copy(clients.image, directory, *paths),
    )
    with workshop.console.step(clients.title) as step:
        return first_of(
            clients.title,
            [
                Source(
                    image.name,
                    lambda: _copied(clients, there) if (there := image.present()) else None,
                    lambda: _copied(clients, image.get()),
                ),
                _built(clients, workshop),
            ],
            step,
        )


def _copied(clients: Clients, directory: Path) -> dict[str, Entry]:
    return {
        f"{clients.directory}/{path.name}": Link(str(path.readlink())) if path.is_symlink() else program(path)
        for path in directory.iterdir()
    }


def _built(clients: Clients, workshop: Workshop) -> Source[dict[str, Entry]]:
    sources = {name: workshop.go.source(built, Platform.nodes()) for name, built in clients.programs.items()}

    def files(directories: Mapping[str, Path]) -> dict[str, Entry]:
        return {f"{clients.directory}/{name}": program(path / name) for name, path in directories.items()}

    def present() -> dict[str, Entry] | None:
        there = {name: path for name, source in sources.items() if (path := source.present())}
        return files(there) if len(there) == len(sources) else None

    def get() -> dict[str, Entry]:
        return files({name: workshop.go.build(built, Platform.nodes()) for name, built in clients.programs.items()})

    return Source("built from Go modules", present, get)
