"""The Docker Engine that runs the lab's containers, and its client."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

from lab.process import CommandError, run

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@dataclass(frozen=True)
class Engine:
    """A running engine, and the environment in which programs find it.

    If `own` is true, the lab has started the engine and may stop it.
    """

    client: Path
    environ: Mapping[str, str]
    own: bool = False

    def docker(self, *arguments: str, stdin: bytes | IO[bytes] | None = None, timeout: float | None = None) -> str:
        """Run the client, and return what it prints."""
        return run(self.client, *arguments, env=self.environ, stdin=stdin, timeout=timeout).strip()

    def answers(self) -> bool:
        """Whether the engine answers."""
        try:
            self.docker("version", "--format", "{{.Server.Version}}", timeout=10)
        except CommandError:
            return False
        return True

    def inspect(self, kind: str, name: str) -> dict[str, Any] | None:
        """The engine's data about a container, an image or a network; None if there is none with that name."""
        try:
            found: list[dict[str, Any]] = json.loads(self.docker(kind, "inspect", name))
        except CommandError as error:
            if "no such" in error.output.lower() or "not found" in error.output.lower():
                return None
            raise
        return found[0]

    def has_image(self, reference: str) -> bool:
        """Whether the engine has an image with that name."""
        return self.inspect("image", reference) is not None

    def containers(self, label: str, *, running: bool = False) -> list[str]:
        """The names of the containers with a label, sorted."""
        everything = [] if running else ["--all"]
        listed = self.docker("ps", *everything, "--filter", f"label={label}", "--format", "{{.Names}}")
        return sorted(listed.split())

    def remove_containers(self, *names: str) -> None:
        """Remove containers and their anonymous volumes."""
        if names:
            self.docker("rm", "--force", "--volumes", *names)

    def published_port(self, container: str, port: int) -> int:
        """The port of this machine that is mapped to a container's port."""
        printed = self.docker("port", container, f"{port}/tcp")
        return int(printed.splitlines()[0].rpartition(":")[2])
