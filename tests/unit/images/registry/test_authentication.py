"""Tokens, passwords and helpers: each registry gets the credentials that it requires, and no others."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from prepull.images.references import parse
from prepull.images.registry.ask import resolve
from prepull.images.registry.credentials import Credential, Credentials
from prepull.images.registry.failures import Unresolved

from .conftest import DockerConfig
from .fake_registry import TOKEN, FakeRegistry

IDENTITY = "an-identity-token"


@pytest.fixture
def digest(registry: FakeRegistry) -> str:
    return registry.push("team/app", "1")


def answer(registry: FakeRegistry) -> str | Unresolved:
    [found] = resolve([parse(f"{registry.address}/team/app:1")])
    return found


def reason(registry: FakeRegistry) -> str:
    found = answer(registry)
    assert isinstance(found, Unresolved)
    return found.reason


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

    assert reason(registry) == f"it sends whoever asks to {realm!r} for a token, which is not over TLS"


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


# ---------------------------------------------------------------- the Docker configuration


@pytest.mark.parametrize("kind", ["credHelpers", "credsStore"])
def test_a_credential_helper(registry: FakeRegistry, digest: str, docker_config: DockerConfig, kind: str) -> None:
    registry.authentication, registry.users = "token", {"user": "of the helper"}
    docker_config.write(**{kind: {registry.address: "test"} if kind == "credHelpers" else "test"})
    docker_config.helper("test", """echo '{"Username": "user", "Secret": "of the helper"}'""")

    assert answer(registry) == digest
    assert docker_config.helper_was_asked == [f"get {registry.address}"]


def test_a_helper_is_asked_once_for_all_images_of_a_registry(
    registry: FakeRegistry, docker_config: DockerConfig
) -> None:
    registry.authentication, registry.users = "basic", {"user": "s"}
    docker_config.write(credsStore="test")
    docker_config.helper("test", """echo '{"Username": "user", "Secret": "s"}'""")
    digests = [registry.push(f"app{index}", "1", str(index)) for index in range(10)]

    assert resolve([parse(f"{registry.address}/app{index}:1") for index in range(10)]) == digests
    assert len(docker_config.helper_was_asked) == 1


def test_a_helpers_identity_token(registry: FakeRegistry, digest: str, docker_config: DockerConfig) -> None:
    registry.authentication, registry.identity_token = "token", IDENTITY
    docker_config.write(credsStore="test")
    docker_config.helper("test", f"""echo '{{"Username": "<token>", "Secret": "{IDENTITY}"}}'""")

    assert answer(registry) == digest


def test_what_the_helper_does_not_have_may_be_in_the_file(
    registry: FakeRegistry, digest: str, docker_config: DockerConfig
) -> None:
    registry.authentication, registry.users = "basic", {"user": "password"}
    docker_config.log_in(registry.address, "user", "password")
    docker_config.write(credsStore="test", **json.loads(docker_config.file.read_text()))
    docker_config.helper("test", "echo 'credentials not found in native keychain'; exit 1")

    assert answer(registry) == digest


def test_a_broken_helper_does_not_stand_in_the_way_of_what_is_public(
    registry: FakeRegistry, digest: str, docker_config: DockerConfig
) -> None:
    registry.authentication, registry.anonymous = "token", True
    docker_config.write(credsStore="desktop-that-is-not-there")

    assert answer(registry) == digest


@pytest.mark.parametrize(
    ("script", "why"),
    [
        (None, "docker-credential-test, which {file} names, is not in PATH"),
        ("echo secret-words >&2; exit 1", "docker-credential-test failed"),
        ("echo secret-words", "docker-credential-test failed"),
        ("echo '{}'", "docker-credential-test failed"),
    ],
)
def test_a_broken_helper_is_named_where_a_credential_was_needed(
    registry: FakeRegistry, docker_config: DockerConfig, script: str | None, why: str
) -> None:
    registry.authentication = "token"
    docker_config.write(credHelpers={registry.address: "test"})
    if script:
        docker_config.helper("test", script)

    found = reason(registry)
    assert found == f"unauthorized; {why.format(file=docker_config.file)}"
    assert "secret-words" not in found


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "is not JSON"),
        ("[1]", "is not a Docker configuration"),
        ('{"auths": {"a": "secret-words"}}', "is not a Docker configuration"),
        ('{"auths": {"a": {"auth": "secret-words"}}}', "is not a Docker configuration"),
        ('{"auths": ["secret-words"]}', "is not a Docker configuration"),
    ],
)
def test_a_broken_configuration_is_named_where_a_credential_was_needed(
    registry: FakeRegistry, docker_config: DockerConfig, text: str, why: str
) -> None:
    registry.authentication = "token"
    docker_config.file.write_text(text)

    assert reason(registry) == f"unauthorized; {docker_config.file} {why}"


def test_docker_hub_has_several_names(docker_config: DockerConfig) -> None:
    docker_config.log_in("https://index.docker.io/v1/", "user", "password")
    found = Credentials().find("docker.io")
    assert found is not None
    assert (found.username, found.password) == ("user", "password")

    docker_config.write(credsStore="test")
    docker_config.helper("test", """echo '{"Username": "user", "Secret": "s"}'""")
    assert Credentials().find("docker.io")
    assert docker_config.helper_was_asked == ["get https://index.docker.io/v1/"]


def test_without_docker_config_it_is_the_file_in_the_home_directory(
    docker_config: DockerConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    docker_config.log_in("registry.example.com", "user", "password")
    home = docker_config.directory / "home" / ".docker"
    home.mkdir(parents=True)
    docker_config.file.rename(home / "config.json")

    # If DOCKER_CONFIG names a directory, no other directory is used.
    assert Credentials().find("registry.example.com") is None
    monkeypatch.delenv("DOCKER_CONFIG")
    assert Credentials().find("registry.example.com")


def test_nothing_is_written(registry: FakeRegistry, digest: str, docker_config: DockerConfig) -> None:
    registry.authentication, registry.users = "token", {"user": "password"}
    docker_config.log_in(registry.address, "user", "password")
    docker_config.file.chmod(0o400)
    before = {path: path.read_bytes() for path in _files(docker_config.directory)}

    assert answer(registry) == digest
    assert {path: path.read_bytes() for path in _files(docker_config.directory)} == before


def _files(directory: Path) -> list[Path]:
    return [path for path in directory.rglob("*") if path.is_file()]


def test_a_credential_shows_no_secret() -> None:
    assert "secret" not in repr(Credential("user", "secret", "secret"))
