"""Any answer of a credential provider: its reader finds what it has, or says that it is none."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ... import programs
from ..node.awk.conftest import Awk
from ..node.awk.credentials.test_credential import found
from ..node.awk.credentials.test_response import PROGRAMS
from ..node.puller.fake_provider import API
from ..strategies import JSON as PYTHONS_JSON
from .test_credentials import CHARACTERS, KEYS, WORDS, WRONG

# Python writes infinity and no number as words, which JSON has not.
JSON = PYTHONS_JSON.filter(lambda value: not {"Infinity", "NaN"} & {*re.findall(r"\w+", json.dumps(value))})
IMAGE = "a.example/team/app"
ENTRIES = st.fixed_dictionaries({"username": WORDS, "password": WORDS}) | WRONG
AUTHS = st.dictionaries(KEYS, ENTRIES, max_size=4) | WRONG
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "kind": st.just("CredentialProviderResponse") | JSON,
    "apiVersion": st.just(API) | st.just(f"{API}beta1") | JSON,
    "cacheKeyType": st.sampled_from(["Image", "Registry", "Global", "image", ""]) | JSON,
    "cacheDuration": st.sampled_from(["1h", "90s", "1.5h30m", "-1s", "1", "h"]) | st.text(CHARACTERS) | JSON,
    "auth": AUTHS,
    "other": JSON,
}
ANSWERS = st.fixed_dictionaries({}, optional=FIELDS)
GOOD = st.fixed_dictionaries({**FIELDS, "kind": st.just("CredentialProviderResponse"), "apiVersion": st.just(API)})


@pytest.fixture(scope="module")
def awk(tmp_path_factory: pytest.TempPathFactory) -> Awk:
    return Awk(programs.awk("busybox"), tmp_path_factory.mktemp("awk"))


def read(awk: Awk, text: str) -> tuple[list[str], str] | None:
    """The lines and the line about the answer; None if it is none."""
    head = awk.directory / "head"
    head.unlink(missing_ok=True)
    lines = awk.run(PROGRAMS, text, head=str(head), api=API, code=None)
    return (lines, head.read_text()) if head.exists() else None


WITH_AUTH: dict[str, Any] = {
    "kind": "CredentialProviderResponse",
    "apiVersion": API,
    "cacheKeyType": "Image",
    "auth": {"a.example": {"auth": "dTpw"}},
}


@settings(max_examples=100)
@example(answer=WITH_AUTH, indent=None)
@given(answer=ANSWERS | GOOD, indent=st.sampled_from([None, 1]))
def test_an_answer_is_read_or_is_none(awk: Awk, answer: dict[str, Any], indent: int | None) -> None:
    result = read(awk, json.dumps(answer, indent=indent))
    is_one = (
        (answer.get("kind"), answer.get("apiVersion")) == ("CredentialProviderResponse", API)
        and isinstance(answer.get("cacheKeyType"), str)
        and answer["cacheKeyType"] in ("Image", "Registry", "Global")
    )
    assert (result is not None) == is_one
    if result is None:
        return
    lines, head = result
    kind, milliseconds = head.split()
    assert kind == answer["cacheKeyType"]
    assert 0 <= int(milliseconds) <= 86_400_000
    auth = answer.get("auth")
    entries = [entry for entry in auth.values() if isinstance(entry, dict)] if isinstance(auth, dict) else []
    logins = {f"{entry.get('username')}:{entry.get('password')}" for entry in entries}
    # The reader is that of pull secrets. It takes `auth`, too, which is no field of an answer: no provider writes it.
    logins |= {base64.b64decode(entry["auth"]).decode() for entry in entries if "auth" in entry}
    assert set(found(awk, f"{IMAGE}:1", lines)) <= logins


@settings(max_examples=50)
@given(text=st.text(CHARACTERS, max_size=60) | JSON.map(json.dumps))
def test_what_is_no_answer_gives_no_credential(awk: Awk, text: str) -> None:
    result = read(awk, text)
    assert result is None
