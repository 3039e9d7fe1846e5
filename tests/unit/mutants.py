"""Runs mutmut on what `make mutate` has laid out in .mutate: on all mutants, or on a random sample of them.

A sample says of the whole what its interval says, in a fraction of the time: 500 mutants tell the share of those that
tests notice to within three points.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from math import sqrt
from pathlib import Path

ROOT = Path(__file__).parents[2]
# Running a few mutants makes all, and notes which test calls which function.
FEW = "prepull.plan.*"
NOTICED = "killed"
# Of the normal distribution, for 95 %.
Z = 1.96


def main(arguments: Sequence[str]) -> int:
    """Run mutants, list those that no test has noticed, and say how many were noticed.

    Args:
        arguments: patterns of the mutants' names, none for all; `--sample NUMBER` runs so many of them, and `--seed
            NUMBER` decides which.
    """
    parser = argparse.ArgumentParser(prog="make mutate")
    parser.add_argument("patterns", nargs="*")
    parser.add_argument("--sample", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(arguments)
    if given.sample:
        mutmut("run", FEW)
        names = sample(matching(results(), given.patterns), given.sample, given.seed)
        mutmut("run", *names)
    else:
        mutmut("run", *given.patterns)
        names = sorted(matching(results(), given.patterns))
    found = results()
    for name in names:
        if found[name] != NOTICED:
            print(f"  {name}: {found[name]}")
    print(summary([found[name] for name in names]))
    return 0


def matching(names: Iterable[str], patterns: Sequence[str]) -> list[str]:
    """The names that match one of the patterns; all if there is none."""
    return [name for name in names if not patterns or any(fnmatchcase(name, pattern) for pattern in patterns)]


def sample(names: Iterable[str], number: int, seed: int) -> list[str]:
    """A random choice of names, each as likely as another; the same for the same seed."""
    ordered = sorted(names)
    return random.Random(seed).sample(ordered, min(number, len(ordered)))  # noqa: S311 - no secret


def summary(outcomes: Sequence[str]) -> str:
    """How many were noticed, the interval in which the share of the whole is (Wilson's), and all other outcomes."""
    counted = Counter(outcomes)
    low, high = interval(counted[NOTICED], len(outcomes))
    others = "".join(f", {number} {outcome}" for outcome, number in sorted(counted.items()) if outcome != NOTICED)
    share = counted[NOTICED] / len(outcomes)
    return (
        f"noticed: {counted[NOTICED]} of {len(outcomes)}, {share:.1%} (95 % interval: {low:.1%} to {high:.1%}){others}"
    )


def interval(hits: int, number: int) -> tuple[float, float]:
    """Wilson's interval for a share."""
    share, weight = hits / number, Z**2 / number
    middle = share + weight / 2
    reach = Z * sqrt(share * (1 - share) / number + weight / number / 4)
    return (middle - reach) / (1 + weight), (middle + reach) / (1 + weight)


def results() -> dict[str, str]:
    """The outcome of each mutant by its name."""
    lines = mutmut("results", "--all", "true", capture=True).splitlines()
    return dict(line.strip().split(": ", 1) for line in lines if ": " in line)


def mutmut(*arguments: str, capture: bool = False) -> str:
    """Run mutmut, and return what it printed if that is wanted."""
    command = ["nice", "-n", "15", str(Path(sys.executable).with_name("mutmut")), *arguments]
    done = subprocess.run(
        command, cwd=ROOT / ".mutate", check=True, stdout=subprocess.PIPE if capture else None, text=True
    )
    return done.stdout or ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
