"""The registries that run beside the cluster."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lab.images.node_files import REGISTRY_HOST, REGISTRY_PORT
from lab.images.oci import File, layer
from lab.images.registry_client import Credentials, RegistryClient

if TYPE_CHECKING:
    from collections.abc import Callable

    from lab.docker.engine import Engine

LAB_LABEL = "prepull.lab"
_PASSWORDS = "/etc/distribution/htpasswd"


@dataclass(frozen=True)
class RunningRegistry:
    """A registry on the lab's network, with its name for nodes and its client for this machine."""

    container: str
    alias: str
    client: RegistryClient

    @property
    def address(self) -> str:
        """The registry's address for nodes, with which references to its images begin."""
        return f"{self.alias}:{REGISTRY_PORT}"


class Registries:
    """Starts registries on a lab's network, each with a short name."""

    def __init__(self, lab: str, engine: Engine, image: str, hashed: Callable[[Credentials], str]) -> None:
        self._lab = lab
        self._engine = engine
        self._image = image
        self._hashed = hashed

    def ensure(self, alias: str = REGISTRY_HOST, credentials: Credentials | None = None) -> RunningRegistry:
        """The registry that answers to the alias, started if need be.

        With credentials, it lets in nobody else. Nodes reach another registry than the lab's own only after
        `Nodes.use_registry`. The alias of another one ends with `.registry`: nodes do not ask a proxy for these names,
        and they learn that when they are created.
        """
        if alias != REGISTRY_HOST and not alias.endswith(f".{REGISTRY_HOST}"):
            raise ValueError(f"{alias}: the name of a registry is NAME.{REGISTRY_HOST}")
        container = f"{self._lab}-{alias}"
        found = self._engine.inspect("container", container)
        if found is None:
            try:
                self._create(container, alias, self._hashed(credentials) if credentials else "")
            except BaseException:
                # Without its passwords it does not start, now or later.
                self._engine.remove_containers(container)
                raise
        if found is None or not found["State"]["Running"]:
            self._engine.docker("start", container)
        address = f"127.0.0.1:{self._engine.published_port(container, REGISTRY_PORT)}"
        running = RunningRegistry(container, alias, RegistryClient(address, credentials))
        running.client.wait()
        return running

    def remove(self, alias: str) -> None:
        """Remove the registry that answers to the alias, with what it holds."""
        self._engine.remove_containers(f"{self._lab}-{alias}")

    def _create(self, container: str, alias: str, htpasswd: str) -> None:
        settings = {"REGISTRY_STORAGE_DELETE_ENABLED": "true", "OTEL_TRACES_EXPORTER": "none"}
        if htpasswd:
            settings |= {
                "REGISTRY_AUTH": "htpasswd",
                "REGISTRY_AUTH_HTPASSWD_REALM": "lab",
                "REGISTRY_AUTH_HTPASSWD_PATH": _PASSWORDS,
            }
        environ = [argument for name, value in settings.items() for argument in ("--env", f"{name}={value}")]
        self._engine.docker(
            "create", "--name", container, "--label", f"{LAB_LABEL}={self._lab}", "--network", self._lab,
            "--network-alias", alias, "--publish", f"127.0.0.1::{REGISTRY_PORT}",
            "--restart", "unless-stopped", *environ, self._image,
        )  # fmt: skip
        if htpasswd:
            self._engine.docker("cp", "-", f"{container}:/", stdin=layer({_PASSWORDS: File(htpasswd.encode())}))
