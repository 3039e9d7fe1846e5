"""Runs the unit tests on each supported Python that this machine has: `make test-pythons`, or with PYTHONS="3.12 3.13".

Of all tests these depend most on the version: the package itself, under mocks. The scripts that run on nodes, and the
lab, are left out. Each version has an environment of its own in .pythons, from the same lock file.
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
LEFT_OUT = ("tests/unit/lab", "tests/unit/puller")


def main(versions: Sequence[str]) -> int:
    """Run them; fail if one fails or none is here, and name those that are not.

    Args:
        versions: which; all that are supported, where it is empty.
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
    """An interpreter of that version: on PATH, of pyenv or of the system."""
    return next((path for path in candidates(version) if is_python(path, version)), None)


def candidates(version: str) -> Iterator[Path]:
    """Where one may be."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    yield from sorted(pyenv.glob(f"versions/{version}.*/bin/python"), reverse=True)
    for directory in os.get_exec_path():
        if found := shutil.which(f"python{version}", path=directory):
            yield Path(found)


def is_python(path: Path, version: str) -> bool:
    """Whether it starts and is that version: pyenv puts scripts on PATH that may refuse to."""
    program = "import sys; print(f'{sys.version_info.major}.{sys.version_info.minor}')"
    asked = subprocess.run([path, "-c", program], check=False, capture_output=True, text=True)
    return asked.returncode == 0 and asked.stdout.strip() == version


def passes(version: str, python: Path) -> bool:
    """Whether the tests pass on it."""
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
            *(f"--ignore={it}" for it in LEFT_OUT),
        ],
    ]
    return all(subprocess.run(command, cwd=ROOT, env=environ, check=False).returncode == 0 for command in commands)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
