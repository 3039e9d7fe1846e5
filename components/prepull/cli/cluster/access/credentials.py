"""How the user of a kubeconfig proves who they are."""

from __future__ import annotations

import binascii
import json
import time
from base64 import b64encode, urlsafe_b64decode
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

from .fields import AuthProvider, CredentialError, FieldError, User


@dataclass(frozen=True)
class Credential:
    """What proves who the user is."""

    authorization: bytes = field(default=b"", repr=False)
    """The header of this name."""
    certificate: tuple[bytes, bytes] | None = field(default=None, repr=False)
    """The client's certificate and its key."""
    expires: float | None = None
    """When it does, in seconds since the epoch."""


class Source(Protocol):
    """Where credentials come from."""

    async def current(self) -> Credential:
        """The credential for a request.

        Raises:
            CredentialError: there is none.
        """

    async def renewed(self, refused: Credential) -> Credential:
        """The credential after the server has refused one.

        Args:
            refused: that one.

        Raises:
            CredentialError: there is none.
        """


class Own:
    """What the kubeconfig holds itself, or the files that it names."""

    def __init__(self, user: User) -> None:
        self._user = user

    async def current(self) -> Credential:
        """The credential; a `tokenFile` is read each time, since it may be replaced at any time."""
        return Credential(self._authorization())

    async def renewed(self, refused: Credential) -> Credential:
        """The same, unless its file has been replaced."""
        del refused
        return await self.current()

    def _authorization(self) -> bytes:
        user = self._user
        if user.token_file:
            try:
                return bearer(Path(user.token_file).read_text("utf-8").strip(), "the tokenFile")
            except (OSError, ValueError) as error:
                if not user.token:
                    reason = getattr(error, "strerror", None) or "it is not text"
                    raise CredentialError(f"cannot read its tokenFile {user.token_file}: {reason}") from None
        if user.token:
            return bearer(user.token, "the token")
        if user.username or user.password:
            return b"Basic " + b64encode(f"{user.username}:{user.password}".encode())
        if user.auth_provider:
            return _of_provider(user.auth_provider)
        return b""


def bearer(token: str, name: str) -> bytes:
    """A header with a token.

    Args:
        token: the token.
        name: what it is to the user.

    Raises:
        CredentialError: no header may have such a token.
    """
    return b"Bearer " + _header_value(token, name) if token else b""


def _of_provider(provider: AuthProvider) -> bytes:
    """The header for `oidc`, the one that kubectl still has. kubectl keeps the token in the kubeconfig."""
    token = provider.config.get("id-token", "")
    if provider.name != "oidc" or not token:
        raise CredentialError(
            f"the auth-provider '{provider.name}' is not supported; use a credential plugin (exec), "
            "as your provider's tool writes it now"
        )
    try:
        payload = token.split(".")[1]
        expires = float(json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["exp"])
    except (binascii.Error, LookupError, TypeError, ValueError, RecursionError):
        raise CredentialError("the id-token of the auth-provider 'oidc' is not valid") from None
    if time.time() > expires:
        raise CredentialError(
            "the id-token of the auth-provider 'oidc' has expired; any command of kubectl renews it in the kubeconfig"
        )
    return bearer(token, "the id-token")


def impersonation(user: User) -> list[tuple[bytes, bytes]]:
    """The headers for the user, the groups and the rest whose rights are asked for (`as`).

    Source: https://kubernetes.io/docs/reference/access-authn-authz/authentication/#user-impersonation

    Args:
        user: the user who asks.

    Raises:
        FieldError: no header may have such a value, or the user to be is missing.
    """
    if not user.as_user:
        if user.as_uid or user.as_groups or user.as_user_extra:
            raise FieldError("it has as-uid, as-groups or as-user-extra without 'as'; add it")
        return []
    wanted = [("Impersonate-User", user.as_user)]
    wanted += [("Impersonate-Uid", user.as_uid)] if user.as_uid else []
    wanted += [("Impersonate-Group", group) for group in user.as_groups]
    wanted += [
        (f"Impersonate-Extra-{quote(key, safe=_IN_NAMES)}", value)
        for key, values in user.as_user_extra.items()
        for value in values
    ]
    try:
        return [(name.encode("ascii"), _header_value(value, "as")) for name, value in wanted]
    except CredentialError as error:
        raise FieldError(str(error)) from None


# RFC 9110, 5.6.2, but for the percent sign.
_IN_NAMES = "!#$&'*+-.^_`|~"


def _header_value(text: str, name: str) -> bytes:
    # The HTTP client would show the value in its own message.
    if any(ord(each) < 0x20 or ord(each) == 0x7F for each in text):
        raise CredentialError(f"there is a line break or another control character in {name}")
    try:
        return text.strip(" ").encode()
    except UnicodeEncodeError:
        raise CredentialError(f"{name} is not text") from None
