"""Runs the unit and schema tests on the oldest, the locked and the newest Pulumi: `make test-versions`.

The oldest versions are the lower bounds of the package's requirements; the newest are those that `pip install` selects
today. Both have their own environment in .pulumis. Only `program/` imports Pulumi, so the tests are those of that
folder, of the package as a whole, of the documentation and of the schema.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
UV = ROOT / ".uv" / "bin" / "uv"
TESTS = ("tests/unit/program", "tests/unit/package", "tests/unit/docs", "tests/schema")
PACKAGES = ("pulumi", "pulumi-kubernetes")


def requirements() -> dict[str, str]:
    """The package's requirements for the packages of Pulumi: `>=3.190,<4` for `pulumi`."""
    text = (ROOT / "components" / "pyproject.toml").read_text("utf-8")
    return {name: re.findall(rf'"{name}([><=][^"]*)"', text)[0] for name in PACKAGES}


def oldest() -> list[str]:
    """The lower bounds."""
    return [f"{name}=={range_.partition(',')[0].removeprefix('>=')}.0" for name, range_ in requirements().items()]


def newest() -> list[str]:
    """The bounds themselves: the resolver selects the newest versions."""
    return [f"{name}{range_}" for name, range_ in requirements().items()]


CHOICES: dict[str, Callable[[], list[str]] | None] = {"oldest": oldest, "locked": None, "newest": newest}


def main(chosen: Sequence[str]) -> int:
    """Run them; fail if one fails.

    Args:
        chosen: some of CHOICES. Empty: all of them.
    """
    if unknown := [name for name in chosen if name not in CHOICES]:
        print(f"PULUMIS: {', '.join(unknown)}: write some of {', '.join(CHOICES)}", file=sys.stderr)
        return 2
    outcomes: dict[str, str] = {}
    for name in chosen or CHOICES:
        python = environment(name)
        versions = "not installed" if python is None else installed(python)
        passed = python is not None and passes(name, python, versions)
        outcomes[name] = f"{versions:45} {'passed' if passed else 'FAILED'}"
    print("\nunit and schema tests on the supported Pulumis:")
    for name, outcome in outcomes.items():
        print(f"  {name:7} {outcome}")
    return 1 if any(outcome.endswith("FAILED") for outcome in outcomes.values()) else 0


def environment(name: str) -> Path | None:
    """The interpreter of an environment with these versions; None if it cannot be created."""
    choose = CHOICES[name]
    if choose is None:
        return Path(sys.executable)
    directory = ROOT / ".pulumis" / name
    directory.parent.mkdir(exist_ok=True)
    overrides = directory.with_suffix(".txt")
    overrides.write_text("\n".join(choose()) + "\n")
    python = directory / "bin" / "python"
    groups = [f"--group={ROOT / 'pyproject.toml'}:{group}" for group in ("dev", "bench")]
    commands: list[list[str | Path]] = [
        [UV, "venv", "--quiet", "--allow-existing", "--python", sys.executable, directory],
        [UV, "pip", "install", "--quiet", "--python", python, "--override", overrides, "--upgrade", *groups,
         "--editable", f"{ROOT / 'components'}[cli,digests]"],
    ]  # fmt: skip
    done = all(subprocess.run(command, cwd=ROOT, check=False).returncode == 0 for command in commands)
    return python if done else None


def installed(python: Path) -> str:
    """The versions that an environment has."""
    program = f"from importlib.metadata import version; print(*(f'{{n}} {{version(n)}}' for n in {PACKAGES}), sep=', ')"
    return subprocess.run([python, "-c", program], check=True, capture_output=True, text=True).stdout.strip()


def passes(name: str, python: Path, versions: str) -> bool:
    """Whether the tests pass with that interpreter's packages."""
    print(f"\n— {name}: {versions}", flush=True)
    environ = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    command: list[str | Path] = [python, "-m", "pytest", "--quiet", "--numprocesses=2", *TESTS]
    return subprocess.run(command, cwd=ROOT, env=environ, check=False).returncode == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
