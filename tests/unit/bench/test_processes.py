"""What a program costs."""

from __future__ import annotations

import sys

import pytest

from bench.instruments.processes import cost_of
from lab.process import CommandError


def test_a_program_has_its_own_memory_and_not_that_of_what_starts_it() -> None:
    held = bytearray(200_000_000)

    small = cost_of(sys.executable, "-I", "-S", "-c", "pass")
    large = cost_of(sys.executable, "-I", "-S", "-c", "bytearray(b'x') * 90_000_000; print('done')")

    assert len(held) > 1_000_000 * (small.megabytes + 50)
    assert large.megabytes > small.megabytes + 80
    assert large.output == "done\n"


def test_what_it_starts_counts_as_well() -> None:
    work = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'sum(range(3_000_000))'])"

    assert cost_of(sys.executable, "-c", work).processor_seconds > 0


def test_a_failure_shows_what_the_program_said() -> None:
    with pytest.raises(CommandError, match="no such thing"):
        cost_of(sys.executable, "-c", "import sys; sys.exit('no such thing')")
