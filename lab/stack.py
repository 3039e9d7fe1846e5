"""The checkout's dev stack, put onto the lab with the real Pulumi engine."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from lab.errors import LabError
from lab.process import run

if TYPE_CHECKING:
    from pathlib import Path

    from lab.core import Lab
    from lab.nodes import Runtime

STACK = "dev"
_SALT = "encryptionsalt"


@dataclass(frozen=True)
class Stack:
    """A stack of the checkout's project, in the lab's own backend.

    Pulumi writes the salt of a stack's secrets into the stack's configuration file. The checkout's is left
    alone: the lab's engine is given a copy.
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
        """Whether the lab's backend has it."""
        if not self._project.exists():
            return False
        listed = json.loads(self._pulumi("stack", "ls", "--json", cwd=self._project))
        return any(stack["name"] == self.name for stack in listed)

    def up(self) -> None:
        """Bring the cluster to what the program says, while Pulumi shows what it does."""
        self._prepare()
        # Its output goes where ours goes: what Pulumi shows is the real thing, as the user's own run would
        # show it.
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
        done = subprocess.run(
            [program or command[0], *command[1:]], cwd=self.lab.checkout.root, env=environ, check=False
        )
        if done.returncode != 0:
            raise LabError(f"`{' '.join(command[:2])}` failed with status {done.returncode}; what it printed says why.")

    def outputs(self) -> dict[str, Any]:
        """What the program exports."""
        outputs: dict[str, Any] = json.loads(
            self._pulumi("stack", "output", "--json", "--stack", self.name, cwd=self._project)
        )
        return outputs

    @property
    def runtime(self) -> Runtime:
        """Whose images the stack pulls: Docker's, or those of the kubelet's runtime."""
        configuration = yaml.safe_load(self._source.read_text()) or {}
        return "docker" if configuration.get("config", {}).get("prepull:runtime") == "docker" else "cri"

    def _prepare(self) -> None:
        """Have the stack in the backend, and its configuration beside the lab's own salt."""
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
