"""How a kubeconfig says who the user is: each way that kubectl knows."""

from __future__ import annotations

import json
import time
from base64 import b64encode, urlsafe_b64encode
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization

from ...cluster.fake_api import FakeApi
from ...cluster.objects import daemon_set
from ..conftest import Prepull
from .authorities import Certified
from .conftest import Configure


def inline(certified: Certified) -> dict[str, str]:
    """The certificate and its key as fields."""
    return {
        "client-certificate-data": b64encode(certified.pem).decode(),
        "client-key-data": b64encode(certified.key_pem).decode(),
    }


def id_token(seconds: float) -> str:
    """A token of OpenID Connect that is valid for so long."""
    payload = urlsafe_b64encode(json.dumps({"exp": int(time.time() + seconds)}).encode()).decode().rstrip("=")
    return f"e30.{payload}.c2ln"


def oidc(**config: str) -> dict[str, Any]:
    return {"auth-provider": {"name": "oidc", "config": {"client-id": "c", **config}}}


def authorized(secure: FakeApi) -> set[str | None]:
    return {headers.get("Authorization") for headers in secure.sent}


def test_a_certificate(
    secure: FakeApi, configure: Configure, prepull: Prepull, authority: Certified, trusted: dict[str, Any]
) -> None:
    secure.client = "somebody"
    configure(trusted, inline(authority.issue("somebody")))
    assert prepull("status").code == 0
    configure(trusted, inline(authority.issue("another")))
    assert "does not accept the credentials" in prepull("status").err


def test_a_certificate_in_files_beside_the_kubeconfig(
    secure: FakeApi, configure: Configure, prepull: Prepull, authority: Certified, trusted: dict[str, Any]
) -> None:
    secure.client = "somebody"
    client = authority.issue("somebody")
    home = configure(trusted, {"client-certificate": "client.crt", "client-key": "keys/client.key"}).parent
    (home / "keys").mkdir()
    (home / "client.crt").write_bytes(client.pem)
    (home / "keys" / "client.key").write_bytes(client.key_pem)
    assert prepull("status").code == 0


def test_a_name_and_a_password(
    secure: FakeApi, configure: Configure, prepull: Prepull, trusted: dict[str, Any]
) -> None:
    configure(trusted, {"username": "a", "password": "b:ü"})
    assert prepull("status").code == 0
    assert authorized(secure) == {f"Basic {b64encode('a:b:ü'.encode()).decode()}"}


def test_nobody(secure: FakeApi, configure: Configure, prepull: Prepull, trusted: dict[str, Any]) -> None:
    configure(trusted, {"token": None})
    assert prepull("status").code == 0
    assert authorized(secure) == {None}


def test_a_token_in_a_file_that_is_replaced(
    secure: FakeApi, configure: Configure, prepull: Prepull, trusted: dict[str, Any], meanwhile: Any
) -> None:
    secure.token = "first"
    secure.items["daemonsets"] = [daemon_set(desired=2)]
    token = configure(trusted, {"tokenFile": "token", "token": "of-the-past"}).parent / "token"
    token.write_text("first\n")

    def replace() -> None:
        token.write_text("second\n")
        secure.token = "second"
        secure.cut("daemonsets")
        secure.send("daemonsets", "MODIFIED", daemon_set(desired=1))

    meanwhile(lambda: secure.times("/daemonsets?", "watch") > 0, replace)
    ran = prepull("wait", "--timeout", "30s")
    assert (ran.code, ran.err) == (0, ran.err)
    assert authorized(secure) == {"Bearer first", "Bearer second"}


def test_a_token_where_its_file_is_missing(
    secure: FakeApi, configure: Configure, prepull: Prepull, trusted: dict[str, Any]
) -> None:
    secure.token = "kept"
    configure(trusted, {"tokenFile": "none", "token": "kept"})
    assert prepull("status").code == 0
    configure(trusted, {"tokenFile": "none"})
    ran = prepull("status")
    assert (ran.code, ran.err.count("\n")) == (4, 1)
    assert "no credentials for the cluster at " in ran.err
    assert ran.err.endswith("/home/none: No such file or directory\n")


