"""The entries of a Docker configuration, as `pin_digests` reads them."""

from __future__ import annotations

import json

import pytest
from prepull.images.registry.logins import Credential, matching, member

from ...configurations import CASES, GOOD, UP


@pytest.mark.parametrize("case", CASES)
def test_what_a_configuration_has_for_an_image(case: str) -> None:
    auths = member(json.loads(CASES[case].json), "auths") or {}
    assert isinstance(auths, dict)
    assert matching(auths, CASES[case].image) == CASES[case].credentials


def test_a_host_is_enough_where_no_key_matches_as_for_the_docker_cli() -> None:
    assert matching({"https://r.example/v2/team": GOOD}, "r.example/other/app") == [UP]
    assert matching({"https://r.example/v2/team": GOOD}, "r.example.org/other/app") == []


def test_half_a_character_is_no_part_of_a_name() -> None:
    assert matching({"r.example": {"username": "\ud800", "password": "p"}}, "r.example/app") == []


def test_a_credential_shows_no_secret() -> None:
    assert "secret" not in repr(Credential("user", "secret", "secret", "secret"))
