"""Certificates: what kubectl accepts is accepted, and nothing else."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from prepull.gate.api import Client

from ...cluster.fake_api import FakeApi
from ...cluster.objects import daemon_set
from ..conftest import Prepull, Ran
from .authorities import DAY, Certified, bare_authority, self_signed
from .conftest import Configure


def data(certified: Certified) -> dict[str, str]:
    return {"certificate-authority-data": b64encode(certified.pem).decode()}


@pytest.fixture
def serve(api: FakeApi, tmp_path: Path) -> Callable[[Certified], None]:
    """Let the server show a certificate."""

    def encrypt(certified: Certified) -> None:
        api.items["daemonsets"] = [daemon_set()]
        api.encrypt(certified.write(tmp_path / "server.pem"))

    return encrypt


Serve = Callable[[Certified], None]


def answers(ran: Ran) -> None:
    assert (ran.code, ran.err) == (0, "")


# ---------------------------------------------------------------- what is accepted


@pytest.mark.usefixtures("strict")
def test_an_authority_without_extensions(
    serve: Serve, configure: Configure, prepull: Prepull, authority: Certified
) -> None:
    serve(authority.issue("127.0.0.1"))
    configure(data(authority))
    answers(prepull("status"))


@pytest.mark.usefixtures("strict")
def test_an_authority_in_a_file_beside_the_kubeconfig(
    serve: Serve, configure: Configure, prepull: Prepull, authority: Certified
) -> None:
    serve(authority.issue("127.0.0.1"))
    directory = configure({"certificate-authority": "ca/ca.crt"}).parent
    (directory / "ca").mkdir()
    (directory / "ca" / "ca.crt").write_bytes("# für alle Knoten\n".encode() + authority.pem)
    answers(prepull("status"))


@pytest.mark.usefixtures("strict")
def test_an_intermediate_authority_is_enough(
    serve: Serve, configure: Configure, prepull: Prepull, authority: Certified
) -> None:
    between = authority.issue("between", authority=True)
    serve(between.issue("127.0.0.1", chain=between.pem))
    configure(data(between))
    answers(prepull("status"))


@pytest.mark.usefixtures("strict")
def test_a_server_that_has_signed_for_itself(serve: Serve, configure: Configure, prepull: Prepull) -> None:
    own = self_signed("127.0.0.1")
    serve(own)
    configure(data(own))
    answers(prepull("status"))


def test_the_name_that_the_kubeconfig_gives(
    serve: Serve, configure: Configure, prepull: Prepull, authority: Certified
) -> None:
    serve(authority.issue("kubernetes.default.svc"))
    configure({**data(authority), "tls-server-name": "kubernetes.default.svc"})
    answers(prepull("status"))


def test_any_certificate_if_the_kubeconfig_says_so(
    serve: Serve, configure: Configure, prepull: Prepull, authority: Certified
) -> None:
    serve(authority.issue("elsewhere", age=400 * DAY))
    configure({"insecure-skip-tls-verify": True})
    answers(prepull("status"))


@pytest.mark.usefixtures("strict")
def test_an_address_without_a_scheme(
    api: FakeApi, serve: Serve, configure: Configure, prepull: Prepull, authority: Certified
) -> None:
    serve(authority.issue("127.0.0.1"))
    configure({**data(authority), "server": f"127.0.0.1:{api.port}"})
    answers(prepull("status"))


# ---------------------------------------------------------------- what is refused


REFUSED: dict[str, tuple[Callable[[Certified], Certified], Callable[[Certified], dict[str, Any]], str]] = {
    "of another authority": (
        lambda authority: authority.issue("127.0.0.1"),
        lambda _: data(bare_authority("another")),
        "unable to get local issuer certificate; set 'certificate-authority-data' in the kubeconfig",
    ),
    "of an authority with the same name": (
        lambda authority: authority.issue("127.0.0.1"),
        lambda _: data(bare_authority()),
        "certificate signature failure; set 'certificate-authority-data' in the kubeconfig",
    ),
    "of none that this machine knows": (
        lambda authority: authority.issue("127.0.0.1"),
        lambda _: {},
        "unable to get local issuer certificate; set 'certificate-authority-data' in the kubeconfig",
    ),
    "for another address": (
        lambda authority: authority.issue("127.0.0.2"),
        data,
        "certificate is not valid for '127.0.0.1'; correct 'server' in the kubeconfig, or set 'tls-server-name'",
    ),
    "for another name": (
        lambda authority: authority.issue("a.example.com"),
        lambda authority: {**data(authority), "tls-server-name": "b.example.com"},
        "certificate is not valid for 'b.example.com'; correct 'server' in the kubeconfig, or set 'tls-server-name'",
    ),
    "expired": (
        lambda authority: authority.issue("127.0.0.1", age=400 * DAY),
        data,
        "certificate has expired; renew it, or correct this machine's clock",
    ),
    "not valid yet": (
        lambda authority: authority.issue("127.0.0.1", age=-2 * DAY),
        data,
        "certificate is not yet valid; correct this machine's clock",
    ),
}


@pytest.mark.usefixtures("strict")
@pytest.mark.parametrize("kind", REFUSED)
def test_another_certificate_is_refused(
    api: FakeApi, serve: Serve, configure: Configure, prepull: Prepull, authority: Certified, kind: str
) -> None:
    certified, cluster, message = REFUSED[kind]
    serve(certified(authority))
    configure(cluster(authority), {"token": "a-secret"})
    ran = prepull("status")
    where = f"the cluster at https://127.0.0.1:{api.port} (context 'x')"
    assert (ran.code, ran.out) == (4, "")
    assert ran.err.startswith(f"prepull: cannot reach {where}: its certificate is refused: ")
    assert message in ran.err
    assert ran.err.count("\n") == 1
    assert api.asked == []


def test_a_server_without_tls(api: FakeApi, configure: Configure, prepull: Prepull, authority: Certified) -> None:
    configure(data(authority))
    ran = prepull("status")
    assert (ran.code, ran.err.count("\n")) == (4, 1)
    assert "it does not answer with TLS; correct the scheme or the port of 'server' in the kubeconfig\n" in ran.err
    assert api.asked == []


def test_a_server_that_expects_tls(
    api: FakeApi, serve: Serve, configure: Configure, prepull: Prepull, authority: Certified
) -> None:
    serve(authority.issue("127.0.0.1"))
    configure({"server": f"http://127.0.0.1:{api.port}"})
    ran = prepull("status")
    assert (ran.code, ran.err.count("\n")) == (4, 1)
    assert "it has closed the connection, as servers do that expect TLS, or a client's certificate\n" in ran.err


@pytest.mark.parametrize(
    ("cluster", "message"),
    [
        ({"certificate-authority-data": "%"}, "its certificate-authority-data is not base64"),
        ({"certificate-authority-data": "YQ=="}, "its certificate-authority has no certificate in PEM"),
        ({"certificate-authority": "none"}, "cannot read its certificate-authority "),
        (
            {"insecure-skip-tls-verify": True, "certificate-authority-data": "YQ=="},
            "it has insecure-skip-tls-verify and a certificate-authority; remove one of them",
        ),
    ],
)
def test_an_authority_that_is_wrong(
    configure: Configure, prepull: Prepull, cluster: dict[str, Any], message: str
) -> None:
    configure(cluster)
    ran = prepull("status")
    assert (ran.code, ran.out) == (4, "")
    assert f"prepull: the kubeconfig's context 'x' is not valid: {message}" in ran.err
    assert ran.err.count("\n") == 1


# ---------------------------------------------------------------- the gate


def asks(server: str, credentials: Path) -> int:
    """Let the gate's client list, in this process."""
    (credentials / "token").write_text("t")
    return sum(len(page["items"]) for page in Client(server, credentials).pages("/api/v1/daemonsets", {}))


@pytest.mark.usefixtures("strict")
@pytest.mark.parametrize("intermediate", [False, True])
def test_the_gate_accepts_what_kubectl_accepts(
    api: FakeApi, serve: Serve, authority: Certified, tmp_path: Path, intermediate: bool
) -> None:
    signer = authority.issue("between", authority=True) if intermediate else authority
    serve(signer.issue("127.0.0.1", chain=signer.pem))
    (tmp_path / "ca.crt").write_bytes(signer.pem)
    assert asks(f"https://127.0.0.1:{api.port}", tmp_path) == 1


@pytest.mark.parametrize("kind", [kind for kind, row in REFUSED.items() if row[1] is data])
def test_the_gate_refuses_another_certificate(
    api: FakeApi, serve: Serve, authority: Certified, tmp_path: Path, kind: str
) -> None:
    serve(REFUSED[kind][0](authority))
    (tmp_path / "ca.crt").write_bytes(authority.pem)
    with pytest.raises(OSError, match="certificate verify failed"):
        asks(f"https://127.0.0.1:{api.port}", tmp_path)
    assert api.asked == []
