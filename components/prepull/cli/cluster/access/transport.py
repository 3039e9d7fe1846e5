"""What sends requests to the API server: with the user's credentials, over TLS, through a proxy."""

from __future__ import annotations

import os

import httpx2

from . import proxies, tls
from .credentials import Credential, Own, Source, impersonation
from .fields import Cluster, FieldError, User
from .plugin import Plugin

_REFUSED = 401


class Transport(httpx2.AsyncBaseTransport):
    """The HTTP client's connections to one cluster, as kubectl has them.

    Args:
        cluster: the cluster.
        server: its address.
        user: the user.

    Raises:
        FieldError: an entry of the kubeconfig is not valid.
    """

    def __init__(self, cluster: Cluster, server: str, user: User) -> None:
        self._cluster = cluster
        self._over_tls = httpx2.URL(server).scheme == "https"
        self._proxy = proxies.choose(cluster, server, os.environ)
        self._impersonation = impersonation(user)
        own = user.token or user.token_file or user.username or user.password
        self._source: Source = Plugin(user.exec, cluster) if user.exec and not own else Own(user)
        # A certificate belongs to the connection. Requests that run keep theirs.
        self._connections: dict[tuple[bytes, bytes] | None, httpx2.AsyncHTTPTransport] = {}
        self._certificate = user.certificate
        self._connection(self._certificate)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request; once more with new credentials, if there are such, after the server has refused them.

        Args:
            request: the request.

        Raises:
            CredentialError: the credentials cannot be had.
            httpx2.TransportError: the server or the proxy cannot be reached.
        """
        # Not a mapping: there may be several groups.
        request.headers = httpx2.Headers([*request.headers.raw, *self._impersonation])
        if self._cluster.disable_compression:
            del request.headers["Accept-Encoding"]
        if self._cluster.tls_server_name:
            request.extensions["sni_hostname"] = self._cluster.tls_server_name
        credential = await self._source.current()
        response = await self._send(request, credential)
        if response.status_code != _REFUSED:
            return response
        new = await self._source.renewed(credential)
        if (new.authorization, new.certificate) == (credential.authorization, credential.certificate):
            return response
        await response.aclose()
        return await self._send(request, new)

    async def aclose(self) -> None:
        """Close all connections."""
        for connection in self._connections.values():
            await connection.aclose()

    async def _send(self, request: httpx2.Request, credential: Credential) -> httpx2.Response:
        others = [(name, value) for name, value in request.headers.raw if name.lower() != b"authorization"]
        own = [(b"Authorization", credential.authorization)] if credential.authorization else []
        request.headers = httpx2.Headers([*others, *own])
        connection = self._connection(self._certificate or credential.certificate)
        try:
            return await connection.handle_async_request(request)
        except httpx2.TransportError as error:
            through = f", through {self._proxy}" if self._proxy else ""
            raise type(error)(f"{tls.refusal(error) or said(error)}{through}") from error
        except self._socks_errors() as error:
            raise httpx2.ProxyError(f"no SOCKS proxy answers, through {self._proxy}") from error

    def _socks_errors(self) -> tuple[type[Exception], ...]:
        """What the client lets through if a proxy answers with something other than SOCKS."""
        if self._proxy is None or not self._proxy.url.startswith("socks"):
            return ()
        from socksio.exceptions import SOCKSError  # noqa: PLC0415 - seldom needed

        return (SOCKSError, AssertionError, AttributeError, LookupError, ValueError)

    def _connection(self, certificate: tuple[bytes, bytes] | None) -> httpx2.AsyncHTTPTransport:
        if certificate not in self._connections:
            # Without TLS there is nothing to verify, nor anything to show a certificate to.
            verify = tls.context(self._cluster) if self._over_tls else httpx2.create_ssl_context(verify=False)
            if self._over_tls and certificate:
                tls.present(verify, certificate)
            proxy = self._proxy.opened(self._cluster) if self._proxy else None
            try:
                self._connections[certificate] = httpx2.AsyncHTTPTransport(verify=verify, proxy=proxy)
            except ImportError:
                way_out = "the package socksio is missing; pip install 'pulumi-prepull[cli]'"
                raise FieldError(f"for {self._proxy}, {way_out}") from None
        return self._connections[certificate]


def said(error: httpx2.HTTPError | httpx2.InvalidURL) -> str:
    """What the HTTP client says of an error, in one line."""
    text = next((line.strip() for line in str(error).splitlines() if line.strip()), "")
    if text:
        return text
    if isinstance(error, httpx2.TimeoutException):
        return "no answer in time"
    if isinstance(error, httpx2.ReadError):
        return "it has closed the connection, as servers do that expect TLS, or a client's certificate"
    return type(error).__name__
