"""The Docker Engine that runs the lab's containers, and its client."""

from __future__ import annotations

import json
import os
import re
import secrets
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from lab.docker import silence
from lab.process import CommandError, run

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# The names of containers for one step of the lab's work; the namespace and the number of the process follow. Not a
# label: an image made of such a container, and every container of that image, would have it too.
_SCRATCH = "prepull-lab-scratch-"


@dataclass(frozen=True)
class Engine:
    """A running engine, and the environment in which programs find it.

    If `own` is true, the lab has started the engine and may stop it.
    """

    client: Path
    environ: Mapping[str, str]
    own: bool = False

    @property
    def host(self) -> str:
        """Its address."""
        return self.environ["DOCKER_HOST"]

    def docker(
        self,
        *arguments: str,
        stdin: bytes | IO[bytes] | None = None,
        timeout: float | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> str:
        """Run the client, and return what it prints.

        `environ` has the values of variables that the arguments name without a value (`--env NAME`). Values may be
        secrets, such as the password of a proxy, and errors show the arguments.
        """
        together = {**self.environ, **(environ or {})}
        return run(self.client, *arguments, env=together, stdin=stdin, timeout=timeout).strip()

    def pull(self, reference: str, *, timeout: float | None = None) -> None:
        """Pull an image, with the user's logins. The client reads the user's configuration, and does not write it."""
        environ = {name: value for name, value in self.environ.items() if name != "DOCKER_CONFIG"}
        if chosen := os.environ.get("DOCKER_CONFIG"):
            environ["DOCKER_CONFIG"] = chosen
        run(self.client, "pull", "--quiet", reference, env=environ, timeout=timeout)

    def silence(self) -> str:
        """Why no Docker Engine answers there, and the way out; empty if one answers."""
        try:
            server = self.docker("version", "--format", "{{json .Server}}", timeout=10)
        except CommandError as error:
            return silence.explained(self.host, error.output or str(error))
        return silence.PODMAN.format(host=self.host) if "Podman Engine" in server else ""

    def answers(self) -> bool:
        """Whether a Docker Engine answers."""
        return not self.silence()

    def info(self) -> dict[str, Any]:
        """What the engine says about itself."""
        printed: dict[str, Any] = json.loads(self.docker("info", "--format", "{{json .}}", timeout=60))
        return printed

    def data_root(self) -> Path | None:
        """The directory of its images and volumes; None if this machine cannot see it."""
        root = Path(self.info().get("DockerRootDir") or "/nowhere")
        try:
            return root if self.host.startswith("unix://") and root.is_dir() else None
        except PermissionError:
            return None

    def inspect(self, kind: str, name: str) -> dict[str, Any] | None:
        """The engine's data about a container, an image or a network; None if there is none with that name."""
        try:
            found: list[dict[str, Any]] = json.loads(self.docker(kind, "inspect", name))
        except CommandError as error:
            if _is_missing(error):
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
        """Remove containers and their anonymous volumes. A missing container is not an error."""
        for name in names:
            try:
                self.docker("rm", "--force", "--volumes", name)
            except CommandError as error:
                if not _is_missing(error):
                    raise

    @contextmanager
    def scratch(self, command: str, *arguments: str, network: str) -> Iterator[str]:
        """A container for one step of the lab's work, and its name. It is removed when the block ends.

        Args:
            command: `run` or `create`.
            arguments: the rest of the command, which ends with the image and what runs in it.
            network: the container's network. The lab's own engine has no default one.
        """
        self._remove_abandoned()
        name = f"{_scratch()}{os.getpid()}-{secrets.token_hex(3)}"
        try:
            self.docker(command, "--name", name, "--network", network, *arguments)
            yield name
        finally:
            self.remove_containers(name)

    def _remove_abandoned(self) -> None:
        """Remove such containers of processes that were killed."""
        listed = self.docker("ps", "--all", "--filter", f"name=^{_scratch()}", "--format", "{{.Names}}")
        for name in listed.split():
            process = name.removeprefix(_scratch()).partition("-")[0]
            if not Path(f"/proc/{process}").exists():
                self.remove_containers(name)

    def published_port(self, container: str, port: int) -> int:
        """The port of this machine that is mapped to a container's port."""
        printed = self.docker("port", container, f"{port}/tcp")
        return int(printed.splitlines()[0].rpartition(":")[2])


def _scratch() -> str:
    # Processes of other containers may use the same engine, and this one cannot see whether they run.
    namespace = Path("/proc/self/ns/pid").readlink().name
    return _SCRATCH + "".join(character for character in namespace if character.isdigit()) + "-"


def _is_missing(error: CommandError) -> bool:
    # Not "no such file": an engine that does not run has no socket.
    return re.search(r"no such (container|image|network|object)|network \S+ not found", error.output, re.I) is not None
