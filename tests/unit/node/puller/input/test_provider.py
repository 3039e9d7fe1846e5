"""A credential provider of the node: when it is asked, and what becomes of its answers."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ..conftest import Node, Outcome, hub, in_every_shell
from ..fake_provider import API, Provider, response
from .test_credentials import REFUSED, auth, both_clients, login, tried

IMAGE = "reg.example/team/app:1"


@in_every_shell
@both_clients
def test_a_provider_opens_the_registry(node: Node, provider: Provider, client: str) -> None:
    node.socket = client
    node.plan({"pull": [{"error": REFUSED, "unless": [login("a")]}]})
    provider.answers(response({"reg.example": login("a")}))
    outcome = node.run(IMAGE, **provider.settings())
    assert outcome.code == 0
    assert tried(outcome) == [login("a")]
    assert IMAGE in node.tags
    assert not list((node.directory / "work").glob("*.docker"))


@in_every_shell
def test_it_is_asked_as_the_kubelet_asks(node: Node, provider: Provider) -> None:
    digest = f"sha256:{'0' * 64}"
    hostile = ["get", "", "-v", 'a "b" $(touch x) `touch x` \\n %s', "*"]
    variables = ["REGION=eu north 1", "EMPTY=", "QUOTE=a'b\"$(touch x)\\", "PATH=/nowhere"]
    settings = provider.settings(
        "reg.example:5000", provider_args="\n".join(hostile), provider_env="\n".join(variables)
    )
    outcome = node.run(f"reg.example:5000/team/app:1@{digest}", **settings)
    assert outcome.code == 0
    [call] = provider.calls
    assert call["arguments"] == hostile
    told = call["environment"]
    assert {f"{name}={told[name]}" for name in ("REGION", "EMPTY", "QUOTE", "PATH")} == set(variables)
    assert json.loads(call["stdin"]) == {
        "kind": "CredentialProviderRequest",
        "apiVersion": API,
        "image": "reg.example:5000/team/app",
    }
    assert not (node.directory / "x").exists()


def test_without_arguments_it_gets_none(node: Node, provider: Provider) -> None:
    node.run(IMAGE, **provider.settings())
    assert [call["arguments"] for call in provider.calls] == [[]]


PATTERNS = [
    (["reg.example"], "reg.example/team/app:1", True),
    (["*.example"], "reg.example/team/app:1", True),
    (["*.example"], "a.reg.example/team/app:1", False),
    (["example"], "reg.example/team/app:1", False),
    (["*.dkr.ecr.*.amazonaws.com"], "1.dkr.ecr.eu-north-1.amazonaws.com/app:1", True),
    (["*.dkr.ecr.*.amazonaws.com"], "1.dkr.ecr.eu-north-1.amazonaws.com.cn/app:1", False),
    (["*-docker.pkg.dev"], "europe-docker.pkg.dev/p/r/app:1", True),
    (["reg.example"], "reg.example:5000/app:1", False),
    (["reg.example:5000"], "reg.example:5000/app:1", True),
    (["reg.example:5000"], "reg.example:5001/app:1", False),
    (["reg.example/team"], "reg.example/team/app:1", True),
    (["reg.example/team"], "reg.example/other/app:1", False),
    (["reg.example/v2/team"], "reg.example/v2/team/app:1", True),
    (["reg.example/v2/team"], "reg.example/team/app:1", False),
    (["other.example", "docker.io"], hub("x:1"), True),
    (["quay.io"], hub("x:1"), False),
]


@pytest.mark.parametrize(("patterns", "image", "asked"), PATTERNS)
def test_it_is_asked_for_the_images_that_match(
    node: Node, provider: Provider, patterns: list[str], image: str, asked: bool
) -> None:
    assert node.run(image, **provider.settings(*patterns)).code == 0
    assert bool(provider.asked) == asked


ANSWERS: list[tuple[Any, list[str]]] = [
    ({"reg.example": login("a")}, [login("a")]),
    ({"*.example": login("a")}, [login("a")]),
    ({"https://reg.example/v2/": login("a")}, [login("a")]),
    ({"reg.example": login("a"), "reg.example/team": login("b"), "*.example": login("c")}, list(map(login, "bac"))),
    ({"reg.example/team": 'us"er\u00e9:p:a\\ss\n'}, ['us"er\u00e9:p:a\\ss\n']),
    ({"reg.example": {"username": "u", "password": 5}, "reg.example/team": login("b")}, [login("b")]),
    ({"other.example": login("a")}, ["none"]),
    ({}, ["none"]),
    (None, ["none"]),
]


@pytest.mark.parametrize(("given", "expected"), ANSWERS)
def test_its_answer_is_matched_as_pull_secrets_are(
    node: Node, provider: Provider, given: Any, expected: list[str]
) -> None:
    node.plan({"pull": [{"error": REFUSED, "unless": []}]})
    provider.answers(response(given))
    assert tried(node.run(IMAGE, **provider.settings())) == expected


@in_every_shell
@both_clients
def test_pull_secrets_are_tried_first(node: Node, provider: Provider, client: str) -> None:
    node.socket = client
    node.secret({"auths": {"reg.example": auth("secret")}})
    node.plan({"pull": [{"error": REFUSED, "unless": [login("b")]}]})
    provider.answers(response({"reg.example": login("b")}))
    outcome = node.run(IMAGE, **provider.settings())
    assert outcome.code == 0
    assert tried(outcome) == [login("secret"), login("b")]
    # It gets none of the pull secrets.
    assert "secret-secret" not in json.dumps(provider.calls)


def test_it_is_not_asked_where_a_pull_secret_opens_the_registry(node: Node, provider: Provider) -> None:
    node.secret({"auths": {"reg.example": auth("secret")}})
    outcome = node.run(IMAGE, **provider.settings())
    assert tried(outcome) == [login("secret")]
    assert provider.asked == []


def test_an_image_that_needs_no_credentials_comes_without(node: Node, provider: Provider) -> None:
    outcome = node.run(IMAGE, **provider.settings())
    assert outcome.code == 0
    assert tried(outcome) == ["none"]


OTHERS = ["reg.example/team/app:1", "reg.example/team/app:2", "reg.example/x:1", "a.example/x:1"]
KEPT = [
    ("Image", "6h0m0s", ["reg.example/team/app", "reg.example/x", "a.example/x"]),
    ("Registry", "1.5h", ["reg.example/team/app", "a.example/x"]),
    ("Global", "90s", ["reg.example/team/app"]),
    ("Global", "100000h", ["reg.example/team/app"]),
    *[
        (kind, duration, [name.rpartition(":")[0] for name in OTHERS])
        for kind in ("Image", "Registry", "Global")
        for duration in ("0s", None, "1ns", "-1h", "soon", "")
    ],
]


@pytest.mark.parametrize(("kind", "duration", "asked"), KEPT)
def test_an_answer_is_kept_as_it_says(
    node: Node, provider: Provider, kind: str, duration: str | None, asked: list[str]
) -> None:
    answer = response({"*.example": login("a")}, kind, duration)
    provider.answers(answer)
    outcome = node.run(*OTHERS, parallelism=1, **provider.settings("*.example"))
    assert provider.asked == asked
    assert tried(outcome) == [login("a")] * 4


def test_an_answer_is_kept_no_longer_than_it_says(node: Node, provider: Provider) -> None:
    provider.answers(response({"*.example": login("a")}, "Global", "300ms"), response({"*.example": login("b")}))
    node.plan({"pull": [{"seconds": 0.6}]})
    outcome = node.run(*OTHERS[:2], parallelism=1, **provider.settings("*.example"))
    assert tried(outcome) == [login("a"), login("b")]


def test_each_refresh_asks_again(node: Node, provider: Provider) -> None:
    provider.answers(response({"reg.example": login("a")}, "Global", "12h"), response({"reg.example": login("b")}))
    run = node.start(IMAGE, refresh_ms=50, **provider.settings())
    run.until(lambda: len(provider.asked) >= 2 and len([c for c in node.calls() if c.verb == "pull"]) >= 2)
    run.terminate()
    given = [call.environment["CRICTL_CREDS"] for call in node.calls() if call.verb == "pull"]
    assert given[:2] == [login("a"), login("b")]


def told(outcome: Outcome) -> str:
    return "\n".join([outcome.output, outcome.problems, outcome.text, json.dumps([c.arguments for c in outcome.calls])])


@pytest.mark.parametrize(
    "step",
    [
        {"answer": response({"reg.example": login("a")})},
        {"answer": response({"other.example": login("a")})},
        {"answer": response({"reg.example": login("a")})[:-1]},
        {"answer": response({"reg.example": login("a")}, "Nothing")},
        {"answer": response({"reg.example": login("a")}), "code": 1},
        {"answer": response({"reg.example": login("a")}), "seconds": 60},
    ],
)
def test_no_credential_is_told_to_anyone_else(node: Node, provider: Provider, step: Any) -> None:
    node.plan({"pull": [{"error": REFUSED, "unless": []}]})
    provider.answers(step)
    outcome = node.run(IMAGE, attempts=2, provider_timeout_ms=500, **provider.settings())
    assert outcome.code == 1
    assert "secret-" not in told(outcome)
