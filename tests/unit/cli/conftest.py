"""Runs the command with a fake API server."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from prepull.cli.app import run

from ..cluster.fake_api import FakeApi


@pytest.fixture
def api(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeApi]:
    """The server that KUBECONFIG names."""
    with FakeApi().running() as running:
        monkeypatch.setenv("KUBECONFIG", str(running.kubeconfig(tmp_path / "kubeconfig")))
        yield running


@dataclass
class Ran:
    """The result of a command: its exit code and its output."""

    code: int
    out: str
    err: str


Prepull = Callable[..., Ran]


def without_the_extra() -> Ran:
    """Run the command where the packages of the extra `cli` are not installed."""
    program = "import sys; sys.modules['click'] = None; from prepull.cli import main; main()"
    ran = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True, text=True)
    return Ran(ran.returncode, ran.stdout, ran.stderr)


@pytest.fixture
def prepull(capfd: pytest.CaptureFixture[str]) -> Prepull:
    """Run the command line."""

    def command(*arguments: Any) -> Ran:
        code = run([str(argument) for argument in arguments])
        captured = capfd.readouterr()
        assert "Traceback" not in captured.err
        # Remove the padding of tables.
        out = "".join(f"{line.rstrip()}\n" for line in captured.out.splitlines())
        return Ran(code, out, captured.err)

    return command
