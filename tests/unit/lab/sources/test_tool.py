"""What a program says of its version."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.sources import tool


@pytest.mark.parametrize(
    ("printed", "version"),
    [
        ("kind v0.33.0 go1.26.6 linux/amd64", (0, 33, 0)),
        ("Client Version: v1.37.2", (1, 37, 2)),
        ("1.7.12\ninstalled by downloading from release page\nbuilt with go1.26.1 compiler", (1, 7, 12)),
        ("built with go1.26.1", ()),
        ("no version", ()),
    ],
)
def test_the_version_is_the_first_that_is_no_part_of_a_word(
    tmp_path: Path, printed: str, version: tuple[int, ...]
) -> None:
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\nprintf '%s\\n' '{printed}'\n")
    program.chmod(0o755)

    assert tool.version_of(program, "--version") == version


def test_a_program_that_is_not_there_has_no_version(tmp_path: Path) -> None:
    assert tool.version_of(tmp_path / "program") == ()
