"""A credential provider that fails: the pull goes on without it, and the reason is told where it matters."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ..conftest import Node, in_every_shell
from ..fake_provider import API, Provider, response
from .test_credentials import REFUSED, auth, login, tried

IMAGE = "reg.example/team/app:1"
NO_ANSWER = f"its answer is no CredentialProviderResponse of {API}"
GOOD = {"reg.example": login("a")}
TOKENS = [
    "eyJhbGciOiJSUzI1NiIsImtpZCI6IjEifQ",
    "AKIAIOSFODNN7EXAMPLE",
    "AbCdEfGhIjKlMnOpQrStUvWxYz/AbCdEfGhIjKlMnOpQrStUvWxYz==",
    "7d9e05e1-1d59-4fe7-06a2-1d6cfb24a616",
]

FAILURES: list[tuple[Any, str]] = [
    ({"code": 1}, "exit code 1"),
    ({"code": 3, "complaint": "\n  no metadata service\nmore\n"}, "exit code 3: no metadata service"),
    (
        {"code": 1, "complaint": "E1126 10:15:59.123456   12345 main.go:45] Error running the plugin: no region\n"},
        "exit code 1: Error running the plugin: no region",
    ),
    *[
        ({"code": 1, "complaint": f"token {token}, refused by api.ecr.eu-north-1.amazonaws.com\n"},
         "exit code 1: token ..., refused by api.ecr.eu-north-1.amazonaws.com")
        for token in TOKENS
    ],
    ({"code": 1, "complaint": "open /etc/kubernetes/azure.json: no such file or directory"},
     "exit code 1: open /etc/kubernetes/azure.json: no such file or directory"),
    ({"code": 1, "complaint": "a\x1b[31m\u00e9\tb"}, "exit code 1: a [31m b"),
    ({"code": 1, "complaint": "word " * 100}, f"exit code 1: {'word ' * 19}wo..."),
    ({"code": 124, "complaint": "no"}, "exit code 124: no"),
    ({"seconds": 60}, "timed out after 0.500 s"),
    ("", NO_ANSWER),
    ("rubbish", NO_ANSWER),
    ("[]", NO_ANSWER),
    ("null", NO_ANSWER),
    (response(GOOD)[:-1], NO_ANSWER),
    (response(GOOD) + "}", NO_ANSWER),
    (response(GOOD, apiVersion="credentialprovider.kubelet.k8s.io/v1beta1"), NO_ANSWER),
    (response(GOOD, apiVersion=None), NO_ANSWER),
    (response(GOOD, kind="CredentialProviderRequest"), NO_ANSWER),
    (response(GOOD, "Nothing"), NO_ANSWER),
    (response({}), "it has no credentials for this image"),
    (response({"other.example": login("a")}), "it has no credentials for this image"),
    (response({"reg.example": {"password": "secret"}}), "it has no credentials for this image"),
    (response(GOOD), "its credentials are refused"),
]  # fmt: skip


@pytest.mark.parametrize(("step", "reason"), FAILURES, ids=range(len(FAILURES)))
def test_why_it_failed_is_in_the_reason_and_in_the_log(node: Node, provider: Provider, step: Any, reason: str) -> None:
    node.plan({"pull": [{"error": REFUSED, "unless": []}]})
    provider.answers(step)
    limit = 500 if "timed out" in reason else 20_000
    outcome = node.run(IMAGE, provider_timeout_ms=limit, **provider.settings())
    assert outcome.reasons == {0: f"unauthorized (credential provider: {reason})"}
    assert f"credential provider, for {IMAGE}: {reason}\n" in outcome.output


def test_an_endless_answer_does_not_fill_the_memory(node: Node, provider: Provider) -> None:
    node.plan({"pull": [{"error": REFUSED, "unless": []}]})
    provider.answers("x" * 3_000_000)
    outcome = node.run(IMAGE, **provider.settings())
    [reason] = outcome.reasons.values()
    assert str(reason).startswith("unauthorized (credential provider: exit code ")
    assert max(file.stat().st_size for file in (node.directory / "work").rglob("*")) <= 1 << 20


@in_every_shell
@pytest.mark.parametrize("step", [{"code": 1}, {"seconds": 60}, "rubbish", response({"other.example": login("a")})])
def test_a_failure_does_not_keep_an_image_that_needs_no_credentials(node: Node, provider: Provider, step: Any) -> None:
    provider.answers(step)
    outcome = node.run(IMAGE, provider_timeout_ms=500, **provider.settings())
    assert outcome.code == 0
    assert tried(outcome) == ["none"]
    assert outcome.reasons == {}


def missing(command: Path) -> str:
    command.unlink()
    return "it is not on the node"


def directory(command: Path) -> str:
    command.unlink()
    command.mkdir()
    return "it is not on the node"


def plain_file(command: Path) -> str:
    command.chmod(0o644)
    return "it is not executable"


def broken(command: Path) -> str:
    command.write_text("#!/nonexistent/interpreter\n")
    return "it does not run in the puller image"


@in_every_shell
@pytest.mark.parametrize("spoil", [missing, directory, plain_file, broken])
def test_a_program_that_is_none_is_told(node: Node, provider: Provider, spoil: Any) -> None:
    node.plan({"pull": [{"error": "401 Unauthorized"}]})
    reason = spoil(provider.command)
    outcome = node.run(IMAGE, **provider.settings())
    assert outcome.reasons == {0: f"unauthorized (credential provider: {reason})"}


def test_a_pull_that_fails_otherwise_has_its_own_reason(node: Node, provider: Provider) -> None:
    node.plan({"pull": [{"error": "manifest unknown"}]})
    provider.answers({"code": 1})
    outcome = node.run(IMAGE, **provider.settings())
    assert outcome.reasons == {0: "manifest unknown"}
    assert f"credential provider, for {IMAGE}: exit code 1" in outcome.output


def test_a_failure_beside_pull_secrets_that_are_refused(node: Node, provider: Provider) -> None:
    node.secret({"auths": {"reg.example": auth("secret")}})
    node.plan({"pull": [{"error": "401 Unauthorized"}]})
    provider.answers({"code": 1})
    outcome = node.run(IMAGE, **provider.settings())
    assert outcome.reasons == {0: "unauthorized (credential provider: exit code 1)"}
    assert tried(outcome) == [login("secret")]


def test_what_failed_at_the_first_attempt_is_not_told_of_the_last(node: Node, provider: Provider) -> None:
    node.plan({"pull": [{"error": "401 Unauthorized"}, {"error": "401 Unauthorized", "unless": [login("a")]}]})
    provider.answers({"code": 1}, response(GOOD))
    outcome = node.run(IMAGE, attempts=2, **provider.settings())
    assert outcome.code == 0
    assert tried(outcome) == ["none", login("a")]
    assert outcome.output.count("credential provider, for") == 1


def test_each_image_has_its_own_reason(node: Node, provider: Provider) -> None:
    node.plan({"pull": [{"error": "401 Unauthorized"}]})
    provider.answers({"code": 1})
    outcome = node.run("reg.example/a:1", "other.example/b:1", **provider.settings())
    assert outcome.reasons == {0: "unauthorized (credential provider: exit code 1)", 1: "unauthorized"}


@in_every_shell
def test_it_ends_with_the_puller(node: Node, provider: Provider) -> None:
    provider.answers({"seconds": 60})
    run = node.start(IMAGE, **provider.settings())
    run.until(lambda: provider.calls)
    run.terminate()


def test_the_time_limit_of_an_image_is_for_its_provider_too(node: Node, provider: Provider) -> None:
    provider.answers({"seconds": 60})
    outcome = node.run(IMAGE, image_timeout_ms=500, **provider.settings())
    assert outcome.reasons == {0: "timed out after 0.500 s"}
