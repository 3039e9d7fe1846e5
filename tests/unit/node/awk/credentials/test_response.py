"""response.awk: what a credential provider answers, as the lines of secret.awk and how long they are good."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ...puller.fake_provider import API, response
from ..conftest import Awk
from .test_secret import line

PROGRAMS = ("response.awk", "secret.awk")


def read(awk: Awk, text: str, code: int = 0) -> tuple[list[str], list[str]]:
    """The lines, and the line about the answer."""
    head = awk.directory / "head"
    lines = awk.run(PROGRAMS, text, head=str(head), api=API, code=code)
    return lines, head.read_text().splitlines() if head.exists() else []


AUTHS: dict[str, tuple[Any, list[str]]] = {
    "one": ({"r": "u:p"}, [line("r", "", "u", "p")]),
    "several": ({"r": "u:p", "*.s/t": "v:q"}, [line("r", "", "u", "p"), line("*.s/t", "", "v", "q")]),
    "none": ({}, []),
    "null": (None, []),
    "a list": ([{"r": {"username": "u"}}], []),
    "a text": ("r", []),
    "the wrong type": ({"r": {"username": 5, "password": "p"}, "s": "u:p"}, [line("s", "", "u", "p")]),
    "escapes stay": ({"r": 'u:"\\\u00e9'}, [line("r", "", "u", '\\"\\\\\\u00e9')]),
}


@pytest.mark.parametrize("case", AUTHS)
def test_each_entry_has_a_line(awk: Awk, case: str) -> None:
    auth, expected = AUTHS[case]
    assert read(awk, response(auth, "Registry", "1m")) == (expected, ["Registry 60000"])


def test_the_entries_of_another_name_are_none(awk: Awk) -> None:
    text = response({}, auths={"r": {"username": "u", "password": "p"}}, other={"auth": {"r": {"username": "u"}}})
    assert read(awk, text) == ([], ["Image 0"])


DAY = 86_400_000
DURATIONS = {
    "6h0m0s": 21_600_000,
    "12h": 43_200_000,
    "1h30m15.5s": 5_415_500,
    "90s": 90_000,
    "250ms": 250,
    "0.25s": 250,
    ".5m": 30_000,
    "24h": DAY,
    "9999h": DAY,
    "9" * 400 + "h": DAY,
    **dict.fromkeys(("", "0", "0s", "5", "-1h", "1d", "1h ", " 1h", "h", "s1", "1h5", "1us", "1\u00b5s", "999ns"), 0),
}


@pytest.mark.parametrize("text", DURATIONS)
def test_a_duration_is_in_milliseconds(awk: Awk, text: str) -> None:
    assert read(awk, response({}, "Global", text)) == ([], [f"Global {DURATIONS[text]}"])


@pytest.mark.parametrize("value", [None, 5, True, ["1h"], {"cacheDuration": "1h"}])
def test_without_a_duration_it_is_not_kept(awk: Awk, value: Any) -> None:
    assert read(awk, response({"r": "u:p"}, cacheDuration=value)) == ([line("r", "", "u", "p")], ["Image 0"])


NO_ANSWERS = [
    "",
    "null",
    "[]",
    '"CredentialProviderResponse"',
    response({"r": "u:p"})[:-1],
    response({"r": "u:p"}, kind="Response"),
    response({"r": "u:p"}, kind=None),
    response({"r": "u:p"}, apiVersion="credentialprovider.kubelet.k8s.io/v1alpha1"),
    response({"r": "u:p"}, apiVersion=1),
    *[response({"r": "u:p"}, kind) for kind in ("", "image", "Images", "Image Global")],
    json.dumps({"response": json.loads(response({"r": "u:p"}))}),
]


@pytest.mark.parametrize("text", NO_ANSWERS, ids=range(len(NO_ANSWERS)))
def test_what_is_no_answer_gives_nothing(awk: Awk, text: str) -> None:
    assert read(awk, text, code=1) == ([], [])
