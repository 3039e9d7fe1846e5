"""The Docker configuration and its helpers: what they have is found, and what is broken in them is named."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from prepull.images.references import parse
from prepull.images.registry.ask import resolve
from prepull.images.registry.credentials import Credentials
from prepull.images.registry.logins import Credential

from .asking import answer, reason
from .conftest import DockerConfig
from .fake_registry import TOKEN, FakeRegistry

IDENTITY = "an-identity-token"


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
        ("[" * 100_000, "is not JSON"),
        ('{"auths": ["secret-words"]}', "is not a Docker configuration"),
        ('{"credHelpers": "secret-words"}', "is not a Docker configuration"),
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
    assert Credentials().find("docker.io/library/nginx") == [Credential("user", "password")]

    docker_config.helper("test", """echo '{"Username": "user", "Secret": "s"}'""")
    for config in ({"credsStore": "test"}, {"credHelpers": {"https://index.docker.io/v1/": "test"}}):
        docker_config.write(**config)
        assert Credentials().find("docker.io/library/nginx") == [Credential("user", "s")]
    assert docker_config.helper_was_asked == ["get https://index.docker.io/v1/"] * 2


def test_without_docker_config_it_is_the_file_in_the_home_directory(
    docker_config: DockerConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    docker_config.log_in("registry.example.com", "user", "password")
    home = docker_config.directory / "home" / ".docker"
    home.mkdir(parents=True)
    docker_config.file.rename(home / "config.json")

    # If DOCKER_CONFIG names a directory, no other directory is used.
    assert Credentials().find("registry.example.com/app") == []
    monkeypatch.delenv("DOCKER_CONFIG")
    assert Credentials().find("registry.example.com/app") == [Credential("user", "password")]


def test_nothing_is_written(registry: FakeRegistry, digest: str, docker_config: DockerConfig) -> None:
    registry.authentication, registry.users = "token", {"user": "password"}
    docker_config.log_in(registry.address, "user", "password")
    docker_config.file.chmod(0o400)
    before = {path: path.read_bytes() for path in _files(docker_config.directory)}

    assert answer(registry) == digest
    assert {path: path.read_bytes() for path in _files(docker_config.directory)} == before


def _files(directory: Path) -> list[Path]:
    return [path for path in directory.rglob("*") if path.is_file()]


# ---------------------------------------------------------------- several credentials


def passwords(registry: FakeRegistry) -> list[str]:
    """What was sent as user name and password, in order."""
    sent = [request.headers.get("authorization", "").partition(" ") for request in registry.asked]
    return [base64.b64decode(value).decode() for scheme, _, value in sent if scheme == "Basic"]


@pytest.fixture
def teams(registry: FakeRegistry, docker_config: DockerConfig) -> list[str]:
    """A configuration with a credential for each team, in the order in which to try them."""
    keys = {f"{registry.address}/team/app": "c", registry.address: "a", f"{registry.address}/team": "b"}
    docker_config.write(auths={key: {"username": name, "password": "p"} for key, name in keys.items()})
    return ["c:p", "b:p", "a:p"]


@pytest.mark.parametrize("authentication", ["basic", "token"])
def test_each_credential_is_tried_until_one_opens_the_registry(
    registry: FakeRegistry, digest: str, teams: list[str], authentication: str
) -> None:
    registry.authentication, registry.users = authentication, {"b": "p"}

    assert answer(registry) == digest
    assert list(dict.fromkeys(passwords(registry))) == teams[:2]


@pytest.mark.parametrize("authentication", ["basic", "token"])
def test_it_is_unauthorized_once_all_are_refused(registry: FakeRegistry, teams: list[str], authentication: str) -> None:
    registry.authentication, registry.users = authentication, {"a": "other"}

    where = f" with each of 3 credentials for {registry.address} in the Docker configuration"
    assert reason(registry) == f"unauthorized{where}"
    assert list(dict.fromkeys(passwords(registry))) == teams


def test_what_a_credential_opens_counts_for_the_reason(registry: FakeRegistry, teams: list[str]) -> None:
    registry.authentication, registry.users = "basic", {"c": "p"}

    assert reason(registry) == "manifest unknown"
    assert list(dict.fromkeys(passwords(registry))) == teams


def test_a_wrong_entry_does_not_spoil_the_others(
    registry: FakeRegistry, digest: str, docker_config: DockerConfig
) -> None:
    registry.authentication, registry.users = "basic", {"u": "pp"}
    wrong = {"a": "text", "b": {"auth": 5}, "c": None, registry.address: {"auth": "no base64"}}
    docker_config.write(auths={**wrong, f"http://{registry.address}/v2/": {"auth": "dTpwcA"}})

    assert answer(registry) == digest


def test_a_registry_token_goes_to_the_registry_itself(
    registry: FakeRegistry, digest: str, docker_config: DockerConfig
) -> None:
    registry.authentication = "token"
    docker_config.write(auths={registry.address: {"registrytoken": TOKEN}})

    assert answer(registry) == digest
    assert {request.path for request in registry.asked} == {"/v2/team/app/manifests/1"}


def test_the_environment_comes_before_the_helper_and_the_helper_before_the_file(
    registry: FakeRegistry, docker_config: DockerConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry.authentication, registry.users = "basic", {"nobody": "p"}
    of_file, of_environment = ({registry.address: {"username": name, "password": "p"}} for name in ("file", "env"))
    docker_config.write(credsStore="test", auths=of_file)
    docker_config.helper("test", """echo '{"Username": "helper", "Secret": "p"}'""")
    monkeypatch.setenv("DOCKER_AUTH_CONFIG", json.dumps({"auths": of_environment}))

    assert reason(registry).startswith("unauthorized with each of 3 credentials")
    assert passwords(registry) == ["env:p", "helper:p", "file:p"]


def test_a_broken_environment_variable_is_named_where_a_credential_was_needed(
    registry: FakeRegistry, docker_config: DockerConfig, digest: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry.authentication, registry.users = "basic", {"user": "p"}
    monkeypatch.setenv("DOCKER_AUTH_CONFIG", "secret-words")
    assert reason(registry) == "unauthorized; $DOCKER_AUTH_CONFIG is not JSON"

    docker_config.log_in(registry.address, "user", "p")
    assert answer(registry) == digest
