"""Why there is no digest for an image, in the words that the puller uses for the same. Standard library only."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus

_NO_TLS = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST")


@dataclass(frozen=True)
class Unresolved:
    """Why there is no digest for an image."""

    reason: str


class RegistryError(Exception):
    """There is no digest; the message says why."""


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
        return RegistryError(f"unauthorized{note}")
    if status == HTTPStatus.NOT_FOUND:
        return RegistryError("manifest unknown")
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return RegistryError("too many requests")
    return RegistryError(f"it answers {status} {reason or ''}".rstrip())


def why(error: BaseException) -> str:
    """A connection's error in a few words.

    The error's own text contains addresses of objects, and may contain a proxy's password.
    """
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"TLS: {cause.verify_message}"
        if isinstance(cause, ssl.SSLError):
            if cause.reason in _NO_TLS:
                return "it does not speak TLS, and plain HTTP is for registries on this machine only"
            return f"TLS: {cause.reason}"
        if isinstance(cause, socket.gaierror):
            return "host not found"
        if isinstance(cause, ConnectionRefusedError):
            return "connection refused"
        if isinstance(cause, ConnectionError):
            return "connection lost"
        if isinstance(cause, TimeoutError):
            return "timed out"
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
