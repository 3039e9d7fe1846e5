"""Requests to sites: a short limit to connect, a long one to read, and no second wait for a host that is not there."""

from __future__ import annotations

import http.client
import ssl
import urllib.error
import urllib.request
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from lab.sources.source import UnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

CONNECT_SECONDS = 5.0
READ_SECONDS = 60.0
_CHUNK = 1 << 18
# Some sites refuse the name that urllib gives itself.
_USER_AGENT = "prepull-lab"


class UnreachableError(UnavailableError):
    """No connection to the host comes about. It is not asked again."""

    def __init__(self, host: str, reason: str) -> None:
        super().__init__(f"{host} cannot be reached ({reason})")


class RefusedError(UnavailableError):
    """The host answers that it does not give the file, for now or at all."""

    def __init__(self, url: str, host: str, code: int, retry_after: str = "") -> None:
        self.code = code
        self.retry_after = retry_after
        file = filename(url)
        super().__init__(f"{host} has no {file} (404)" if code == 404 else f"{host} answers {code} for {file}")

    @property
    def passing(self) -> bool:
        """Whether the next try may get the file."""
        return self.code in (429, 502, 503, 504)


class BrokenError(UnavailableError):
    """The connection broke off, or the host fell silent. The next try may do better.

    Attributes:
        host: the host, which may be one that the first host named.
        reason: what happened, in a few words.
        silent: whether the host gave no answer, or stopped in the middle of one.
    """

    def __init__(self, host: str, reason: str, *, silent: bool) -> None:
        self.host = host
        self.reason = reason
        self.silent = silent
        super().__init__(f"{host}: {reason}")


def filename(url: str) -> str:
    """The last part of a URL's path."""
    return urlsplit(url).path.rsplit("/", 1)[-1]


class Web:
    """Opens URLs, follows them to other hosts, and remembers the hosts that cannot be reached.

    Args:
        connect_seconds: the limit for a connection, with its encryption.
        read_seconds: the limit for the next bytes of an answer.
    """

    def __init__(self, connect_seconds: float = CONNECT_SECONDS, read_seconds: float = READ_SECONDS) -> None:
        self._connect_seconds = connect_seconds
        self._unreachable: dict[str, str] = {}
        self._opener = urllib.request.build_opener(_Handler(read_seconds, self._unreachable))

    def open(self, url: str, headers: Mapping[str, str]) -> http.client.HTTPResponse:
        """The answer to a request, up to its content.

        Raises:
            UnreachableError: the host, or one that it names, cannot be reached, now or before.
            RefusedError: the answer is a refusal.
            BrokenError: the connection broke off before the answer.
        """
        request = urllib.request.Request(url, headers={"User-Agent": _USER_AGENT, **headers})  # noqa: S310
        try:
            response: http.client.HTTPResponse = self._opener.open(request, timeout=self._connect_seconds)
        except urllib.error.HTTPError as error:
            error.close()
            retry_after = error.headers.get("Retry-After", "")
            raise RefusedError(url, urlsplit(error.url).netloc, error.code, retry_after) from error
        return response

    def avoid(self, host: str, reason: str) -> None:
        """Take the host for one that cannot be reached."""
        self._unreachable[host] = reason


def chunks(url: str, response: http.client.HTTPResponse) -> Iterator[bytes]:
    """The content of an answer, piece by piece.

    Raises:
        BrokenError: the host falls silent, or the content ends before its announced length.
    """
    host = urlsplit(response.url).netloc
    announced = response.headers.get("Content-Length")
    received = 0
    while True:
        try:
            chunk = response.read1(_CHUNK)
        except http.client.IncompleteRead as error:
            raise BrokenError(host, f"{filename(url)} ended early", silent=False) from error
        except (OSError, http.client.HTTPException) as error:
            raise BrokenError(host, _reason(error), silent=True) from error
        if not chunk:
            break
        received += len(chunk)
        yield chunk
    if announced is not None and received < int(announced):
        raise BrokenError(host, f"{filename(url)} ended early", silent=False)


class _HTTPConnection(http.client.HTTPConnection):
    def __init__(self, host: str, *, read_seconds: float, timeout: float) -> None:
        super().__init__(host, timeout=timeout)
        self._read_seconds = read_seconds

    def connect(self) -> None:
        super().connect()
        self.sock.settimeout(self._read_seconds)


class _HTTPSConnection(_HTTPConnection, http.client.HTTPSConnection):
    """The same with TLS: what is above comes first, and the connection below it is the standard library's."""


class _Handler(urllib.request.HTTPSHandler, urllib.request.HTTPHandler):
    """Opens each request, also the ones that a host leads to: only here is it known which host fails."""

    def __init__(self, read_seconds: float, unreachable: dict[str, str]) -> None:
        super().__init__()
        self._read_seconds = read_seconds
        self._unreachable = unreachable

    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self._open(_HTTPConnection, req)

    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self._open(_HTTPSConnection, req)

    def _open(
        self, kind: Callable[..., http.client.HTTPConnection], request: urllib.request.Request
    ) -> http.client.HTTPResponse:
        # Not the request's host, which may be a proxy.
        host = urlsplit(request.full_url).netloc
        if host in self._unreachable:
            raise UnreachableError(host, self._unreachable[host])
        try:
            return self.do_open(partial(kind, read_seconds=self._read_seconds), request)
        except urllib.error.URLError as error:
            cause = error.reason if isinstance(error.reason, OSError) else error
            if not isinstance(cause, ConnectionResetError):
                self._unreachable[host] = _reason(cause)
                raise UnreachableError(host, _reason(cause)) from error
            raise BrokenError(host, _reason(cause), silent=True) from error
        except (OSError, http.client.HTTPException) as error:
            raise BrokenError(host, _reason(error), silent=True) from error


def _reason(error: Exception) -> str:
    """What went wrong, without numbers of errors and lines of OpenSSL's sources."""
    if isinstance(error, TimeoutError):
        return "timed out"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted here: {error.verify_message}"
    if isinstance(error, http.client.RemoteDisconnected):
        return "it closed the connection without an answer"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__
