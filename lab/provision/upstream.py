"""Images from the registries where their projects publish them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lab.process import CommandError
from lab.provision.sources import UnavailableError

if TYPE_CHECKING:
    from lab.download import Releases
    from lab.engine import Engine

_REGISTRIES = {"docker.io": "registry-1.docker.io"}


class Upstream:
    """Pulls images through the engine, if their registries can be reached at all."""

    def __init__(self, engine: Engine, releases: Releases) -> None:
        self._engine = engine
        self._releases = releases

    def pull(self, reference: str) -> None:
        """Pull the image into the engine, or raise `UnavailableError`."""
        first, slash, _ = reference.partition("/")
        host = first if slash and ("." in first or ":" in first) else "docker.io"
        # An engine that cannot reach a registry takes its time to say so, for every image again.
        if not self._releases.reaches(f"https://{_REGISTRIES.get(host, host)}/v2/"):
            raise UnavailableError(f"{host} cannot be reached")
        try:
            self._engine.docker("pull", "--quiet", reference)
        except CommandError as error:
            raise UnavailableError(f"docker pull {reference}: {error.output.strip()[-300:]}") from error
