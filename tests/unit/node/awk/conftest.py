"""Runs the puller's awk programs separately, with every awk."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from prepull.node.scripts import script

from .... import programs


@dataclass(frozen=True)
class Awk:
    """One awk, and a directory for the input files of programs."""

    command: Sequence[str]
    directory: Path

    def run(
        self,
        program: str | Sequence[str],
        text: str,
        /,
        *,
        separator: str | None = None,
        environment: Mapping[str, str] | None = None,
        file_name: str | None = None,
        code: int | None = 0,
        **variables: str | int | Sequence[str],
    ) -> list[str]:
        """Run a program; return the lines that it prints.

        Args:
            program: the name of its file, or the names of several.
            text: its input.
            separator: the field separator. Default: white space.
            environment: environment variables.
            file_name: the name of the input's file. Default: the input is no file.
            code: the expected exit code; with None, nothing is printed after a failure.
            variables: the variables for `-v`. A list is written to a file, one item on each line, and the variable is
                the path of the file.
        """
        options: list[str | Path] = ["-F", separator] if separator else []
        files: list[str | Path] = []
        for name in [program] if isinstance(program, str) else program:
            files += ["-f", self.directory / name]
            (self.directory / name).write_text(script(name), "utf-8")
        for variable, value in variables.items():
            if not isinstance(value, (str, int)):
                path = self.directory / variable
                path.write_text("".join(f"{line}\n" for line in value), "utf-8")
                value = str(path)  # noqa: PLW2901 - what is handed over
            options += ["-v", f"{variable}={value}"]
        operands = []
        if file_name:
            operands = [self.directory / file_name]
            operands[0].write_text(text, "utf-8", "surrogatepass")
        ran = subprocess.run(
            [*self.command, *options, *files, *operands],
            input=text.encode(),
            capture_output=True,
            env={"LC_ALL": "C", **(environment or {})},
            timeout=60,
            check=False,
        )
        assert ran.stderr == b""
        if code is None and ran.returncode:
            assert ran.stdout == b""
        else:
            assert ran.returncode == (code or 0)
        return ran.stdout.decode("utf-8", "surrogateescape").split("\n")[:-1]


@pytest.fixture(params=programs.AWKS)
def awk(request: pytest.FixtureRequest, tmp_path: Path) -> Awk:
    return Awk(programs.awk(request.param), tmp_path)
