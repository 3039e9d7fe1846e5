"""Runs the tests of the main job, the gate and the runtimes on each cluster of the lab: `make test-clusters`.

The clusters differ in Kubernetes and containerd. They run one after the other, because a checkout has one lab. Each is
brought up for its tests and taken down after them.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from lab import Lab, LabError
from lab.requirements import demand
from lab.versions import SETTING, SYSTEMS

ROOT = Path(__file__).parents[1]
TESTS = (
    "tests/kind/nodes/test_main_job.py",
    "tests/kind/gate/test_gate.py",
    "tests/kind/runtimes/test_runtimes.py",
)


def main(chosen: Sequence[str]) -> int:
    """Run them, whatever fails, and say which passed; fail if one fails.

    Args:
        chosen: some versions of Kubernetes that the lab has. Empty: all of them.
    """
    if unknown := [name for name in chosen if name not in SYSTEMS]:
        print(f"CLUSTERS: {', '.join(unknown)}: write some of {', '.join(SYSTEMS)}", file=sys.stderr)
        return 2
    lab = Lab.of_checkout()
    if lab.is_up():
        print("The lab is up, and these tests bring up clusters of their own: run `make down` first.", file=sys.stderr)
        return 1
    try:
        demand(lab.checkout, cluster=True, warn=print)
        outcomes = {name: "passed" if passes(lab, name) else "FAILED" for name in chosen or SYSTEMS}
    except LabError as error:
        print(error, file=sys.stderr)
        return 1
    print("\nmain job, gate and runtimes on the lab's clusters:")
    for name, outcome in outcomes.items():
        print(f"  Kubernetes {name}  {outcome}")
    return 1 if "FAILED" in outcomes.values() else 0


def passes(lab: Lab, name: str) -> bool:
    """Whether the tests pass on a cluster with that Kubernetes. Afterwards there is none, even if it is interrupted."""
    print(f"\n— Kubernetes {name}", flush=True)
    try:
        return subprocess.run(command(), cwd=ROOT, env={**os.environ, SETTING: name}, check=False).returncode == 0
    finally:
        lab.down()


def command() -> list[str]:
    """The tests, which bring the cluster up themselves."""
    return [sys.executable, "-m", "pytest", "--quiet", *TESTS]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
