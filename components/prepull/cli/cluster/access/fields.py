"""The fields of a kubeconfig that the connection depends on, with their types.

Source: https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/
"""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

_EXEC_EXTENSION = "client.authentication.k8s.io/exec"


class FieldError(Exception):
    """A field of the kubeconfig is not valid; the text names the field."""


class CredentialError(Exception):
    """The user's credentials cannot be had at present."""


class Extension(msgspec.Struct, frozen=True):
    """What a provider keeps with a cluster."""

    name: str = ""
    extension: Any = None


class Cluster(msgspec.Struct, frozen=True, rename="kebab"):
    """`clusters[].cluster`."""

    server: str = ""
    certificate_authority: str = ""
    certificate_authority_data: str = ""
    insecure_skip_tls_verify: bool = False
    tls_server_name: str = ""
    proxy_url: str = ""
    disable_compression: bool = False
    extensions: tuple[Extension, ...] = ()

    @property
    def authority(self) -> bytes:
        """The certificates of the authorities that may sign the server's; empty for those of the machine.

        Raises:
            FieldError: they cannot be read.
        """
        return _content("certificate-authority", self.certificate_authority_data, self.certificate_authority)

    @property
    def plugin_config(self) -> Any:
        """What the kubeconfig hands to the credential plugin besides the cluster; None if nothing."""
        return next((each.extension for each in self.extensions if each.name == _EXEC_EXTENSION), None)


class Variable(msgspec.Struct, frozen=True):
    """A variable of a credential plugin's environment."""

    name: str
    value: str = ""


class Exec(msgspec.Struct, frozen=True, rename="camel"):
    """`users[].user.exec`: a credential plugin."""

    command: str
    api_version: str
    args: tuple[str, ...] = ()
    env: tuple[Variable, ...] = ()
    install_hint: str = ""
    provide_cluster_info: bool = False
    interactive_mode: str = "IfAvailable"


class AuthProvider(msgspec.Struct, frozen=True):
    """`users[].user.auth-provider`: what was there before credential plugins."""

    name: str = ""
    config: dict[str, str] = {}


class User(msgspec.Struct, frozen=True, rename="kebab"):
    """`users[].user`."""

    token: str = ""
    token_file: str = msgspec.field(name="tokenFile", default="")
    username: str = ""
    password: str = ""
    client_certificate: str = ""
    client_certificate_data: str = ""
    client_key: str = ""
    client_key_data: str = ""
    as_user: str = msgspec.field(name="as", default="")
    as_uid: str = ""
    as_groups: tuple[str, ...] = ()
    as_user_extra: dict[str, tuple[str, ...]] = {}
    exec: Exec | None = None
    auth_provider: AuthProvider | None = None

    @property
    def certificate(self) -> tuple[bytes, bytes] | None:
        """The client's certificate and its key; None if the kubeconfig has none.

        Raises:
            FieldError: they cannot be read, or one of them is missing.
        """
        certificate = _content("client-certificate", self.client_certificate_data, self.client_certificate)
        key = _content("client-key", self.client_key_data, self.client_key)
        if certificate and not key:
            raise FieldError("there is a client-certificate without a client-key; give both")
        return (certificate, key) if certificate else None


def read(cluster: Mapping[str, Any], user: Mapping[str, Any]) -> tuple[Cluster, User]:
    """Read the entries of a kubeconfig.

    Args:
        cluster: the cluster's.
        user: the user's.

    Raises:
        FieldError: a field has another type than kubectl expects.
    """
    try:
        return msgspec.convert(_without_nulls(cluster), Cluster), msgspec.convert(_without_nulls(user), User)
    except msgspec.ValidationError as error:
        raise FieldError(str(error)) from None


def _without_nulls(entry: Mapping[str, Any]) -> dict[str, Any]:
    """The entry without fields that have no value. `kubectl config` writes some (`args: null`)."""
    return {
        key: _without_nulls(value) if key in ("exec", "auth-provider") and isinstance(value, Mapping) else value
        for key, value in entry.items()
        if value is not None
    }


def _content(field: str, data: str, path: str) -> bytes:
    if data:
        try:
            return b64decode("".join(data.split()), validate=True)
        except (binascii.Error, ValueError):
            raise FieldError(f"its {field}-data is not base64") from None
    if not path:
        return b""
    try:
        return Path(path).read_bytes()
    except (OSError, ValueError) as error:
        raise FieldError(f"cannot read its {field} {path}: {getattr(error, 'strerror', None) or error}") from None
