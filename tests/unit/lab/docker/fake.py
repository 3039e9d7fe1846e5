"""A program `docker` for tests: it answers as real clients and engines do, and records how it is called."""

from __future__ import annotations

import json
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# Without the site module: it starts in a few milliseconds. The last rule that matches counts.
_PROGRAM = r"""#!{python} -IS
import json, os, re, sys
home = {home!r}
name = os.path.basename(sys.argv[0])
arguments = [*([] if name in ("docker", "snap") else [name]), *sys.argv[1:]]
line = " ".join(arguments)
with open(home + "/calls", "a") as calls:
    calls.write(json.dumps([arguments, dict(os.environ)]) + "\n")
with open(home + "/rules") as rules:
    found = [rule for rule in json.load(rules) if re.search(rule["pattern"], line)]
answer = found[-1] if found else {{"out": "", "error": "", "code": 0}}
if "held" in answer:
    open(answer["held"]).read()
sys.stdout.write(answer["out"])
sys.stderr.write(answer["error"])
sys.exit(answer["code"])
"""

HOST = "tcp://127.0.0.1:2375"
# What clients print when they cannot reach an engine: up to version 28, and from 29 on.
_RUNNING = "if the daemon is running: dial unix /var/run/docker.sock: connect: no such file or directory"
STOPPED = (
    "Cannot connect to the Docker daemon at {host}. Is the docker daemon running?",
    f"failed to connect to the docker API at {{host}}; check if the path is correct and {_RUNNING}",
)
FORBIDDEN = (
    "permission denied while trying to connect to the Docker daemon socket at {host}: dial unix: permission denied",
    "permission denied while trying to connect to the docker API at {host}",
)
# https://docs.docker.com/docker-hub/usage/
LIMITED = (
    "Error response from daemon: toomanyrequests: You have reached your unauthenticated pull rate limit. "
    "https://www.docker.com/increase-rate-limit"
)
FULL = (
    "failed to register layer: write /usr/bin/kubelet: no space left on device",
    "Error response from daemon: mkdir /var/lib/docker/overlay2/x: no space left on device",
)


@dataclass(frozen=True)
class Call:
    """One call of the program."""

    arguments: list[str]
    environ: dict[str, str]

    @property
    def line(self) -> str:
        return shlex.join(self.arguments)


class FakeDocker:
    """The program, in a directory of its own. Until told otherwise, it is Docker's client of an engine that runs."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir()
        self._home = directory
        self._rules: list[dict[str, Any]] = []
        self.program = directory / "docker"
        self.program.write_text(_PROGRAM.format(python=sys.executable, home=str(directory)))
        self.program.chmod(0o755)
        (directory / "calls").touch()
        self.on(r"^--version$", "Docker version 28.5.2, build ecc6942\n")
        self.on(r"^version ", json.dumps({"Version": "28.5.2", "Components": [{"Name": "Engine"}]}) + "\n")
        self.says({})
        self.has()

    def on(self, pattern: str, out: str = "", *, error: str = "", code: int = 0) -> None:
        """Answer thus to calls whose arguments match the pattern."""
        self._rules.append({"pattern": pattern, "out": out, "error": error and f"{error}\n", "code": code})
        (self._home / "rules").write_text(json.dumps(self._rules))

    def fails(self, pattern: str, error: str) -> None:
        """Fail with this error at calls whose arguments match the pattern."""
        self.on(pattern, error=error, code=1)

    def holds(self, pattern: str, pipe: Path) -> None:
        """Answer to calls whose arguments match the pattern only when the pipe is written to."""
        self._rules.append({"pattern": pattern, "out": "", "error": "", "code": 0, "held": str(pipe)})
        (self._home / "rules").write_text(json.dumps(self._rules))

    def silent(self, error: str) -> None:
        """There is no engine: every command that needs one fails with this error."""
        self.fails(r"^(?!--version|context )", error)

    def says(self, info: dict[str, Any]) -> None:
        """Let `docker info` say this."""
        self.on(r"^info ", json.dumps(info) + "\n")

    def has(self, **objects: dict[str, Any]) -> None:
        """Have these containers, images and networks alone: by name, with what `inspect` says."""
        for kind in ("container", "image"):
            self.fails(rf"^{kind} inspect ", f"Error response from daemon: No such {kind}: it")
        self.fails(r"^network inspect ", "Error response from daemon: network it not found")
        for name, document in objects.items():
            self.on(rf" inspect {name.replace('_', '-')}$", json.dumps([document]) + "\n")

    def also(self, *names: str) -> None:
        """Put further programs beside it. The calls of each begin with its name."""
        for name in names:
            (self._home / name).symlink_to(self.program)

    @property
    def calls(self) -> list[Call]:
        """Every call until now."""
        return [Call(*json.loads(line)) for line in (self._home / "calls").read_text().splitlines()]

    def calls_of(self, command: str) -> list[Call]:
        """The calls of one command of docker's, or of one of the further programs."""
        return [call for call in self.calls if call.arguments[0] == command]
