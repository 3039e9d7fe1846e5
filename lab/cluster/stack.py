"""The checkout's dev stack, deployed to the lab with the real Pulumi engine."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from lab.errors import LabError
from lab.process import run, show

if TYPE_CHECKING:
    from pathlib import Path

    from lab.cluster.nodes import Runtime
    from lab.core import Lab

STACK = "dev"
_SALT = "encryptionsalt"


@dataclass(frozen=True)
class Stack:
    """A stack of the checkout's project, in the lab's own backend.

    Pulumi writes the salt of a stack's secrets into the stack's configuration file. Therefore the engine gets a copy,
    and the checkout's file stays unchanged.
    """

    lab: Lab
    name: str = STACK

    @property
    def _project(self) -> Path:
        return self.lab.checkout.state / "project"

    @property
    def _source(self) -> Path:
        return self.lab.checkout.root / f"Pulumi.{self.name}.yaml"

    @property
    def _configuration(self) -> Path:
        return self._project / self._source.name

    @property
    def exists(self) -> bool:
        """Whether the stack exists in the lab's backend."""
        if not self._project.exists():
            return False
        listed = json.loads(self._pulumi("stack", "ls", "--json", cwd=self._project))
        return any(stack["name"] == self.name for stack in listed)

    def up(self) -> None:
        """Run `pulumi up`, and show its output."""
        self._prepare()
        # Do not capture the output: users see the same as in their own runs.
        command = [
            "pulumi",
            "up",
            "--yes",
            "--skip-preview",
            "--stack",
            self.name,
            "--config-file",
            str(self._configuration),
        ]
        environ = self.lab.environ
        program = shutil.which(command[0], path=environ["PATH"])
        # An engine that is killed leaves its stack locked, and the next one refuses to start.
        status = show([program or command[0], *command[1:]], env=environ, cwd=self.lab.checkout.root)
        if status != 0:
            raise LabError(f"`{' '.join(command[:2])}` failed with status {status}; what it printed says why.")

    def outputs(self) -> dict[str, Any]:
        """The stack's outputs."""
        outputs: dict[str, Any] = json.loads(
            self._pulumi("stack", "output", "--json", "--stack", self.name, cwd=self._project)
        )
        return outputs

    @property
    def runtime(self) -> Runtime:
        """The runtime whose images the stack pulls: the Docker Engine, or the kubelet's runtime."""
        configuration = yaml.safe_load(self._source.read_text()) or {}
        return "docker" if configuration.get("config", {}).get("prepull:runtime") == "docker" else "cri"

    def _prepare(self) -> None:
        """Create the stack in the backend if it is missing, and update its configuration. Keep the lab's salt."""
        if not self._source.exists():
            raise LabError(f"There is no {self._source}.")
        self._project.mkdir(exist_ok=True)
        shutil.copyfile(self.lab.checkout.root / "Pulumi.yaml", self._project / "Pulumi.yaml")
        if not self.exists:
            self._configuration.unlink(missing_ok=True)
            self._pulumi("stack", "init", self.name, cwd=self._project)
        written = yaml.safe_load(self._configuration.read_text()) or {}
        wanted = yaml.safe_load(self._source.read_text()) or {}
        self._configuration.write_text(yaml.safe_dump({**wanted, _SALT: written[_SALT]}, sort_keys=False))

    def _pulumi(self, *arguments: str, cwd: Path) -> str:
        environ = self.lab.environ
        program = shutil.which("pulumi", path=environ["PATH"]) or "pulumi"
        return run(program, *arguments, "--non-interactive", cwd=cwd, env=environ, timeout=120)
