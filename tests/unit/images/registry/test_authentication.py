"""Tokens, passwords and helpers: each registry gets the credentials that it requires, and no others."""

from __future__ import annotations

import pytest

from .asking import answer, reason
from .conftest import DockerConfig
from .fake_registry import TOKEN, FakeRegistry

IDENTITY = "an-identity-token"


# ---------------------------------------------------------------- tokens


def test_what_is_public_takes_a_token_and_no_credential(registry: FakeRegistry, digest: str) -> None:
    registry.authentication, registry.anonymous = "token", True

    assert answer(registry) == digest
    refused, granted, asked = registry.asked
    assert refused.path == asked.path == "/v2/team/app/manifests/1"
    assert granted.query == {"service": ["registry, with a comma"], "scope": ["repository:team/app:pull"]}
    assert "authorization" not in granted.headers
    assert asked.headers["authorization"] == f"Bearer {TOKEN}"


def test_a_password_gets_a_token(registry: FakeRegistry, digest: str, docker_config: DockerConfig) -> None:
    registry.authentication, registry.users = "token", {"user": "pass:wörd"}
    docker_config.log_in(registry.address, "user", "pass:wörd")

    assert answer(registry) == digest
    # Only the token server may receive the password.
    assert [request.headers.get("authorization", "").partition(" ")[0] for request in registry.asked] == [
        "",
        "Basic",
        "Bearer",
    ]


def test_an_identity_token_gets_a_token(registry: FakeRegistry, digest: str, docker_config: DockerConfig) -> None:
    # As Azure's registries leave it.
    registry.authentication, registry.identity_token = "token", IDENTITY
    registry.token_answer = (200, {"access_token": TOKEN})
    docker_config.write(auths={registry.address: {"auth": "AAAA", "identitytoken": IDENTITY}})

    assert answer(registry) == digest
    granted = registry.asked[1]
    assert granted.method == "POST"
    assert granted.form["grant_type"] == ["refresh_token"]
    assert granted.form["scope"] == ["repository:team/app:pull"]
    assert IDENTITY not in granted.path


def test_an_identity_token_is_not_carried_elsewhere(
    registry: FakeRegistry, other_registry: FakeRegistry, docker_config: DockerConfig
) -> None:
    registry.authentication, registry.identity_token = "token", IDENTITY
    registry.token_answer = (307, {})
    registry.redirect = f"http://{other_registry.address}"
    docker_config.write(auths={registry.address: {"auth": "AAAA", "identitytoken": IDENTITY}})

    assert reason(registry) == "it answers 307 Temporary Redirect"
    assert other_registry.asked == []


@pytest.mark.parametrize(
    "form",
    [
        'Basic realm="other", Bearer realm="{realm}",service="s"',
        'Bearer realm="{realm}",service="s", Basic realm="other"',
        'bearer realm="{realm}"',
    ],
)
def test_the_challenge_may_be_written_in_other_ways(registry: FakeRegistry, digest: str, form: str) -> None:
    registry.authentication, registry.anonymous = "token", True
    registry.challenge = form.format(realm=registry.realm)

    assert answer(registry) == digest
    # Without a scope from the registry, the scope is to pull from this repository.
    assert registry.asked[1].query["scope"] == ["repository:team/app:pull"]


def test_a_token_that_is_not_enough(registry: FakeRegistry) -> None:
    registry.authentication, registry.anonymous = "token", True
    registry.token_answer = (200, {"token": "for something else"})

    where = f"; the Docker configuration has no credential for {registry.address}"
    assert reason(registry) == f"unauthorized, or no such repository{where}"


@pytest.mark.parametrize(
    ("status", "content", "expected"),
    [
        (429, {}, "too many requests"),
        (500, {}, "it answers 500 Internal Server Error"),
        (404, {}, "{address}, which it names for tokens, has none"),
        (200, {}, "{address} grants no token"),
        (200, ["token"], "{address} grants no token"),
        (200, b"<html>", "{address} grants no token"),
        (200, {"token": 1}, "{address} grants no token"),
    ],
)
def test_a_token_server_that_is_broken(registry: FakeRegistry, status: int, content: object, expected: str) -> None:
    registry.authentication, registry.anonymous = "token", True
    registry.token_answer = (status, content)

    assert reason(registry) == expected.format(address=registry.address)


def test_a_token_server_that_is_not_there(registry: FakeRegistry) -> None:
    registry.authentication, registry.realm = "token", "http://registry.invalid/token"

    assert reason(registry) == "registry.invalid, which it names for tokens: host not found"


@pytest.mark.parametrize("realm", ["ftp://127.0.0.1/token", "", "/token"])
def test_a_token_server_is_asked_over_http_alone(registry: FakeRegistry, realm: str) -> None:
    registry.authentication, registry.realm = "token", realm
    registry.challenge = f'Bearer realm="{realm}"'

    assert reason(registry) == f"it names {realm!r} for tokens, which is not over TLS"


# ---------------------------------------------------------------- passwords


def test_a_registry_that_takes_the_password_itself(
    registry: FakeRegistry, digest: str, docker_config: DockerConfig
) -> None:
    registry.authentication, registry.users = "basic", {"AWS": "secret"}
    docker_config.log_in(registry.address, "AWS", "secret")

    assert answer(registry) == digest


@pytest.mark.parametrize("authentication", ["basic", "token"])
def test_no_credential(registry: FakeRegistry, authentication: str) -> None:
    registry.authentication = authentication

    where = f"the Docker configuration has no credential for {registry.address}"
    assert reason(registry) == f"unauthorized; {where}"


@pytest.mark.parametrize("authentication", ["basic", "token"])
def test_a_wrong_credential(registry: FakeRegistry, docker_config: DockerConfig, authentication: str) -> None:
    registry.authentication, registry.users = authentication, {"user": "right"}
    docker_config.log_in(registry.address, "user", "wrong-password")

    assert reason(registry) == f"unauthorized with the credential for {registry.address} in the Docker configuration"


def test_a_password_is_sent_to_nobody_who_does_not_ask(
    registry: FakeRegistry, digest: str, docker_config: DockerConfig
) -> None:
    docker_config.log_in(registry.address, "user", "password")

    assert answer(registry) == digest
    assert "authorization" not in registry.asked[0].headers


def test_netrc_is_no_source_of_credentials(registry: FakeRegistry, digest: str, docker_config: DockerConfig) -> None:
    home = docker_config.directory / "home"
    home.mkdir()
    (home / ".netrc").write_text("machine 127.0.0.1 login user password other\n")
    registry.authentication, registry.anonymous = "token", True

    assert answer(registry) == digest
    assert not any("Basic" in request.headers.get("authorization", "") for request in registry.asked)
