"""Images from the registries of their projects."""

from __future__ import annotations

import re
import urllib.request
from functools import cached_property
from typing import TYPE_CHECKING

from lab.errors import LabError
from lab.process import CommandError
from lab.sources.source import UnavailableError

if TYPE_CHECKING:
    from lab.docker.engine import Engine
    from lab.sources.download import Releases

DOCKER_HUB = "docker.io"
PULL_SECONDS = 900.0
"""The time limit of a pull over a way that only the engine knows. The engine may wait for ever there."""

_REGISTRIES = {DOCKER_HUB: "registry-1.docker.io"}
# https://docs.docker.com/docker-hub/usage/
_LIMITED = re.compile(r"toomanyrequests|too many requests|\bstatus:? 429\b", re.IGNORECASE)
_FULL = re.compile(r"no space left on device|disk quota exceeded", re.IGNORECASE)
_LOGIN = re.compile(r"credential|unauthorized|incorrect username", re.IGNORECASE)


class Upstream:
    """Pulls images through the engine, if their registries can be reached."""

    def __init__(self, engine: Engine, releases: Releases) -> None:
        self._engine = engine
        self._releases = releases
        self._silent: set[str] = set()

    def pull(self, reference: str) -> None:
        """Pull the image into the engine.

        Raises:
            UnavailableError: the registry cannot be reached, or does not have the image.
            LabError: the image is there, but the registry's limit or this machine's disk forbids the pull.
        """
        first, slash, _ = reference.partition("/")
        host = first if slash and ("." in first or ":" in first) else DOCKER_HUB
        # An engine needs a long time to report an unreachable registry, for each image again.
        reached = host not in self._silent and self._releases.reaches(f"https://{_REGISTRIES.get(host, host)}/v2/")
        if not reached and (host in self._silent or not self._has_a_way_of_its_own):
            raise UnavailableError(f"{host} cannot be reached")
        try:
            self._pull(reference, None if reached else PULL_SECONDS)
        except CommandError as error:
            if _LIMITED.search(error.output):
                raise LabError(_limited(host, reference, error)) from error
            if _FULL.search(error.output):
                raise LabError(self._full(reference)) from error
            if not reached:
                self._silent.add(host)
            raise UnavailableError(f"docker pull {reference}: {_end(error)}") from error

    def _pull(self, reference: str, timeout: float | None) -> None:
        try:
            self._engine.pull(reference, timeout=timeout)
        except CommandError as error:
            if not _LOGIN.search(error.output):
                raise
            # A login that is no longer valid, or whose helper is not on PATH. The images are public.
            self._engine.docker("pull", "--quiet", reference, timeout=timeout)

    @cached_property
    def _has_a_way_of_its_own(self) -> bool:
        """Whether the engine has a proxy or a mirror that this process does not know."""
        info = self._engine.info()
        known = urllib.request.getproxies()
        proxies = {info.get("HttpProxy"), info.get("HttpsProxy")} - {None, "", known.get("http"), known.get("https")}
        return bool(proxies or (info.get("RegistryConfig") or {}).get("Mirrors"))

    def _full(self, reference: str) -> str:
        root = self._engine.info().get("DockerRootDir", "its data directory")
        way = ", or name another directory in PREPULL_LAB_CACHE" if self._engine.own else ""
        return (
            f"The Docker Engine has no space left in {root} for {reference}: free some, for example with `docker "
            f"system prune`{way}, then run this again."
        )


def _limited(host: str, reference: str, error: CommandError) -> str:
    login = "docker login" if host == DOCKER_HUB else f"docker login {host}"
    return (
        f"{host} does not send {reference} now, because too much was pulled from this address or with this login: run "
        f"`{login}`, which raises the limit, or wait, then run this again. The engine says: {_end(error)}"
    )


def _end(error: CommandError) -> str:
    """The end of what the client printed; or why it printed nothing, such as a time limit."""
    return error.output.strip()[-300:] or str(error)
