from __future__ import annotations

import base64
import json

import pytest

from ..conftest import Node, Outcome, hub, in_every_shell


def login(name: str) -> str:
    return base64.b64encode(f"{name}:secret-{name}".encode()).decode()


def auth(name: str) -> dict[str, object]:
    return {"auth": login(name)}


AUTHS: dict[str, object] = {
    "reg.example": auth("host"),
    "reg.example:5000": auth("port"),
    "reg.example/team": auth("team"),
    "reg.example/team/app": auth("app"),
    "reg:5000": auth("short"),
    "https://index.docker.io/v1/": auth("hub"),
    "https://v2.example/v2/": auth("v2"),
    "http://slash.example/": auth("slash"),
    "https://v1.example/v1/team": auth("v1"),
    "*.wild.example": auth("wild"),
    "exact.wild.example": auth("exact"),
    "first.example": auth("first"),
    "plain.example": {"username": "robot", "password": "secret-plain"},
    "both.example": {"username": "x", "password": "secret-x", "auth": login("both"), "email": "a@example"},
    "only-email.example": {"email": "a@example"},
    "nested.example": {"list": [["auth", {"auth": "secret-nested"}]], **auth("nested"), "object": {"auth": "secret"}},
    "array.example": ["auth", "secret-array"],
}
CONFIG = {
    "HttpHeaders": {"auths": {"headers.example": {"auth": "secret-headers"}}},
    "list": [[1, -2.5e3, True, None, "auths"], {}],
    "auths": AUTHS,
    "credHelpers": {"helper.example": "ecr-login"},
    "other": {"other.example": {"auth": "secret-other"}},
}
ESCAPED = r"""{
  "auths": {
    "escaped.example\/team": { "username": "us\"er", "password": "secret-\\\/\u00e9\u4E2d\ud83d\ude00\t%s$HOME" },
    "slashes.example": {"auth": "c2VjcmV0\/\u002b\u003d"},
    "first.example": {"auth": "c2VjcmV0LXNlY29uZA=="}
  }
}"""
TRUNCATED = '{"auths": {"truncated.example": {"auth": "secret-truncated"}}, "x": '

CRICTL = {
    "reg.example/x:1": login("host"),
    "reg.example:5000/x:1": login("port"),
    "reg.example/team/x:1": login("team"),
    "reg.example/team/app:1": login("app"),
    "reg.example/team/app/part:1": login("app"),
    "reg.example/team2/x:1": login("host"),
    f"reg.example/team/app@sha256:{'0' * 64}": login("app"),
    "reg.example:50001/x:1": None,
    "reg.example.evil.example/x:1": None,
    "reg:5000/x:1": login("short"),
    "reg:50001/x:1": None,
    hub("x:1"): login("hub"),
    "docker.io/team/x:1": login("hub"),
    "docker.io.evil.example/x:1": None,
    "evil.example/docker.io/x:1": None,
    "v2.example/x:1": login("v2"),
    "slash.example/x:1": login("slash"),
    "v1.example/team/x:1": login("v1"),
    "v1.example/x:1": None,
    "a.wild.example/x:1": login("wild"),
    "exact.wild.example/x:1": login("exact"),
    "a.b.wild.example/x:1": None,
    "wild.example/x:1": None,
    "first.example/x:1": login("first"),
    "plain.example/x:1": "robot:secret-plain",
    "both.example/x:1": login("both"),
    "only-email.example/x:1": None,
    "nested.example/x:1": login("nested"),
    "array.example/x:1": None,
    "headers.example/x:1": None,
    "helper.example/x:1": None,
    "other.example/x:1": None,
    "escaped.example/team/x:1": 'us"er:secret-\\/\u00e9\u4e2d\U0001f600\t%s$HOME',
    "escaped.example/x:1": None,
    "slashes.example/x:1": "c2VjcmV0/+=",
    "truncated.example/x:1": None,
}


@pytest.fixture(scope="module")
def outcome(shared_node: Node) -> Outcome:
    shared_node.secret(CONFIG, "000.json")
    shared_node.secret(ESCAPED, "001.json")
    shared_node.secret("neither JSON nor anything", "002.json")
    shared_node.secret(TRUNCATED, "003.json")
    shared_node.secret("", "004.json")
    shared_node.secret("[]", "005.json")
    return shared_node.run(*CRICTL)


@pytest.mark.parametrize("image", CRICTL)
def test_crictl_gets_the_credential_of_the_longest_key_in_its_environment(outcome: Outcome, image: str) -> None:
    (call,) = [call for call in outcome.of("pull") if call.image == image]
    given = [value for name, value in call.environment.items() if name in ("CRICTL_AUTH", "CRICTL_CREDS")]
    assert given == [value for value in [CRICTL[image]] if value]


def test_a_secret_that_cannot_be_read_is_told_and_the_others_are_used(outcome: Outcome) -> None:
    assert outcome.code == 0
    assert outcome.problems.splitlines() == [
        f"the pull secret in {name} is not valid JSON" for name in ("002.json", "003.json", "004.json", "005.json")
    ]


def test_no_secret_is_told_to_anyone_else(outcome: Outcome) -> None:
    told = [outcome.output, outcome.problems, outcome.text, json.dumps([call.arguments for call in outcome.calls])]
    for secret in filter(None, CRICTL.values()):
        assert not [text for text in told if secret in text or "secret-" in text]


def test_docker_gets_a_configuration_with_that_credential_alone(node: Node) -> None:
    node.socket = "docker"
    node.secret(CONFIG, "000.json")
    node.secret(ESCAPED, "001.json")
    images = [hub("x:1"), "reg.example:5000/x:1", "plain.example/x:1", "escaped.example/team/x:1", "none.example/x:1"]
    outcome = node.run(*images)
    assert outcome.code == 0
    configs = {call.image: call.environment.get("DOCKER_CONFIG", "{}") for call in outcome.of("pull")}
    given = {image: json.loads(config).get("auths", {}) for image, config in configs.items()}
    assert given[hub("x:1")]["https://index.docker.io/v1/"]["auth"] == login("hub")
    assert given["reg.example:5000/x:1"]["reg.example:5000"]["auth"] == login("port")
    assert given["plain.example/x:1"]["plain.example"]["username"] == "robot"
    assert given["escaped.example/team/x:1"]["escaped.example"]["password"] == "secret-\\/é中😀\t%s$HOME"
    assert given["none.example/x:1"] == {}
    assert all(len(auths) <= 1 for auths in given.values())
    assert not list((node.directory / "work").glob("*.docker"))


@in_every_shell
@pytest.mark.parametrize("directory", [None, "/nonexistent"])
def test_without_secrets_images_are_pulled_without_credentials(node: Node, directory: str | None) -> None:
    outcome = node.run(hub("x:1"), secrets=directory)
    assert outcome.code == 0
    assert not outcome.problems
    assert "CRICTL_AUTH" not in outcome.of("pull")[0].environment


@in_every_shell
def test_a_password_passes_every_shell_as_it_is(node: Node) -> None:
    node.secret(ESCAPED)
    outcome = node.run("escaped.example/team/x:1")
    assert outcome.of("pull")[0].environment["CRICTL_CREDS"] == CRICTL["escaped.example/team/x:1"]
