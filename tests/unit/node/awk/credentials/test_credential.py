"""credential.awk: the credentials for one image, in the form of its client and in the kubelet's order."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence

import pytest
from prepull.images.registry.logins import Credential

from ....configurations import CASES, Case, b64
from ..conftest import Awk

REGISTRIES = {"docker.io": "https://index.docker.io/v1/"}


def found(awk: Awk, image: str, lines: Sequence[str], client: str = "crictl") -> list[str]:
    """What each turn gives, until there is none."""
    text = "".join(f"{line}\n" for line in lines)
    given: list[str] = []
    while len(given) < 10:
        turn = len(given) + 1
        printed = awk.run("credential.awk", text, separator="\t", name=image, client=client, turn=turn, code=None)
        if not printed:
            break
        whole = "\n".join(printed)
        assert whole.endswith(".")
        given.append(whole[:-1])
    return given


def read(awk: Awk, case: Case, client: str) -> list[str]:
    return found(awk, f"{case.image}:1", awk.run("secret.awk", case.json), client)


def in_configuration(config: str) -> tuple[str, Credential]:
    """The registry and the credential of a file with one entry, as the Docker CLI reads it."""
    [(registry, entry)] = json.loads(config)["auths"].items()
    username, password = entry["username"], entry["password"]
    if entry["auth"]:
        pair = base64.b64decode(entry["auth"], validate=True).decode()
        username, _, password = pair.partition(":")
        password = password.strip("\0")
    return registry, Credential(username, password, entry.get("identitytoken", ""), entry.get("registrytoken", ""))


@pytest.mark.parametrize("case", CASES)
def test_crictl_gets_what_has_a_user(awk: Awk, case: str) -> None:
    expected = [f"{one.username}:{one.password}" for one in CASES[case].credentials if one.username]
    assert read(awk, CASES[case], "crictl") == expected


@pytest.mark.parametrize("case", CASES)
def test_docker_gets_a_configuration_for_that_registry_alone(awk: Awk, case: str) -> None:
    registry = CASES[case].image.partition("/")[0]
    expected = [(REGISTRIES.get(registry, registry), credential) for credential in CASES[case].credentials]
    assert [in_configuration(config) for config in read(awk, CASES[case], "docker")] == expected


def test_several_secrets_are_one_keyring_and_their_order_counts_for_equal_keys(awk: Awk) -> None:
    first = ["r.example\t\ta\t1\t\t", "r.example/team\t\tb\t2\t\t"]
    second = ["https://r.example/v1/\t\tc\t3\t\t", "r.example/team/app\t\td\t4\t\t", "*.example\t\te\t5\t\t"]
    third = ["other.example\t\tf\t6\t\t", "r.example\t\tg\t7\t\t"]
    assert found(awk, "r.example/team/app:1", first + second + third) == ["d:4", "b:2", "a:1", "c:3", "g:7", "e:5"]


@pytest.mark.parametrize("tail", ["", ":1", ":1@sha256:0", "@sha256:0"])
def test_tag_and_digest_are_no_part_of_the_name(awk: Awk, tail: str) -> None:
    lines = ["r.example:5000/team/app\t\tu\tp\t\t", "r.example:5000/team/app:1\t\tx\ty\t\t"]
    assert found(awk, f"r.example:5000/team/app{tail}", lines) == ["u:p"]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("plain", "plain"),
        (r"\"\\\/", '"\\/'),
        (r"a\tb\u0041", "a\tbA"),
        (r"\u00e9\u4E2d", "é中"),
        (r"\ud83d\ude00!", "😀!"),
        (r"\\u0041", r"\u0041"),
        (r"a\n\n", "a\n\n"),
        ("é%s$HOME$(x)`x`", "é%s$HOME$(x)`x`"),
    ],
)
def test_a_client_gets_what_json_means(awk: Awk, written: str, meant: str) -> None:
    line = f"r.example\t\t{written}\t{written}\t\t"
    assert found(awk, "r.example/x", [line]) == [f"{meant}:{meant}"]
    [config] = found(awk, "r.example/x", [line], "docker")
    assert in_configuration(config) == ("r.example", Credential(meant, meant))


def test_escapes_in_base64_are_none_for_docker(awk: Awk) -> None:
    auth = b64("u:ÿþýûï¿").replace("/", r"\/").replace("+", r"\u002b").replace("=", r"\u003d")
    [config] = found(awk, "r.example/x", [f"r.example\t{auth}\t\t\t\t"], "docker")
    assert in_configuration(config) == ("r.example", Credential("u", "ÿþýûï¿"))
