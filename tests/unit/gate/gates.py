"""Runs the gate without a cluster: the program from its ConfigMap, with a fake API server."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from prepull.labels import PLAN_LABEL, selector
from prepull.manifests import gate_program

from ..cluster.fake_api import FakeApi
from ..cluster.objects import Data, daemon_set

MADE = "2025-12-31T00:00:00Z"
"""When the gate's pod was made, unless a test says otherwise: before everything that pods say."""
FLAGS, START = gate_program.COMMAND[1:-1], Path(gate_program.COMMAND[-1]).name
# The program as it is, but it does not wait for what may still change.
_RUN = """
import os, sys
import start
start.install()
from prepull.gate.__main__ import main
from prepull.status import verdict
verdict.SETTLE_SECONDS, verdict.SECOND_LOOK_SECONDS, verdict.COUNT_SECONDS = 0, 0, 0
sys.exit(main(os.environ))
"""
IMPATIENT = _RUN.replace("sys.exit", "api.STEP_SECONDS, api.CALL_SECONDS = 0.5, 1\nsys.exit").replace(
    "from prepull.status", "from prepull.gate import api\nfrom prepull.status"
)
"""The same, with short limits for each call."""


def own_pod(made: str = MADE) -> Data:
    """The gate's own pod."""
    return {"metadata": {"name": "gate", "resourceVersion": "8", "creationTimestamp": made}}


def mounted(directory: Path, modules: Mapping[str, str]) -> None:
    """Put a program into a directory, as the kubelet does with its ConfigMap."""
    content = gate_program.content(modules)
    directory.mkdir(parents=True)
    for name, text in content["data"].items():
        (directory / name).write_text(text, "utf-8")
    for name, encoded in content["binaryData"].items():
        (directory / name).write_bytes(base64.b64decode(encoded))


@dataclass(frozen=True)
class Gate:
    """The gate's program and credentials in a directory, as in its pod."""

    directory: Path

    @classmethod
    def made(cls, directory: Path) -> Gate:
        """Lay it out."""
        mounted(directory / "program", gate_program.modules())
        (directory / "credentials").mkdir()
        (directory / "credentials" / "namespace").write_text("here")
        made = cls(directory)
        made.token("secret")
        return made

    def token(self, token: str) -> None:
        """Replace the token."""
        (self.directory / "credentials" / "token").write_text(f"{token}\n")

    def environ(
        self, api: FakeApi | None, *, min_ready: str = "100%", timeout_s: float = 60, **more: str
    ) -> dict[str, str]:
        """The environment of the gate's container."""
        plan = daemon_set()["spec"]["template"]["metadata"]["labels"][PLAN_LABEL]
        return {
            **{name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ},
            "PREPULL_SERVER": f"http://127.0.0.1:{api.port}" if api else "",
            "PREPULL_DAEMON_SET": "images",
            "PREPULL_SELECTOR": ",".join(f"{key}={value}" for key, value in selector("images").items()),
            "PREPULL_PLAN": f"{PLAN_LABEL}={plan}",
            "PREPULL_POD": "gate",
            "PREPULL_MIN_READY": min_ready,
            "PREPULL_TIMEOUT_S": f"{timeout_s:g}",
            "PREPULL_CREDENTIALS": str(self.directory / "credentials"),
            "PREPULL_MESSAGE": str(self.directory / "message"),
            **more,
        }

    def end(
        self,
        api: FakeApi | None,
        *,
        command: tuple[str, ...] = (*FLAGS, "-c", _RUN),
        **options: str | float,
    ) -> tuple[int, str]:
        """Run it, and return its exit code and its termination message.

        Args:
            api: what it asks; None where PREPULL_SERVER is among the options.
            command: what Python is to run.
            options: see `environ`.
        """
        message = self.directory / "message"
        message.unlink(missing_ok=True)
        environ: Mapping[str, str] = self.environ(api, **options)  # type: ignore[arg-type]
        done = subprocess.run(
            [sys.executable, *command],
            cwd=self.directory / "program",
            env=environ,
            capture_output=True,
            timeout=60,
            check=False,
        )
        assert done.stderr == b""
        text = message.read_bytes().decode("utf-8", "replace")
        # The log ends with the text of the message.
        assert done.stdout.decode("utf-8", "replace").endswith(text)
        return done.returncode, text
