"""Proxies: those of the kubeconfig and of the environment, as kubectl uses them."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from prepull.cli.cluster import client
from prepull.cli.cluster.access import proxies
from prepull.cli.cluster.access.fields import Cluster

from ...cluster.fake_api import FakeApi
from ..conftest import Prepull
from .authorities import DAY, Certified, bare_authority
from .conftest import Configure
from .middlemen import Middleman, middleman

# No name server knows it: whoever reaches it was led there by a proxy.
NAME = "cluster.invalid"

Lead = Callable[..., AbstractContextManager[Middleman]]


@pytest.fixture
def behind(trusted: dict[str, Any]) -> dict[str, Any]:
    """The cluster's fields, with an address that only a proxy leads to."""
    return {**trusted, "server": f"https://{NAME}:6443", "tls-server-name": "127.0.0.1"}


@pytest.fixture
def lead(secure: FakeApi) -> Lead:
    """Run a proxy that leads to the server."""
    return lambda kind, **more: middleman(kind, secure.port, **more)


@pytest.mark.parametrize(
    ("scheme", "kind", "asked"),
    [
        ("http", "http", f"CONNECT {NAME}:6443"),
        ("socks5", "socks", f"{NAME}:6443"),
        ("socks5h", "socks", f"{NAME}:6443"),
    ],
)
@pytest.mark.parametrize("credentials", ["", "me:a%2Fsecret@"])
def test_a_proxy(
    lead: Lead,
    configure: Configure,
    prepull: Prepull,
    behind: dict[str, Any],
    scheme: str,
    kind: str,
    asked: str,
    credentials: str,
) -> None:
    with lead(kind, lets_in="me:a/secret" if credentials else "") as proxy:
        configure({**behind, "proxy-url": f"{scheme}://{credentials}127.0.0.1:{proxy.port}"})
        assert prepull("status").code == 0
    assert set(proxy.asked) == {asked}


@pytest.mark.parametrize("authority_of", ["the cluster", "this machine"])
def test_a_proxy_that_speaks_tls(
    lead: Lead,
    configure: Configure,
    prepull: Prepull,
    behind: dict[str, Any],
    authority: Certified,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    authority_of: str,
) -> None:
    signer = authority if authority_of == "the cluster" else bare_authority("corporation")
    if signer is not authority:
        (tmp_path / "system.pem").write_bytes(signer.pem)
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "system.pem"))
    certificate = signer.issue("127.0.0.1").write(tmp_path / "proxy.pem")
    with lead("http", certificate=certificate) as proxy:
        configure({**behind, "proxy-url": f"https://127.0.0.1:{proxy.port}"})
        assert prepull("status").code == 0
    assert set(proxy.asked) == {f"CONNECT {NAME}:6443"}


def test_a_proxy_with_a_certificate_that_has_expired(
    lead: Lead, configure: Configure, prepull: Prepull, behind: dict[str, Any], authority: Certified, tmp_path: Path
) -> None:
    certificate = authority.issue("127.0.0.1", age=400 * DAY).write(tmp_path / "proxy.pem")
    with lead("http", certificate=certificate) as proxy:
        configure({**behind, "proxy-url": f"https://127.0.0.1:{proxy.port}"})
        ran = prepull("status")
    assert ran.code == 4
    assert "certificate has expired" in ran.err
    assert ran.err.endswith(f"through the proxy https://127.0.0.1:{proxy.port} (proxy-url)\n")


def test_a_server_without_tls_behind_a_proxy(api: FakeApi, configure: Configure, prepull: Prepull) -> None:
    with middleman("socks", api.port) as proxy:
        configure({"server": "http://cluster.invalid", "proxy-url": f"socks5://127.0.0.1:{proxy.port}"})
        assert prepull("status").err == "prepull: there is no PrePullDaemonSet in the namespace 'here'\n"
    assert proxy.asked == [f"{NAME}:80"]


