"""A fake credential provider of a node: it answers as a file says, and records how it was asked."""

from __future__ import annotations

import json
import stat
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

API = "credentialprovider.kubelet.k8s.io/v1"
# The program runs alone: without this package, and in an environment that it records.
_PROGRAM = """\
#!{python} -IS
import json, os, sys, time
asked = sys.stdin.read()
here = os.path.dirname(os.path.abspath(__file__))
call = {{"arguments": sys.argv[1:], "environment": dict(os.environ), "stdin": asked}}
with open(f"{{here}}/calls/{{time.monotonic():017.6f}}-{{os.getpid()}}", "w") as file:
    json.dump(call, file)
turn = len(os.listdir(f"{{here}}/calls")) - 1
with open(f"{{here}}/steps.json") as file:
    steps = json.load(file)
step = steps[min(turn, len(steps) - 1)]
time.sleep(step.get("seconds", 0))
sys.stdout.write(step.get("answer", ""))
sys.stdout.flush()
sys.stderr.write(step.get("complaint", ""))
sys.exit(step.get("code", 0))
"""


def response(auth: Any, per: str = "Image", duration: str | None = None, **other: Any) -> str:
    """The text of an answer.

    `auth` has "USER:PASSWORD" by the key, or anything else as it is; `per` says for what the answer is kept.
    """
    entries = auth
    if isinstance(auth, dict):
        entries = {
            key: dict(zip(("username", "password"), value.split(":", 1), strict=True))
            if isinstance(value, str)
            else value
            for key, value in auth.items()
        }
    body = {"kind": "CredentialProviderResponse", "apiVersion": API, "cacheKeyType": per, "auth": entries}
    return json.dumps({**body, **({} if duration is None else {"cacheDuration": duration}), **other})


@dataclass
class Provider:
    """A provider in a directory of its own."""

    directory: Path

    @property
    def command(self) -> Path:
        """Its path."""
        return self.directory / "provider"

    def answers(self, *steps: Any) -> None:
        """Set what it does, call by call; the last step repeats. A text is an answer."""
        told = [{"answer": step} if isinstance(step, str) else step for step in steps]
        (self.directory / "steps.json").write_text(json.dumps(told))

    @property
    def calls(self) -> list[dict[str, Any]]:
        """How it was called, in order."""
        return [json.loads(file.read_text()) for file in sorted((self.directory / "calls").iterdir())]

    @property
    def asked(self) -> list[str]:
        """The images that it was asked for."""
        return [json.loads(call["stdin"])["image"] for call in self.calls]

    def settings(self, *patterns: str, **other: Any) -> dict[str, Any]:
        """The puller's settings for it."""
        return {"provider": self.command, "provider_images": "\n".join(patterns or ("reg.example",)), **other}


def install(directory: Path) -> Provider:
    """Put a provider into a directory. It gives nothing yet."""
    (directory / "calls").mkdir(parents=True)
    provider = Provider(directory)
    provider.command.write_text(_PROGRAM.format(python=sys.executable))
    provider.command.chmod(provider.command.stat().st_mode | stat.S_IXUSR)
    provider.answers(response({}))
    return provider
