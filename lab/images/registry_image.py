"""The image of a registry: Distribution's own, or else a build of its Go module."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from lab import versions
from lab.images.oci import Directory, Entry, File, Image, layer, program, write_archive
from lab.platforms import Platform
from lab.sources.cache import fingerprint
from lab.sources.source import Source, first_of
from lab.tools import programs

if TYPE_CHECKING:
    from lab.docker.engine import Engine
    from lab.docker.upstream import Upstream
    from lab.sources.workshop import Workshop

_CONFIGURATION = b"""\
version: 0.1
storage:
  filesystem:
    rootdirectory: /var/lib/registry
http:
  addr: :5000
"""
_CONFIGURATION_PATH = "/etc/distribution/config.yml"


def provide(engine: Engine, upstream: Upstream, workshop: Workshop) -> str:
    """The name of the image in the engine."""
    official = versions.REGISTRY_IMAGE
    go_sum = workshop.go.modules / programs.REGISTRY.module / "go.sum"
    built = f"prepull-lab/registry:{fingerprint(Path(__file__), go_sum)}"

    def pull() -> str:
        upstream.pull(official)
        return official

    def build() -> str:
        load(engine, built, _image(workshop))
        return built

    with workshop.console.step("registry image") as step:
        return first_of(
            "a registry",
            [
                Source("official image", lambda: official if engine.has_image(official) else None, pull),
                Source("built from its Go module", lambda: built if engine.has_image(built) else None, build),
            ],
            step,
        )


def load(engine: Engine, reference: str, image: Image) -> None:
    """Load an image into the engine under a name."""
    with tempfile.TemporaryFile() as archive:
        write_archive(archive, [(reference, image)])
        archive.seek(0)
        engine.docker("load", "--quiet", stdin=archive)


def _image(workshop: Workshop) -> Image:
    binary = workshop.go.build(programs.REGISTRY, Platform.nodes()) / "registry"
    entries: dict[str, Entry] = {
        "/bin/registry": program(binary),
        _CONFIGURATION_PATH: File(_CONFIGURATION),
        "/var/lib/registry": Directory(),
        "/tmp": Directory(0o1777),  # noqa: S108
    }
    return Image((layer(entries),), entrypoint=("/bin/registry",), command=("serve", _CONFIGURATION_PATH))
