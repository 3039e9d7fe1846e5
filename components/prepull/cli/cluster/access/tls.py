"""TLS as kubectl does it: what it accepts is accepted, and the chain and the name are checked."""

from __future__ import annotations

import os
import ssl
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx2

from .fields import Cluster, CredentialError, FieldError

_WAYS_OUT = {
    10: "renew it, or correct this machine's clock",
    9: "correct this machine's clock",
    62: "correct 'server' in the kubeconfig, or set 'tls-server-name' to a name of the certificate",
    64: "correct 'server' in the kubeconfig, or set 'tls-server-name' to a name of the certificate",
}
# OpenSSL's words for an answer without TLS: until 3.1, and since.
_PLAIN = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE")
_OTHER_WAY_OUT = "set 'certificate-authority-data' in the kubeconfig to the certificate of the cluster's authority"


def context(cluster: Cluster) -> ssl.SSLContext:
    """What checks the API server's certificate.

    Python 3.13 and later check certificates strictly (`VERIFY_X509_STRICT`), and so refuse authorities without the
    extensions of RFC 5280, as many clusters have. Go, and so kubectl, does not. It also takes an intermediate authority
    for the last of a chain (`VERIFY_X509_PARTIAL_CHAIN`).
    Source: https://docs.python.org/3/library/ssl.html#ssl.create_default_context

    Args:
        cluster: the cluster.

    Raises:
        FieldError: the authority's certificate is not valid.
    """
    if cluster.insecure_skip_tls_verify:
        if cluster.certificate_authority or cluster.certificate_authority_data:
            raise FieldError("it has insecure-skip-tls-verify and a certificate-authority; remove one of them")
        return httpx2.create_ssl_context(verify=False)
    if authority := cluster.authority:
        return as_kubectl(_trusting(authority))
    return as_kubectl(httpx2.create_ssl_context())


def of_proxy(cluster: Cluster) -> ssl.SSLContext:
    """What checks the certificate of a proxy: as the server's, and this machine's authorities count as well.

    Raises:
        FieldError: the authority's certificate is not valid.
    """
    made = context(cluster)
    if cluster.authority:
        made.load_default_certs()
    return made


def as_kubectl(made: ssl.SSLContext) -> ssl.SSLContext:
    """Let a context check certificates as Go does."""
    made.verify_flags = (made.verify_flags | ssl.VERIFY_X509_PARTIAL_CHAIN) & ~ssl.VERIFY_X509_STRICT
    return made


def present(made: ssl.SSLContext, certificate: tuple[bytes, bytes]) -> None:
    """Let a context show a client's certificate.

    Args:
        made: the context.
        certificate: the certificate and its key, in PEM.

    Raises:
        CredentialError: they are not valid.
    """
    # The ssl module reads files only.
    with TemporaryDirectory(prefix="prepull-") as directory:
        paths = Path(directory, "certificate"), Path(directory, "key")
        for path, content in zip(paths, certificate, strict=True):
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(content)
        try:
            made.load_cert_chain(paths[0], paths[1], password=_refuse_password)
        except (ssl.SSLError, ValueError) as error:
            reason = getattr(error, "reason", None) or error
            raise CredentialError(f"the client certificate and its key are not valid: {reason}") from None


def _refuse_password() -> str:
    # Without this, OpenSSL asks for one on the terminal.
    raise ValueError("the key is encrypted, which kubectl cannot read either")


def _trusting(authority: bytes) -> ssl.SSLContext:
    # Files of certificates have comments, in any language.
    text = authority.decode("latin-1").encode("ascii", "replace").decode("ascii")
    try:
        return ssl.create_default_context(cadata=text)
    except (ssl.SSLError, ValueError):
        raise FieldError("its certificate-authority has no certificate in PEM") from None


def refusal(error: BaseException | None) -> str | None:
    """Why there is no TLS, with the way out; None if the error has another cause.

    Args:
        error: the HTTP client's error.
    """
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            way_out = _WAYS_OUT.get(error.verify_code, _OTHER_WAY_OUT)
            return f"its certificate is refused: {error.verify_message.rstrip('.')}; {way_out}"
        if isinstance(error, ssl.SSLError) and "ALERT" in (error.reason or ""):
            return f"it refuses the connection, perhaps for the client's certificate: {error.reason}"
        if isinstance(error, ssl.SSLError) and error.reason in _PLAIN:
            return "it does not answer with TLS; correct the scheme or the port of 'server' in the kubeconfig"
        error = error.__cause__ or error.__context__
    return None
