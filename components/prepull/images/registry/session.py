"""One HTTP session for the requests about one image: time limits, retries, authorization, errors in plain words."""

from __future__ import annotations

from types import TracebackType

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3.util import Retry

from ...version import __version__
from . import failures

_CONNECT_SECONDS, _READ_SECONDS = 5.0, 20.0


class Session:
    """A session, to be used as a context manager."""

    def __init__(self) -> None:
        self._session = requests.Session()
        self._session.headers["User-Agent"] = f"prepull/{__version__}"
        # Do not retry 429: Retry-After is minutes, our budget is seconds.
        retry = Retry(
            connect=1,
            read=0,
            status=2,
            other=0,
            status_forcelist=(502, 503, 504),
            backoff_factor=0.2,
            raise_on_status=False,
            respect_retry_after_header=False,
        )
        for scheme in ("https://", "http://"):
            self._session.mount(scheme, HTTPAdapter(max_retries=retry))

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._session.close()

    def send(self, method: str, url: str, authorization: str | None, **options: object) -> requests.Response:
        """Send a request.

        Args:
            method: the HTTP method. Redirects are followed, except after POST.
            url: where to.
            authorization: the value of the header. Default: no such header.
            options: further arguments of requests' `Session.request`.

        Raises:
            UnreachableError: there is no answer.
        """
        try:
            return self._session.request(
                method,
                url,
                auth=_Authorization(authorization),
                timeout=(_CONNECT_SECONDS, _READ_SECONDS),
                # The body of a POST is a credential for this server alone.
                allow_redirects=method != "POST",
                **options,  # type: ignore[arg-type]
            )
        except requests.RequestException as error:
            raise failures.UnreachableError(why(error)) from None


def why(error: requests.RequestException) -> str:
    """An error of requests in a few words."""
    prefix = "proxy: " if isinstance(error, requests.exceptions.ProxyError) else ""
    return prefix + (failures.Reason.TIMED_OUT.text() if isinstance(error, requests.Timeout) else failures.why(error))


class _Authorization(AuthBase):
    """Sets the header, or leaves it out. Without an `auth` of its own, requests would send what ~/.netrc has."""

    def __init__(self, header: str | None) -> None:
        self._header = header

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._header:
            request.headers["Authorization"] = self._header
        return request
