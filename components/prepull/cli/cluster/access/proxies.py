"""The proxy to the API server, chosen as kubectl chooses it: `proxy-url`, else the environment."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx2

from . import tls
from .fields import Cluster, FieldError

_PORTS = {"http": 80, "https": 443, "socks5": 1080, "socks5h": 1080}


@dataclass(frozen=True)
class Proxy:
    """A proxy, and where it was named."""

    url: str
    field: str

    def __str__(self) -> str:
        return f"the proxy {without_credentials(self.url)} ({self.field})"

    def opened(self, cluster: Cluster) -> httpx2.Proxy:
        """The proxy as the HTTP client takes it.

        Args:
            cluster: the cluster behind it.

        Raises:
            FieldError: its address is not valid.
        """
        problem = f"its {self.field} '{without_credentials(self.url)}' is not the address of a proxy"
        try:
            parts = urlsplit(self.url)
            host, port = parts.hostname, parts.port
        except ValueError:
            raise FieldError(f"{problem}; write http://HOST:PORT, https://… or socks5://…") from None
        if parts.scheme not in _PORTS or not host:
            raise FieldError(f"{problem}; write http://HOST:PORT, https://… or socks5://…")
        try:
            url = httpx2.URL(self.url).copy_with(port=port or _PORTS[parts.scheme], path="/", query=None, fragment=None)
            return httpx2.Proxy(url, ssl_context=tls.of_proxy(cluster) if parts.scheme == "https" else None)
        except (httpx2.InvalidURL, ValueError) as error:
            raise FieldError(f"{problem}: {error}") from None


def without_credentials(url: str) -> str:
    """The address of a proxy without a user's name and password."""
    before, at, after = url.rpartition("@")
    scheme, mark, _ = before.partition("://")
    return f"{scheme}{mark}…@{after}" if at and mark else f"…@{after}" if at else url


def choose(cluster: Cluster, server: str, environ: Mapping[str, str]) -> Proxy | None:
    """The proxy to a server; None if there is none.

    The environment is read as Go does (https://pkg.go.dev/golang.org/x/net/http/httpproxy): `HTTPS_PROXY`, or
    `HTTP_PROXY` for a server without TLS, then `NO_PROXY`, each in capitals first. `ALL_PROXY` does not count, and
    this machine's own addresses need no proxy.

    Args:
        cluster: the cluster.
        server: its address.
        environ: the environment.
    """
    if cluster.proxy_url:
        return Proxy(cluster.proxy_url, "proxy-url")
    url = httpx2.URL(server)
    name = "HTTPS_PROXY" if url.scheme == "https" else "HTTP_PROXY"
    given = environ.get(name) or environ.get(name.lower()) or ""
    if not given or _direct(url, environ.get("NO_PROXY") or environ.get("no_proxy") or ""):
        return None
    return Proxy(given if "://" in given else f"http://{given}", f"{name} in the environment")


def _direct(url: httpx2.URL, exceptions: str) -> bool:
    host = url.host.lower().rstrip(".")
    address = _address(host)
    if host == "localhost" or (address and address.is_loopback):
        return True
    port = url.port or (443 if url.scheme == "https" else 80)
    return any(_matches(each.strip().lower(), host, address, port) for each in exceptions.split(","))


def _matches(
    exception: str, host: str, address: ipaddress.IPv4Address | ipaddress.IPv6Address | None, port: int
) -> bool:
    if exception == "*":
        return True
    if "/" in exception:
        try:
            return address is not None and address in ipaddress.ip_network(exception, strict=False)
        except ValueError:
            return False
    if not _address(exception) and not exception.endswith("]"):
        name, colon, of_port = exception.rpartition(":")
        if colon:
            if of_port != str(port):
                return False
            exception = name
    exception = exception.removeprefix("[").removesuffix("]")
    if exact := _address(exception):
        return address == exact
    if exception.startswith(("*.", ".")):
        return host.endswith(exception.removeprefix("*"))
    return bool(exception) and (host == exception or host.endswith(f".{exception}"))


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None
