"""Any Docker configuration: the reader on nodes and that of `pin_digests` find the same credentials."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from prepull.images.registry.logins import Credential, matching

from ... import programs
from ..configurations import GOOD
from ..node.awk.conftest import Awk
from ..node.awk.credentials.test_credential import found, in_configuration

IMAGE = "a.example/team/app"
MATCHING = [
    "a.example",
    "https://a.example/v1/",
    "http://a.example",
    "a.example/team",
    "a.example/te",
    "*.example",
    "*.*",
]
OTHERS = ["a.example:5000", "other.example", "*", "", "a.example.org", "*.example:5000", "b.*/team"]
KEYS = st.sampled_from([*MATCHING, "a.example/team/app", "*.example/team", *OTHERS])
CHARACTERS = st.characters(codec="utf-8", exclude_characters="\0")
WORDS = st.text(CHARACTERS, max_size=6) | st.sampled_from(["u", "u:p", ":", "=", "u\n", '"', "\\"])
BASE64 = st.builds(
    lambda text: base64.b64encode(text.encode()).decode(), WORDS | st.builds("{}:{}".format, WORDS, WORDS)
)
AUTHS = BASE64.flatmap(
    lambda text: st.sampled_from(
        [text, text.rstrip("="), f"{text}=", f" {text}\n", f"{text[:2]}\r\n{text[2:]}", text[1:]]
    )
)
WRONG = st.sampled_from([None, True, 5, -1.5e9, [], {}, ["auth"], {"auth": "dTpw"}, [{"auth": "dTpw"}]])
FIELDS = {"auth": AUTHS, "Auth": AUTHS, "username": WORDS, "password": WORDS, "Password": WORDS}
FIELDS |= {"identitytoken": WORDS, "registrytoken": WORDS, "email": WORDS}
ENTRIES = st.fixed_dictionaries({}, optional={name: values | WRONG for name, values in FIELDS.items()})
CONFIGURATIONS = st.dictionaries(KEYS, ENTRIES | st.fixed_dictionaries(FIELDS) | st.just(GOOD) | WRONG, max_size=5)


@pytest.fixture(scope="module")
def awk(tmp_path_factory: pytest.TempPathFactory) -> Awk:
    return Awk(programs.awk("busybox"), tmp_path_factory.mktemp("awk"))


@settings(max_examples=150)
@given(auths=CONFIGURATIONS, name=st.sampled_from(["auths", "Auths"]), indent=st.sampled_from([None, 1]))
@example(auths={"a.example": {"auth": "dTpw", "Auth": None}}, name="auths", indent=None)
def test_both_readers_find_the_same(awk: Awk, auths: dict[str, Any], name: str, indent: int | None) -> None:
    config = {"credsStore": "x", name: auths}
    expected = matching(auths, IMAGE)
    lines = awk.run("secret.awk", json.dumps(config, indent=indent))

    logins = dict.fromkeys(f"{one.username}:{one.password}" for one in expected if one.username)
    assert found(awk, f"{IMAGE}:1", lines) == list(logins)
    assert [as_cli_reads(config) for config in found(awk, f"{IMAGE}:1", lines, "docker")] == expected


def as_cli_reads(config: str) -> Credential:
    registry, credential = in_configuration(config)
    assert registry == "a.example"
    return credential
