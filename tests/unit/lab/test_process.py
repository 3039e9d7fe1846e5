import os
import signal
import subprocess
import sys
from pathlib import Path

from ...programs import heeding_interrupts

# Like Pulumi's engine, which gives its lock back before it ends.
PROGRAM = """
trap 'sleep 0.7; echo unlocked; exit 3' INT
echo locked
while :; do sleep 0.05; done
"""
CALLER = """
import os, pathlib, sys
from lab.process import show
show(["/bin/sh", "-c", sys.argv[1]], env=os.environ, cwd=pathlib.Path.cwd())
"""


@heeding_interrupts()
def test_a_program_that_is_interrupted_gets_the_time_to_end() -> None:
    root = Path(__file__).parents[3]
    command = [sys.executable, "-c", CALLER, PROGRAM]
    with subprocess.Popen(
        command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as caller:
        assert caller.stdout is not None
        assert caller.stdout.readline() == "locked\n"
        # A terminal sends it to the whole group.
        os.killpg(caller.pid, signal.SIGINT)
        printed, error = caller.communicate(timeout=60)
    assert printed == "unlocked\n"
    assert "KeyboardInterrupt" in error
