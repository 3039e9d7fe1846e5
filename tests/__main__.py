"""Runs every test: `make test`. What needs no cluster comes first, then what shares one, then what has it for itself.

A machine may be new. So what is missing is said before anything runs, and how long each part took stands at the end.
"""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from lab import Lab, LabError
from lab.requirements import demand

ROOT = Path(__file__).parents[1]
# A test of the cluster mostly waits for it, and the others use the processors meanwhile.
AT_ONCE = 4
WITHOUT, WITH = "without-a-cluster", "with-a-cluster"
CHOICES = (WITHOUT, WITH)
_COUNTS = re.compile(r"(\d+) (passed|failed|error|errors|skipped)")


@dataclass
class Part:
    """A part of the run: how it ended, and how long it took."""

    title: str
    seconds: float
    passed: bool
    counts: dict[str, int]


def main(chosen: Sequence[str]) -> int:
    """Run them all, whatever fails, and say how it went.

    Args:
        chosen: some of CHOICES; both, where it is empty.
    """
    if unknown := [name for name in chosen if name not in CHOICES]:
        print(f"PARTS: {', '.join(unknown)}: write some of {', '.join(CHOICES)}", file=sys.stderr)
        return 2
    wanted = chosen or CHOICES
    lab = Lab.of_checkout()
    try:
        demand(lab.checkout, cluster=WITH in wanted, warn=print)
    except LabError as error:
        print(error, file=sys.stderr)
        return 1
    parts = []
    if WITHOUT in wanted:
        parts.append(_pytest("without a cluster", "tests/unit", "tests/schema", "tests/release", "--numprocesses=2"))
    if WITH in wanted:
        parts += _with_a_cluster(lab)
    _tell(parts)
    return 0 if all(part.passed for part in parts) else 1


def _with_a_cluster(lab: Lab) -> list[Part]:
    was_up = lab.is_up()
    parts = [_timed("the cluster", lab.up)]
    if parts[-1].passed:
        shared = ("--numprocesses", str(AT_ONCE), "--dist=loadgroup", "--durations=15")
        parts.append(_pytest("sharing the cluster", "tests/kind", "-m", "not alone", *shared))
        parts.append(_pytest("alone on the cluster", "tests/kind", "-m", "alone", "--durations=10"))
    if not was_up:
        lab.down()
    return parts


def _pytest(title: str, *arguments: str) -> Part:
    print(f"\n— {title}: pytest {' '.join(arguments)}", flush=True)
    started = time.monotonic()
    lines: list[str] = []
    command: Sequence[str] = (sys.executable, "-m", "pytest", *arguments)
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, bufsize=1) as running:
        assert running.stdout is not None
        for line in running.stdout:
            print(line, end="", flush=True)
            lines.append(line)
    # The last line that counts is pytest's own.
    found = next((line for line in reversed(lines) if _COUNTS.search(line)), "")
    counts = {what.rstrip("s") if what == "errors" else what: int(number) for number, what in _COUNTS.findall(found)}
    return Part(title, time.monotonic() - started, running.returncode == 0 and counts.get("passed", 0) > 0, counts)


def _timed(title: str, run: Callable[[], None]) -> Part:
    started = time.monotonic()
    try:
        run()
    except LabError as error:
        print(error, file=sys.stderr)
        return Part(title, time.monotonic() - started, False, {})
    return Part(title, time.monotonic() - started, True, {})


def _tell(parts: Sequence[Part]) -> None:
    print("\nHow long each part took:")
    for part in parts:
        counts = ", ".join(f"{number} {what}" for what, number in part.counts.items())
        minutes, seconds = divmod(round(part.seconds), 60)
        print(f"  {part.title:24} {minutes:3d} min {seconds:2d} s  {'' if part.passed else 'FAILED  '}{counts}")
    total = {what: sum(part.counts.get(what, 0) for part in parts) for what in ("passed", "failed", "error", "skipped")}
    print(f"{total['passed']} passed, {total['failed'] + total['error']} failed, {total['skipped']} skipped")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
