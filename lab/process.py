"""Runs other programs. Errors contain their output."""

from __future__ import annotations

import shlex
import subprocess
from typing import IO, TYPE_CHECKING

from lab.errors import LabError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

TAIL_LINES = 25


class CommandError(LabError):
    """A program ended with an error, was not found, or took too long."""

    def __init__(self, argv: list[str], reason: str, output: str) -> None:
        self.output = output
        tail = "\n".join(f"    {line}" for line in output.strip().splitlines()[-TAIL_LINES:])
        super().__init__(f"`{shlex.join(argv)[:300]}` {reason}" + (f":\n{tail}" if tail else "."))


def run(
    *argv: str | Path,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    stdin: bytes | IO[bytes] | None = None,
    timeout: float | None = None,
) -> str:
    """Run a program to its end and return what it printed on standard output.

    Raises:
        CommandError: the program failed, was not found or took too long. The error has the end of its output.
    """
    command = [str(argument) for argument in argv]
    given, source = (stdin, None) if isinstance(stdin, bytes) else (None, stdin or subprocess.DEVNULL)
    try:
        # `input` and `stdin` exclude each other; None means that one is not given.
        done = subprocess.run(
            command,
            env=None if env is None else dict(env),
            cwd=cwd,
            check=False,
            timeout=timeout,
            capture_output=True,
            input=given,
            stdin=source,
        )
    except OSError as error:
        raise CommandError(command, f"cannot run ({error.strerror}: {error.filename})", "") from error
    except subprocess.TimeoutExpired as error:
        printed = (error.stdout or b"") + (error.stderr or b"")
        raise CommandError(command, f"took more than {timeout:g} s", _text(printed)) from error
    if done.returncode != 0:
        raise CommandError(command, f"failed with status {done.returncode}", _text(done.stdout + done.stderr))
    return _text(done.stdout)


def show(argv: Sequence[str | Path], *, env: Mapping[str, str], cwd: Path) -> int:
    """Run a program on the user's screen to its end, and return its status.

    Ctrl-C reaches the program too, which gets the time to end properly. Another Ctrl-C reaches it as well.
    """
    with subprocess.Popen([str(argument) for argument in argv], env=dict(env), cwd=cwd) as running:
        try:
            return running.wait()
        except KeyboardInterrupt:
            running.wait()
            raise


def _text(output: bytes) -> str:
    return output.decode("utf-8", errors="replace")
