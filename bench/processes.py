"""What a program costs: time, processor and memory, as the kernel counts them."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lab.process import CommandError


@dataclass(frozen=True)
class Cost:
    """Of one run: seconds on the clock and on the processor, and the most memory that one of its processes held."""

    seconds: float
    processor_seconds: float
    megabytes: float
    output: str


def cost_of(*argv: str | Path, environ: Mapping[str, str] | None = None) -> Cost:
    """Run a program to its end.

    Raises:
        CommandError: it failed.
    """
    command = [str(argument) for argument in argv]
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as problems:
        began = time.monotonic()
        process = subprocess.Popen(
            command, env=environ, stdin=subprocess.DEVNULL, stdout=output, stderr=problems, text=True
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        problems.seek(0)
        if process.returncode:
            raise CommandError(command, f"failed with status {process.returncode}", output.read() + problems.read())
        return Cost(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1000, output.read())
