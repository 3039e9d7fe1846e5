"""The time, processor time and memory of a program, as the kernel counts them."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lab.process import CommandError


@dataclass(frozen=True)
class Cost:
    """The cost of one run: elapsed seconds, processor seconds, and the peak memory of its largest process."""

    seconds: float
    processor_seconds: float
    megabytes: float
    output: str


# The peak memory of a process includes the time before exec, when it is a copy of its parent: the parent must be small.
_MEASURE = """
import json, os, sys, time
began = time.monotonic()
_, status, usage = os.wait4(os.posix_spawnp(sys.argv[2], sys.argv[2:], os.environ), 0)
seconds = time.monotonic() - began
with open(sys.argv[1], "w") as file:
    json.dump([os.waitstatus_to_exitcode(status), seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss], file)
"""


def cost_of(*argv: str | Path, environ: Mapping[str, str] | None = None) -> Cost:
    """Run a program to its end.

    Raises:
        CommandError: the program failed.
    """
    command = [str(argument) for argument in argv]
    with tempfile.NamedTemporaryFile("r") as measured:
        done = subprocess.run(
            [sys.executable, "-I", "-S", "-c", _MEASURE, measured.name, *command],
            env=environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        text = measured.read()
    code, seconds, processor_seconds, kilobytes = json.loads(text) if text else (done.returncode, 0.0, 0.0, 0)
    if code:
        raise CommandError(command, f"failed with status {code}", done.stdout + done.stderr)
    return Cost(seconds, processor_seconds, kilobytes / 1000, done.stdout)