# ---------------------------------------------------------------- the environment


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy"])
@pytest.mark.parametrize("prefix", ["http://", "", "socks5://"])
def test_the_proxy_of_the_environment(
    lead: Lead,
    configure: Configure,
    prepull: Prepull,
    behind: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
    prefix: str,
) -> None:
    with lead("socks" if prefix.startswith("socks") else "http") as proxy:
        monkeypatch.setenv(variable, f"{prefix}127.0.0.1:{proxy.port}")
        configure(behind)
        assert prepull("status").code == 0
    assert proxy.asked


def test_the_kubeconfig_comes_before_the_environment(
    lead: Lead, configure: Configure, prepull: Prepull, behind: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", "*")
    with lead("http") as proxy:
        configure({**behind, "proxy-url": f"http://127.0.0.1:{proxy.port}"})
        assert prepull("status").code == 0


SERVERS = [
    # (server, HTTPS_PROXY leads there, NO_PROXY)
    ("https://a.example.com", True, ""),
    ("https://a.example.com", True, "b.example.com, xample.com,http://a.example.com,,:443"),
    ("https://a.example.com", False, "*"),
    ("https://a.example.com", False, "b, Example.com"),
    ("https://a.example.com", False, ".example.com"),
    ("https://a.example.com", False, "*.example.com"),
    ("https://A.example.com.", False, "a.example.com"),
    ("https://example.com", True, ".example.com"),
    ("https://example.com", True, "*.example.com"),
    ("https://a.example.com", False, "example.com:443"),
    ("https://a.example.com:6443", True, "example.com:443"),
    ("https://10.1.2.3:6443", True, "10.1.2.4"),
    ("https://10.1.2.3:6443", False, "10.1.2.3"),
    ("https://10.1.2.3:6443", False, "10.1.2.3:6443"),
    ("https://10.1.2.3:6443", True, "10.1.2.3:443"),
    ("https://10.1.2.3:6443", False, "10.1.0.0/16"),
    ("https://10.1.2.3:6443", True, "10.2.0.0/16,10.1.0.0/x"),
    ("https://a.example.com", True, "10.1.0.0/16"),
    ("https://[fd00::1]:6443", False, "fd00::1"),
    ("https://[fd00::1]:6443", False, "[fd00::1]:6443"),
    ("https://[fd00::1]:6443", False, "[FD00::1]"),
    ("https://[fd00::1]:6443", True, "[fd00::1]:443,fd00::2"),
    ("https://[fd00::1]:6443", False, "fd00::/8"),
    ("https://localhost:6443", False, ""),
    ("https://127.0.0.1:6443", False, ""),
    ("https://[::1]:6443", False, ""),
]


@pytest.mark.parametrize(("server", "through", "exceptions"), SERVERS)
def test_servers_that_need_no_proxy(server: str, through: bool, exceptions: str) -> None:
    environ = {"HTTPS_PROXY": "http://proxy:3128", "NO_PROXY": exceptions}
    chosen = proxies.choose(Cluster(), server, environ)
    assert (chosen is not None) == through
    assert str(chosen) == ("the proxy http://proxy:3128 (HTTPS_PROXY in the environment)" if through else "None")


@pytest.mark.parametrize(
    ("server", "environ", "url"),
    [
        ("http://a", {"HTTPS_PROXY": "x"}, None),
        ("http://a", {"HTTP_PROXY": "x", "HTTPS_PROXY": "y"}, "http://x"),
        ("https://a", {"HTTP_PROXY": "x"}, None),
        ("https://a", {"ALL_PROXY": "x", "all_proxy": "x"}, None),
        ("https://a", {"HTTPS_PROXY": "x", "https_proxy": "y"}, "http://x"),
        ("https://a", {"https_proxy": "y", "no_proxy": "a"}, None),
    ],
)
def test_which_variable_counts(server: str, environ: dict[str, str], url: str | None) -> None:
    chosen = proxies.choose(Cluster(), server, environ)
    assert (chosen and chosen.url) == url


# ---------------------------------------------------------------- proxies that do not work


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("socks4://127.0.0.1:1", "socks4://127.0.0.1:1"),
        ("127.0.0.1:3128", "127.0.0.1:3128"),
        ("ftp://me:a-secret@proxy", "ftp://…@proxy"),
        ("me:a-secret@proxy:3128", "…@proxy:3128"),
        ("http://", "http://"),
        ("http://me:a-secret@proxy:99999", "http://…@proxy:99999"),
        ("http://me:a@secret@proxy:x", "http://…@proxy:x"),
        ("http://[::1", "http://[::1"),
    ],
)
def test_an_address_that_is_none(configure: Configure, prepull: Prepull, url: str, shown: str) -> None:
    configure({"proxy-url": url})
    ran = prepull("status")
    assert (ran.code, ran.out) == (4, "")
    assert ran.err == (
        f"prepull: the kubeconfig's context 'x' is not valid: its proxy-url '{shown}' is not the address of a proxy; "
        "write http://HOST:PORT, https://… or socks5://…\n"
    )


