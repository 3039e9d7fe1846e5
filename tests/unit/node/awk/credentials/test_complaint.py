"""complaint.awk: why a credential provider failed, in a few words and without what may be a secret."""

from __future__ import annotations

import pytest

from ..conftest import Awk

LIMIT = len("exit code 1: ") + 100
CASES = [
    (0, "warning\n", []),
    (1, "", ["exit code 1"]),
    (137, "", ["exit code 137"]),
    (1, "  \n\n no region \nmore\n", ["exit code 1: no region "]),
    (1, "I0102 03:04:05.678900       1 plugin.go:9] no region", ["exit code 1: no region"]),
    (126, "exec: x: Permission denied", ["it does not run in the puller image"]),
    (127, "exec: x: not found", ["it does not run in the puller image"]),
    (124, "waiting\ntimed out after 60 s\n", ["timed out after 60 s"]),
    (124, "waiting\n", ["exit code 124: waiting"]),
    (1, "timed out after 60 s\n", ["exit code 1: timed out after 60 s"]),
    (1, "Bearer AbCdEfGh12345678", ["exit code 1: Bearer ..."]),
    (1, "password=" + "a1" * 8, ["exit code 1: ..."]),
    (1, "x" * 40, ["exit code 1: ..."]),
    (1, "https://api.ecr.eu-north-1.amazonaws.com", ["exit code 1: https://api.ecr.eu-north-1.amazonaws.com"]),
    (1, "a\tb\u00e9\x1b[1m", ["exit code 1: a b [1m"]),
]


@pytest.mark.parametrize(("code", "text", "expected"), CASES)
def test_the_first_words_without_secrets(awk: Awk, code: int, text: str, expected: list[str]) -> None:
    assert run(awk, code, text) == expected


def run(awk: Awk, exit_code: int, text: str) -> list[str]:
    return awk.run("complaint.awk", text, exit_code=exit_code)


def test_it_is_short(awk: Awk) -> None:
    [told] = run(awk, 1, "word " * 1000)
    assert len(told) == LIMIT
    assert told.endswith("...")
