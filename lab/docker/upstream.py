"""Images from the registries of their projects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lab.process import CommandError
from lab.sources.source import UnavailableError

if TYPE_CHECKING:
    from lab.docker.engine import Engine
    from lab.sources.download import Releases

_REGISTRIES = {"docker.io": "registry-1.docker.io"}


class Upstream:
    """Pulls images through the engine, if their registries can be reached."""

    def __init__(self, engine: Engine, releases: Releases) -> None:
        self._engine = engine
        self._releases = releases

    def pull(self, reference: str) -> None:
        """Pull the image into the engine.

        Raises:
            UnavailableError: the image cannot be pulled.
        """
        first, slash, _ = reference.partition("/")
        host = first if slash and ("." in first or ":" in first) else "docker.io"
        # An engine needs a long time to report an unreachable registry, for each image again.
        if not self._releases.reaches(f"https://{_REGISTRIES.get(host, host)}/v2/"):
            raise UnavailableError(f"{host} cannot be reached")
        try:
            self._engine.docker("pull", "--quiet", reference)
        except CommandError as error:
            raise UnavailableError(f"docker pull {reference}: {error.output.strip()[-300:]}") from error