def test_somebody_else(secure: FakeApi, configure: Configure, prepull: Prepull, trusted: dict[str, Any]) -> None:
    extra = {"acme.com/Project": ["a", "b"], "scopes": ["view"]}
    other = {"as": "jürgen", "as-uid": "7", "as-groups": ["devs", "ops"], "as-user-extra": extra}
    secure.token = "t"
    configure(trusted, {"token": "t", **other})
    assert prepull("status").code == 0
    sent = [
        (name, value.encode("latin-1").decode()) for name, value in secure.sent[0].items() if name.startswith("Imp")
    ]
    assert sorted(sent) == [
        ("Impersonate-Extra-acme.com%2FProject", "a"),
        ("Impersonate-Extra-acme.com%2FProject", "b"),
        ("Impersonate-Extra-scopes", "view"),
        ("Impersonate-Group", "devs"),
        ("Impersonate-Group", "ops"),
        ("Impersonate-Uid", "7"),
        ("Impersonate-User", "jürgen"),
    ]


def test_an_id_token_that_is_valid(
    secure: FakeApi, configure: Configure, prepull: Prepull, trusted: dict[str, Any]
) -> None:
    secure.token = id_token(600)
    configure(trusted, oidc(**{"id-token": secure.token}))
    assert prepull("status").code == 0


@pytest.mark.parametrize("off", [False, True])
def test_compression(
    secure: FakeApi, configure: Configure, prepull: Prepull, trusted: dict[str, Any], off: bool
) -> None:
    configure({**trusted, "disable-compression": off})
    assert prepull("status").code == 0
    assert {"gzip" in headers.get("Accept-Encoding", "") for headers in secure.sent} == {not off}


def test_dates_and_entries_that_are_there_twice(
    secure: FakeApi, configure: Configure, prepull: Prepull, trusted: dict[str, Any]
) -> None:
    path = configure(trusted, {"token": "t"})
    secure.token = "t"
    written = path.read_text().replace("token: t", "token: s\n    token: t\n    expiry: 2020-01-01T00:00:00Z")
    path.write_text(written)
    assert prepull("status").code == 0


def encrypted(authority: Certified) -> dict[str, str]:
    client = authority.issue("somebody")
    key = client.key_in(serialization.BestAvailableEncryption(b"a-secret"))
    return {**inline(client), "client-key-data": b64encode(key).decode()}


WRONG: dict[str, tuple[Any, str]] = {
    "a certificate without a key": (
        lambda authority: {"client-certificate-data": inline(authority)["client-certificate-data"]},
        "is not valid: there is a client-certificate without a client-key; give both",
    ),
    "a certificate with another's key": (
        lambda authority: {**inline(authority.issue("a")), "client-key-data": inline(authority)["client-key-data"]},
        "the client certificate and its key are not valid: KEY_VALUES_MISMATCH",
    ),
    "a key that is encrypted": (encrypted, "the key is encrypted, which kubectl cannot read either"),
    "a key that is not there": (
        lambda _: {"client-certificate-data": "YQ==", "client-key": "none"},
        "is not valid: cannot read its client-key ",
    ),
    "a key that is not base64": (
        lambda _: {"client-certificate-data": "YQ==", "client-key-data": "a-secret"},
        "is not valid: its client-key-data is not base64",
    ),
    "a token of two lines": (
        lambda _: {"token": "a-secret\nb"},
        "there is a line break or another control character in the token",
    ),
    "a group of two lines": (
        lambda _: {"as": "a", "as-groups": ["a-secret\nb"]},
        "is not valid: there is a line break or another control character in as",
    ),
    "groups without a user": (
        lambda _: {"as-groups": ["a"]},
        "is not valid: it has as-uid, as-groups or as-user-extra without 'as'; add it",
    ),
    "an id-token that has expired": (
        lambda _: oidc(**{"id-token": id_token(-1)}),
        "the id-token of the auth-provider 'oidc' has expired; any command of kubectl renews it in the kubeconfig",
    ),
    "an id-token that is none": (
        lambda _: oidc(**{"id-token": "a-secret"}),
        "the id-token of the auth-provider 'oidc'",
    ),
    "a provider that kubectl no longer has": (
        lambda _: {"auth-provider": {"name": "gcp", "config": {"access-token": "a-secret"}}},
        "the auth-provider 'gcp' is not supported; use a credential plugin (exec)",
    ),
}


@pytest.mark.parametrize("kind", WRONG)
def test_a_user_with(
    secure: FakeApi,
    configure: Configure,
    prepull: Prepull,
    authority: Certified,
    trusted: dict[str, Any],
    kind: str,
) -> None:
    user, message = WRONG[kind]
    configure(trusted, user(authority))
    ran = prepull("status")
    assert (ran.code, ran.out) == (4, "")
    assert message in ran.err
    assert ran.err.count("\n") == 1
    assert "a-secret" not in ran.err
    assert secure.asked == []
