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
        program: str,
        text: str,
        /,
        *,
        separator: str | None = None,
        environment: Mapping[str, str] | None = None,
        code: int = 0,
        **variables: str | int | Sequence[str],
    ) -> list[str]:
        """Run a program; return the lines that it prints.

        Args:
            program: the name of its file.
            text: its input.
            separator: the field separator. Default: white space.
            environment: environment variables.
            code: the expected exit code.
            variables: the variables for `-v`. A list is written to a file, one item on each line, and the variable is
                the path of the file.
        """
        file = self.directory / program
        file.write_text(script(program), "utf-8")
        options = ["-F", separator] if separator else []
        for variable, value in variables.items():
            if not isinstance(value, (str, int)):
                path = self.directory / variable
                path.write_text("".join(f"{line}\n" for line in value), "utf-8")
                value = str(path)  # noqa: PLW2901 - what is handed over
            options += ["-v", f"{variable}={value}"]
        ran = subprocess.run(
            [*self.command, *options, "-f", file],
            input=text.encode(),
            capture_output=True,
            env={"LC_ALL": "C", **(environment or {})},
            timeout=60,
            check=False,
        )
        assert ran.stderr == b""
        assert ran.returncode == code
        return ran.stdout.decode().splitlines()


@pytest.fixture(params=programs.AWKS)
def awk(request: pytest.FixtureRequest, tmp_path: Path) -> Awk:
    return Awk(programs.awk(request.param), tmp_path)
