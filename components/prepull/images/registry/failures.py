"""Why there is no digest for an image, in the words that the puller uses for the same. Standard library only."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from http import HTTPStatus

# How OpenSSL names an answer that is not TLS.
_NO_TLS = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST")


class Reason(Enum):
    """Every reason, with the names of what is inserted; docs/troubleshooting.md explains each."""

    UNAUTHORIZED = "unauthorized{note}"
    UNAUTHORIZED_OR_MISSING = "unauthorized, or no such repository{note}"
    UNKNOWN = "manifest unknown"
    TOO_MANY_REQUESTS = "too many requests"
    STATUS = "it answers {status}"
    INVALID_DIGEST = "its answer has no valid digest"
    NO_MANIFEST = "its answer is no manifest of an image"
    LARGE_MANIFEST = "its manifest has more than {limit} bytes"
    REALM_WITHOUT_TLS = "it names {realm!r} for tokens, which is not over TLS"
    REALM_FAILED = "{server}, which it names for tokens: {reason}"
    REALM_MISSING = "{server}, which it names for tokens, has none"
    NOTHING_GRANTED = "{server} grants no token"
    TLS = "TLS: {reason}"
    NO_TLS = "it does not speak TLS, and plain HTTP is for registries on this machine only"
    NO_HOST = "host not found"
    CONNECTION_REFUSED = "connection refused"
    CONNECTION_LOST = "connection lost"
    TIMED_OUT = "timed out"

    def text(self, **values: object) -> str:
        """The reason with the values inserted."""
        return self.value.format(**values)


@dataclass(frozen=True)
class Unresolved:
    """Why there is no digest for an image."""

    reason: str


class RegistryError(Exception):
    """There is no digest; the message says why."""


class UnauthorizedError(RegistryError):
    """A registry or a token server refused the credential, or wants one."""


class UnreachableError(RegistryError):
    """A registry or a token server did not answer at all."""


def refused(status: int, reason: str | None, note: str) -> RegistryError:
    """The error for an answer without a digest.

    Args:
        status: the answer's HTTP status.
        reason: the text that the server sent with the status.
        note: which credential was used, for a message about missing rights.
    """
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return UnauthorizedError(Reason.UNAUTHORIZED.text(note=note))
    if status == HTTPStatus.NOT_FOUND:
        return RegistryError(Reason.UNKNOWN.text())
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return RegistryError(Reason.TOO_MANY_REQUESTS.text())
    return RegistryError(Reason.STATUS.text(status=f"{status} {reason or ''}".rstrip()))


def why(error: BaseException) -> str:
    """A connection's error in a few words.

    The error's own text contains addresses of objects, and may contain a proxy's password.
    """
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return Reason.TLS.text(reason=cause.verify_message)
        if isinstance(cause, ssl.SSLError):
            return Reason.NO_TLS.text() if cause.reason in _NO_TLS else Reason.TLS.text(reason=cause.reason)
        if isinstance(cause, socket.gaierror):
            return Reason.NO_HOST.text()
        if isinstance(cause, ConnectionRefusedError):
            return Reason.CONNECTION_REFUSED.text()
        if isinstance(cause, ConnectionError):
            return Reason.CONNECTION_LOST.text()
        if isinstance(cause, TimeoutError):
            return Reason.TIMED_OUT.text()
        if isinstance(cause, OSError) and cause.strerror and cause.errno:
            return cause.strerror
    return type(error).__name__


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An error and the errors that it wraps, the innermost last."""
    seen: list[BaseException] = []
    found: BaseException | None = error
    while found is not None:
        yield found
        seen.append(found)
        inner = [getattr(found, "reason", None), *found.args, found.__cause__, found.__context__]
        found = next((each for each in inner if isinstance(each, BaseException) and each not in seen), None)