def test_a_variable_that_is_none(configure: Configure, prepull: Prepull, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "socks4://me:a-secret@proxy")
    configure({"server": "https://cluster.invalid"})
    ran = prepull("status")
    assert "its HTTPS_PROXY in the environment 'socks4://…@proxy' is not the address of a proxy; write" in ran.err


@pytest.mark.parametrize(
    ("kind", "scheme", "lets_in", "message"),
    [
        ("http", "http", "me:another", "407 Proxy Authentication Required"),
        ("socks", "socks5", "me:another", "Invalid username/password"),
        ("rubbish", "http", "", ""),
        ("rubbish", "socks5", "", "no SOCKS proxy answers"),
        ("silence", "http", "", "no answer in time"),
        ("silence", "socks5", "", "no answer in time"),
    ],
)
def test_a_proxy_that_does_not_lead_there(
    lead: Lead,
    configure: Configure,
    prepull: Prepull,
    behind: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    scheme: str,
    lets_in: str,
    message: str,
) -> None:
    monkeypatch.setattr(client, "TIMEOUT_SECONDS", 1.0 if kind == "silence" else client.TIMEOUT_SECONDS)
    with lead(kind, lets_in=lets_in) as proxy:
        configure({**behind, "proxy-url": f"{scheme}://me:a-secret@127.0.0.1:{proxy.port}"})
        ran = prepull("status")
    assert (ran.code, ran.out) == (4, "")
    assert ran.err.startswith(f"prepull: cannot reach the cluster at https://{NAME}:6443 (context 'x'): {message}")
    assert ran.err.endswith(f"through the proxy {scheme}://…@127.0.0.1:{proxy.port} (proxy-url)\n")
    assert ran.err.count("\n") == 1
    assert "a-secret" not in ran.err


@pytest.mark.parametrize("scheme", ["http", "https", "socks5"])
def test_a_proxy_that_is_not_there(configure: Configure, prepull: Prepull, behind: dict[str, Any], scheme: str) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"{scheme}://127.0.0.1:{unused.getsockname()[1]}"
        configure({**behind, "proxy-url": url})
        ran = prepull("status")
    assert ran.code == 4
    assert ran.err.startswith("prepull: cannot reach the cluster at ")
    assert ran.err.endswith(f"through the proxy {url} (proxy-url)\n")


def test_a_package_that_is_missing(configure: Configure, prepull: Prepull, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "socksio", None)
    configure({"proxy-url": "socks5://127.0.0.1:1"})
    ran = prepull("status")
    assert ran.err == (
        "prepull: the kubeconfig's context 'x' is not valid: for the proxy socks5://127.0.0.1:1 (proxy-url), "
        "the package socksio is missing; pip install 'pulumi-prepull[cli]'\n"
    )
