from __future__ import annotations

import base64
import json

import pytest

from ..conftest import Node, Outcome, hub, in_every_shell


def login(name: str) -> str:
    return f"{name}:secret-{name}"


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def auth(name: str) -> dict[str, object]:
    return {"auth": b64(login(name))}


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
    "both.example": {"username": "x", "password": "secret-x", "auth": b64(login("both")), "email": "a@example"},
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
    "slashes.example": {"auth": "dTphPj4\u002bPz8\/Pg\u003d\u003d"},
    "first.example": {"auth": "c2Vjb25kOnNlY3JldC1zZWNvbmQ="}
  }
}"""
TRUNCATED = '{"auths": {"truncated.example": {"auth": "secret-truncated"}}, "x": '

CRICTL = {
    "reg.example/x:1": login("host"),
    "reg.example:5000/x:1": login("port"),
    "reg.example/team/x:1": login("team"),
    "reg.example/team/app:1": login("app"),
    "reg.example/team/app/part:1": login("app"),
    # The kubelet compares the beginning of the path, whether a part of it ends there or not.
    "reg.example/team2/x:1": login("team"),
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
    "slashes.example/x:1": "u:a>>>???>",
    "truncated.example/x:1": None,
}


BROKEN = {"002-text": "neither JSON nor anything", "003-half": TRUNCATED, "004-empty": "", "005-list": "[]"}


@pytest.fixture(scope="module")
def outcome(shared_node: Node) -> Outcome:
    shared_node.secret(CONFIG, "000-good")
    shared_node.secret(ESCAPED, "001-escaped")
    for name, text in BROKEN.items():
        shared_node.secret(text, name)
    shared_node.secret("", "006-other-type", key=None)
    return shared_node.run(*CRICTL)


@pytest.mark.parametrize("image", CRICTL)
def test_crictl_gets_the_credential_of_the_best_key_in_its_environment(outcome: Outcome, image: str) -> None:
    (call,) = [call for call in outcome.of("pull") if call.image == image]
    given = [value for name, value in call.environment.items() if name in ("CRICTL_AUTH", "CRICTL_CREDS")]
    assert given == [value for value in [CRICTL[image]] if value]


def test_a_secret_that_cannot_be_read_is_told_and_the_others_are_used(outcome: Outcome) -> None:
    assert outcome.code == 0
    assert outcome.problems.splitlines() == [
        *(f"the pull secret {name} is not valid JSON" for name in ("text", "half", "empty", "list")),
        "the pull secret other-type has neither .dockerconfigjson nor .dockercfg",
    ]


def test_no_secret_is_told_to_anyone_else(outcome: Outcome) -> None:
    told = [outcome.output, outcome.problems, outcome.text, json.dumps([call.arguments for call in outcome.calls])]
    for secret in filter(None, CRICTL.values()):
        assert not [text for text in told if secret in text or "secret-" in text]


def test_docker_gets_a_configuration_with_that_credential_alone(node: Node) -> None:
    node.socket = "docker"
    node.secret(CONFIG, "000-good")
    node.secret(ESCAPED, "001-escaped")
    images = [hub("x:1"), "reg.example:5000/x:1", "plain.example/x:1", "escaped.example/team/x:1", "none.example/x:1"]
    outcome = node.run(*images)
    assert outcome.code == 0
    configs = {call.image: call.environment.get("DOCKER_CONFIG", "{}") for call in outcome.of("pull")}
    given = {image: json.loads(config).get("auths", {}) for image, config in configs.items()}
    assert given[hub("x:1")]["https://index.docker.io/v1/"]["auth"] == b64(login("hub"))
    assert given["reg.example:5000/x:1"]["reg.example:5000"]["auth"] == b64(login("port"))
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
    assert "CRICTL_CREDS" not in outcome.of("pull")[0].environment


@in_every_shell
def test_a_password_passes_every_shell_as_it_is(node: Node) -> None:
    node.secret(ESCAPED)
    outcome = node.run("escaped.example/team/x:1")
    assert outcome.of("pull")[0].environment["CRICTL_CREDS"] == CRICTL["escaped.example/team/x:1"]


# ---------------------------------------------------------------- several that match

IMAGE = "reg.example/team/app:1"
REFUSED = "failed to resolve reference: pull access denied, repository does not exist: 401 Unauthorized"
both_clients = pytest.mark.parametrize("client", ["crictl", "docker"])


def for_teams(node: Node, *names: str) -> None:
    """One secret for each team, all for the same registry."""
    for index, name in enumerate(names):
        node.secret({"auths": {"reg.example": auth(name)}}, f"{index:03d}-{name}")


def tried(outcome: Outcome) -> list[str]:
    """The passwords with which the clients pulled."""
    given = []
    for call in outcome.of("pull"):
        config = json.loads(call.environment.get("DOCKER_CONFIG", "{}"))
        auths = [
            base64.b64decode(entry["auth"]).decode() or f"{entry['username']}:{entry['password']}"
            for entry in config.get("auths", {}).values()
        ]
        given += auths or [call.environment.get("CRICTL_CREDS", "none")]
    return given


@in_every_shell
@both_clients
def test_each_credential_is_tried_until_one_opens_the_registry(node: Node, client: str) -> None:
    node.socket = client
    for_teams(node, "a", "b", "c")
    node.plan({"pull": [{"error": REFUSED, "unless": [login("b")]}]})
    outcome = node.run(IMAGE)
    assert outcome.code == 0
    assert tried(outcome) == [login("a"), login("b")]
    # It is one attempt.
    assert outcome.report.results[0].attempts == 1
    assert IMAGE in node.tags


def test_the_kubelets_order_is_that_of_the_keys_and_then_of_the_secrets(node: Node) -> None:
    node.secret({"auths": {"reg.example": auth("a"), "reg.example/team/app": auth("d")}}, "000-first")
    node.secret({"auths": {"https://reg.example/v1/": auth("b"), "reg.example/team": auth("c")}}, "001-second")
    node.plan({"pull": [{"error": REFUSED, "unless": []}]})
    outcome = node.run(IMAGE)
    assert tried(outcome) == [login(name) for name in "dcab"]


@both_clients
def test_it_is_unauthorized_once_all_are_refused(node: Node, client: str) -> None:
    node.socket = client
    for_teams(node, "a", "b")
    node.plan({"pull": [{"error": "401 Unauthorized", "unless": []}]})
    outcome = node.run(IMAGE, attempts=2)
    assert outcome.reasons == {0: "unauthorized"}
    assert tried(outcome) == [login("a"), login("b")] * 2
    # The anonymous way is for registries without a credential.
    assert "none" not in tried(outcome)
    assert not list((node.directory / "work").glob("*.docker"))


@pytest.mark.parametrize(
    ("first", "second", "reason"),
    [
        ("401 Unauthorized", "connection refused", "connection refused"),
        ("connection refused", "401 Unauthorized", "connection refused"),
        ("manifest unknown", "401 Unauthorized", "manifest unknown"),
        ("401 Unauthorized", "manifest unknown", "manifest unknown"),
        ("connection refused", "manifest unknown", "connection refused"),
        ("401 Unauthorized", "insufficient_scope", "unauthorized, or no such repository"),
    ],
)
def test_the_reason_is_what_the_first_heard_that_was_not_refused(
    node: Node, first: str, second: str, reason: str
) -> None:
    for_teams(node, "a", "b")
    node.plan({"pull": [{"error": first}, {"error": second}]})
    outcome = node.run(IMAGE)
    assert len(tried(outcome)) == 2
    assert outcome.reasons == {0: reason}


def test_the_time_limit_is_for_all_of_them(node: Node) -> None:
    for_teams(node, "a", "b")
    node.plan({"pull": [{"error": "401 Unauthorized"}, {"hang": True}]})
    outcome = node.run(IMAGE, image_timeout_ms=600)
    assert outcome.reasons == {0: "timed out after 0.600 s"}


def test_a_secret_of_the_old_type_is_read_like_the_others(node: Node) -> None:
    node.secret({"auths": {"reg.example": auth("a")}}, "000-new")
    node.secret({"https://reg.example/v1/": {**auth("b"), "email": "e"}}, "001-old", ".dockercfg")
    node.plan({"pull": [{"error": REFUSED, "unless": [login("b")]}]})
    outcome = node.run(IMAGE)
    assert outcome.code == 0
    assert tried(outcome) == [login("a"), login("b")]
    assert outcome.problems == ""


def test_what_is_wrong_in_one_secret_does_not_spoil_the_others(node: Node) -> None:
    node.secret({"auths": {"reg.example": {"auth": 5}, "a.example": None}}, "000-wrong")
    node.secret({"auths": {"reg.example": {"auth": "no base64"}, "a.example": {"auth": ""}}}, "001-wrong")
    node.secret({"auths": {"reg.example": {"auth": b64(login("c")).rstrip("=")}}}, "002-unpadded")
    assert tried(node.run(IMAGE, "a.example/x:1")) in ([login("c"), "none"], ["none", login("c")])
