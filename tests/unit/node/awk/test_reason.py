"""reason.awk: a short reason from the output of a failed client."""

from __future__ import annotations

import pytest
from prepull.manifests.node_scripts import reasons

from ...outputs import CASES
from .conftest import Awk


def cleaned(text: str) -> str:
    """The text as the puller passes it on: without characters outside ASCII."""
    return "".join(c for c in text.replace("\t", " ").replace("\r", " ") if c == "\n" or " " <= c <= "~")


def told(awk: Awk, text: str) -> str:
    [reason] = awk.run("reason.awk", text, table=reasons().splitlines(), limit=200)
    return reason


@pytest.mark.parametrize("index", range(len(CASES)), ids=lambda index: f"{index} {CASES[index][1][:30]}")
def test_the_reason_is_told_from_what_the_client_prints(awk: Awk, index: int) -> None:
    (_, text), expected = CASES[index]
    assert told(awk, cleaned(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("timed out after 2.500 s", "timed out after 2.500 s"),
        ("timed out after 30 s\nunauthorized", "timed out after 30 s"),
        ("./fetch: line 3: ctr: not found", "the puller image cannot run ctr"),
        ("sh: 1: crictl: Permission denied", "the puller image cannot run crictl"),
        ("first\nsecond   third  ", "first second third"),
    ],
)
def test_a_reason_that_has_nothing_to_do_with_a_registry(awk: Awk, text: str, expected: str) -> None:
    assert told(awk, text) == expected
