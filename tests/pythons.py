"""Runs the unit tests on each supported Python that this machine has: `make test-pythons`, or with PYTHONS="3.12 3.13".

These tests depend most on the version of Python: they run the package itself, with mocks. Tests of the scripts that run
on nodes and of the lab are left out, except of its downloads: versions of Python unpack archives differently. Each
version has its own environment in .pythons, from the same lock file.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
SUPPORTED = ("3.10", "3.11", "3.12", "3.13", "3.14")
LEFT_OUT = ("tests/unit/lab/test_*.py", "tests/unit/node")


def main(versions: Sequence[str]) -> int:
    """Run the tests. Fail if one fails or if no version is installed; name the missing versions.

    Args:
        versions: the versions to test. Empty: all supported versions.
    """
    outcomes: dict[str, str] = {}
    for version in versions or SUPPORTED:
        python = find(version)
        outcomes[version] = "not here, not run" if python is None else "passed" if passes(version, python) else "FAILED"
    print("\nunit tests on the supported Pythons:")
    for version, outcome in outcomes.items():
        print(f"  {version}  {outcome}")
    return 0 if "passed" in outcomes.values() and "FAILED" not in outcomes.values() else 1


def find(version: str) -> Path | None:
    """An interpreter of that version: from PATH, pyenv or the system."""
    return next((path for path in candidates(version) if is_python(path, version)), None)


def candidates(version: str) -> Iterator[Path]:
    """The possible paths of an interpreter."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    yield from sorted(pyenv.glob(f"versions/{version}.*/bin/python"), reverse=True)
    for directory in os.get_exec_path():
        if found := shutil.which(f"python{version}", path=directory):
            yield Path(found)


def is_python(path: Path, version: str) -> bool:
    """Whether it starts and has that version: pyenv's scripts on PATH may refuse to start."""
    program = "import sys; print(f'{sys.version_info.major}.{sys.version_info.minor}')"
    asked = subprocess.run([path, "-c", program], check=False, capture_output=True, text=True)
    return asked.returncode == 0 and asked.stdout.strip() == version


def passes(version: str, python: Path) -> bool:
    """Whether the tests pass with this interpreter."""
    print(f"Python {version} ({python})", flush=True)
    environment = ROOT / ".pythons" / version
    environ = {**os.environ, "UV_PROJECT_ENVIRONMENT": str(environment)}
    commands: list[list[str | Path]] = [
        [ROOT / ".uv" / "bin" / "uv", "sync", "--quiet", "--frozen", "--python", python],
        [
            environment / "bin" / "python",
            "-m",
            "pytest",
            "--quiet",
            "tests/unit",
            *(f"--ignore-glob={it}" for it in LEFT_OUT),
        ],
    ]
    return all(subprocess.run(command, cwd=ROOT, env=environ, check=False).returncode == 0 for command in commands)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
