"""credential.awk: the credential for one image, in the form of its client."""

from __future__ import annotations

import json

import pytest

from .conftest import Awk

KEYS = [
    "reg.example",
    "reg.example:5000",
    "reg.example/team",
    "reg.example\\/team\\/app",
    "https://index.docker.io/v1/",
    "http://slash.example/",
    "https://v2.example/v2/team",
    "*.wild.example",
    "exact.wild.example",
    "*.wild.example/team",
    "*.*.deep.example:5000",
    "w*[.]odd.example",
]

FOUND = {
    "reg.example/x:1": "reg.example",
    "reg.example:5000/x:1": "reg.example:5000",
    "reg.example:50001/x:1": None,
    "reg.example/team/x:1": "reg.example/team",
    "reg.example/teams/x:1": "reg.example",
    "reg.example/team/app:1": "reg.example\\/team\\/app",
    "reg.example/team/app@sha256:0": "reg.example\\/team\\/app",
    "reg.example.evil.example/x:1": None,
    "evil.example/reg.example/x:1": None,
    "docker.io/library/x:1": "https://index.docker.io/v1/",
    "slash.example/x:1": "http://slash.example/",
    "v2.example/team/x:1": "https://v2.example/v2/team",
    "v2.example/x:1": None,
    "a.wild.example/x:1": "*.wild.example",
    "exact.wild.example/x:1": "exact.wild.example",
    "a.wild.example/team/x:1": "*.wild.example/team",
    "a.b.wild.example/x:1": None,
    "wild.example/x:1": None,
    "a.b.deep.example:5000/x:1": "*.*.deep.example:5000",
    "w.odd.example/x:1": None,
}


def found(awk: Awk, image: str, lines: list[str], client: str = "crictl") -> str:
    text = "".join(f"{line}\n" for line in lines)
    return "\n".join(awk.run("credential.awk", text, separator="\t", name=image, client=client))


@pytest.mark.parametrize("image", FOUND)
def test_the_longest_key_that_matches_wins(awk: Awk, image: str) -> None:
    expected = FOUND[image]
    lines = [f"{key}\tauth-{index}\t\t" for index, key in enumerate(KEYS)]
    assert found(awk, image, lines) == ("" if expected is None else f"auth:auth-{KEYS.index(expected)}")


def test_of_two_with_one_key_the_first_wins(awk: Awk) -> None:
    assert found(awk, "r.example/x", ["r.example\ta\t\t", "https://r.example/v1/\tb\t\t"]) == "auth:a"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("plain", "plain"),
        (r"\"\\\/", '"\\/'),
        (r"a\tb\u0041", "a\tbA"),
        (r"\u00e9\u4E2d", "é中"),
        (r"\ud83d\ude00!", "😀!"),
        (r"\\u0041", r"\u0041"),
        ("é%s$HOME$(x)`x`", "é%s$HOME$(x)`x`"),
    ],
)
def test_crictl_gets_what_json_means(awk: Awk, written: str, meant: str) -> None:
    assert found(awk, "r.example/x", [f"r.example\t{written}\t\t"]) == f"auth:{meant}"
    assert found(awk, "r.example/x", [f"r.example\t\t{written}\t{written}"]) == f"creds:{meant}:{meant}"


@pytest.mark.parametrize(
    ("image", "registry"),
    [("r.example:5000/x:1", "r.example:5000"), ("docker.io/library/x:1", "https://index.docker.io/v1/")],
)
def test_docker_gets_a_configuration_for_that_registry_alone(awk: Awk, image: str, registry: str) -> None:
    lines = [f'{host}\tauth\\\\\tuser\\"\tp\\u00e9' for host in ("other.example", "r.example:5000", "docker.io")]
    login = {"auth": "auth\\", "username": 'user"', "password": "pé"}
    assert json.loads(found(awk, image, lines, "docker")) == {"auths": {registry: login}}
