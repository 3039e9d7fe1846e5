"""Checks all that is neither Python nor documentation, in each of its languages: `python -m tests.lint`."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from lab import Lab, LabError

from . import programs

ROOT = Path(__file__).parents[1]
FOLDERS = (".ci", "bench", "components", "docs", "examples", "images", "lab", "policy", "tests")
# What Pulumi and npm write into projects.
GENERATED = {"node_modules", "sdks"}
# A sourced file uses variables of its program, so check it together with the program.
SHELLCHECK = ("--check-sourced", "--external-sources", "--source-path=SCRIPTDIR")
# Pulumi's programs declare a resource by making it.
OXLINT = ("--deny=correctness", "--deny=suspicious", "--allow=no-new")
# The warnings come when a program is parsed, so do not run it: that would require its input.
UNRUN = "BEGIN { exit } END { exit }"


def main() -> int:
    """Run the tools; return the exit code."""
    files = sorted(
        path
        for folder in FOLDERS
        for path in (ROOT / folder).rglob("*")
        if GENERATED.isdisjoint(path.relative_to(ROOT).parts)
    )
    shell = [str(path.relative_to(ROOT)) for path in files if _is_shell_program(path)]
    awk, go, typescript = (_with_suffix(files, suffix) for suffix in (".awk", ".go", ".ts"))
    workflows = sorted(str(path.relative_to(ROOT)) for path in (ROOT / ".github" / "workflows").glob("*.yml"))
    shellcheck, oxlint = (str(Path(sys.executable).with_name(name)) for name in ("shellcheck", "oxlint"))
    try:
        lab = Lab.of_checkout()
        gofmt = str(lab.gofmt())
        commands = [
            [shellcheck, *SHELLCHECK, *shell],
            [oxlint, *OXLINT, *typescript],
            *([programs.path("gawk"), "--lint=fatal", "-e", UNRUN, "-f", path] for path in awk),
            # It has ShellCheck read what the steps run.
            [str(lab.actionlint()), f"-shellcheck={shellcheck}", "-pyflakes=", "-no-color", *workflows],
        ]
    except LabError as error:
        print(error, file=sys.stderr)
        return 1
    wrong = [line for path in files if path.suffix == ".json" for line in _wrong_json(path)]
    wrong += [f"{path}: gofmt writes it in another way" for path in _printed(gofmt, "-l", *go)]
    print("".join(f"{line}\n" for line in wrong), end="", file=sys.stderr)
    return int(sum(_failed(command) for command in commands) + len(wrong) > 0)


def _with_suffix(files: Sequence[Path], suffix: str) -> list[str]:
    return [str(path.relative_to(ROOT)) for path in files if path.suffix == suffix]


def _wrong_json(path: Path) -> list[str]:
    """What is wrong with a file of JSON: that of RFC 8259, in which each key of an object is there once."""

    def once(pairs: list[tuple[str, object]]) -> dict[str, object]:
        keys = [key for key, _ in pairs]
        twice = sorted({key for key in keys if keys.count(key) > 1})
        if twice:
            raise ValueError(f"twice in one object: {', '.join(twice)}")
        return dict(pairs)

    def no_number(name: str) -> object:
        raise ValueError(f"{name} is no number of JSON")

    try:
        json.loads(path.read_text("utf-8"), object_pairs_hook=once, parse_constant=no_number)
    except ValueError as error:
        return [f"{path.relative_to(ROOT)}: {error}"]
    return []


def _is_shell_program(path: Path) -> bool:
    if path.suffix not in ("", ".sh") or not path.is_file():
        return False
    with path.open("rb") as stream:
        first = stream.readline()
    return first.startswith(b"#!") and first.rstrip().endswith(b"sh")


def _printed(*command: str) -> list[str]:
    return subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()


def _failed(command: Sequence[str]) -> bool:
    return subprocess.run(command, cwd=ROOT, check=False).returncode != 0


if __name__ == "__main__":
    sys.exit(main())
