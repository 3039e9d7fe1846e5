"""One image's digest from its registry, with whatever authentication the registry asks for."""

from __future__ import annotations

import base64
import hashlib
import re
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from ipaddress import ip_address
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from requests.utils import parse_dict_header
from urllib3.util import Retry

from ...version import __version__
from .. import references
from ..references import Reference
from .credentials import Credential, CredentialError, Credentials

# An index comes first: it is what a tag of several platforms stands for, and what all nodes can pull.
_MEDIA_TYPES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
_CONNECT_SECONDS, _READ_SECONDS = 5.0, 20.0
# What a registry has to take at least, and nobody has reason to exceed
# (https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pushing-manifests).
_MANIFEST_BYTES = 4 * 1024 * 1024
_CHUNK_BYTES = 64 * 1024
_HOSTS = {references.DEFAULT_REGISTRY: "registry-1.docker.io"}
_BEARER = re.compile(r"(?:^|,)\s*bearer\s+(.*)", re.IGNORECASE | re.DOTALL)
_BASIC = re.compile(r"(?:^|,)\s*basic\b", re.IGNORECASE)
_NO_TLS = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST")


class RegistryError(Exception):
    """There is no digest; the message says why in the words that the puller has for the same."""


class _UnreachableError(RegistryError):
    """The registry did not answer at all."""


def is_loopback(registry: str) -> bool:
    """Whether a registry is on this machine, where Docker and containerd speak plain HTTP to it as well."""
    host = urlsplit(f"//{registry}").hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class Registries:
    """Asks registries for digests. One serves several threads, and is for one occasion: it remembers.

    Args:
        credentials: where credentials come from. Default: the user's Docker configuration.
        plain: which registries are asked over plain HTTP. Default: those on this machine.
    """

    def __init__(self, credentials: Credentials | None = None, plain: Callable[[str], bool] = is_loopback) -> None:
        self._credentials = credentials or Credentials()
        self._plain = plain
        self._silent: dict[str, str] = {}

    def digest(self, image: Reference) -> str:
        """Ask for the digest of what a tag stands for: of the index, where there is one.

        Args:
            image: a reference by tag.

        Raises:
            RegistryError: there is none, or nobody says.
        """
        if image.registry in self._silent:
            raise RegistryError(self._silent[image.registry])
        try:
            with _session() as session:
                return _Question(session, image, self._credentials, plain=self._plain(image.registry)).answer()
        except _UnreachableError as error:
            # Where there are many images of it, each of them would wait as long again.
            self._silent[image.registry] = str(error)
            raise


class _Question:
    """One image's digest: asked, asked again with authentication, and read."""

    def __init__(self, session: requests.Session, image: Reference, credentials: Credentials, *, plain: bool) -> None:
        self._session = session
        self._image = image
        self._credentials = credentials
        self._plain = plain
        self._url = (
            f"{'http' if plain else 'https'}://{_HOSTS.get(image.registry, image.registry)}"
            f"/v2/{image.repository}/manifests/{image.tag}"
        )
        self._authorization: str | None = None
        self._note = ""

    def answer(self) -> str:
        response = self._ask("HEAD")
        if response.status_code == requests.codes.unauthorized:
            granted = self._authenticate(response.headers.get("WWW-Authenticate", ""))
            response = self._ask("HEAD")
            if granted and response.status_code in (requests.codes.unauthorized, requests.codes.forbidden):
                # Registries that hide what one may not see say the same of what is not there.
                raise RegistryError(f"unauthorized, or no such repository{self._note}")
        if response.status_code == requests.codes.ok:
            return self._checked(response.headers.get("Docker-Content-Digest")) or self._of_content()
        if response.status_code in (requests.codes.method_not_allowed, requests.codes.not_implemented):
            return self._of_content()
        raise self._refused(response)

    def _of_content(self) -> str:
        """The digest of the manifest itself, where the registry does not say it in a header, as it may."""
        with self._ask("GET") as response:
            if response.status_code != requests.codes.ok:
                raise self._refused(response)
            # A page to log in at, which a proxy may send instead, has a hash as well.
            if response.headers.get("Content-Type", "").partition(";")[0].strip() not in _MEDIA_TYPES:
                raise RegistryError("its answer is no manifest of an image")
            algorithm, size = hashlib.sha256(), 0
            try:
                for chunk in response.iter_content(_CHUNK_BYTES):
                    algorithm.update(chunk)
                    size += len(chunk)
                    if size > _MANIFEST_BYTES:
                        raise RegistryError(f"its manifest has more than {_MANIFEST_BYTES} bytes")
            except requests.RequestException as error:
                raise RegistryError(_why(error)) from None
            return f"sha256:{algorithm.hexdigest()}"

    def _checked(self, digest: str | None) -> str | None:
        if digest is None:
            return None
        try:
            return references.parse(f"{self._image.name}@{digest}").digest
        except references.InvalidReferenceError:
            raise RegistryError("its answer has no valid digest") from None

    def _ask(self, method: str) -> requests.Response:
        return self._send(
            method, self._url, self._authorization, headers={"Accept": ", ".join(_MEDIA_TYPES)}, stream=method == "GET"
        )

    def _send(self, method: str, url: str, authorization: str | None, **options: object) -> requests.Response:
        try:
            return self._session.request(
                method,
                url,
                auth=_Authorization(authorization),
                timeout=(_CONNECT_SECONDS, _READ_SECONDS),
                # What is posted is a credential, and is for the one that it is posted to.
                allow_redirects=method != "POST",
                **options,  # type: ignore[arg-type]
            )
        except requests.RequestException as error:
            raise _UnreachableError(_why(error)) from None

    def _refused(self, response: requests.Response) -> RegistryError:
        if response.status_code in (requests.codes.unauthorized, requests.codes.forbidden):
            return RegistryError(f"unauthorized{self._note}")
        if response.status_code == requests.codes.not_found:
            return RegistryError("manifest unknown")
        if response.status_code == requests.codes.too_many_requests:
            return RegistryError("too many requests")
        return RegistryError(f"it answers {response.status_code} {response.reason or ''}".rstrip())

    # ---------------------------------------------------------------- authentication

    def _authenticate(self, challenge: str) -> bool:
        """Do as the registry asks; whether it has granted a token."""
        credential = self._credential()
        if bearer := _BEARER.search(challenge):
            asked: dict[str, str | None] = parse_dict_header(bearer[1])  # type: ignore[no-untyped-call]
            self._authorization = f"Bearer {self._token(asked, credential)}"
            return True
        if _BASIC.search(challenge) and credential and credential.username:
            self._authorization = _basic(credential)
        return False

    def _credential(self) -> Credential | None:
        registry = self._image.registry
        try:
            found = self._credentials.find(registry)
        except CredentialError as error:
            # What is public is there without one.
            self._note = f"; {error}"
            return None
        if found:
            self._note = f" with the credential for {registry} in the Docker configuration"
        else:
            self._note = f"; the Docker configuration has no credential for {registry}"
        return found

    def _token(self, challenge: Mapping[str, str | None], credential: Credential | None) -> str:
        """Ask the token server that the registry names.

        https://distribution.github.io/distribution/spec/auth/token/, and with an identity token
        https://distribution.github.io/distribution/spec/auth/oauth/.
        """
        realm = challenge.get("realm") or ""
        if not realm.startswith(("https://", "http://") if self._plain else "https://"):
            raise RegistryError(f"it sends whoever asks to {realm!r} for a token, which is not over TLS")
        scope = challenge.get("scope") or f"repository:{self._image.repository}:pull"
        service = challenge.get("service") or ""
        try:
            if credential and credential.identity_token:
                form = {
                    "grant_type": "refresh_token",
                    "service": service,
                    "scope": scope,
                    "client_id": "prepull",
                    "refresh_token": credential.identity_token,
                }
                response = self._send("POST", realm, None, data=form)
            else:
                query = [("service", service), *(("scope", each) for each in scope.split())]
                response = self._send("GET", realm, _basic(credential) if credential else None, params=query)
        except _UnreachableError as error:
            raise _UnreachableError(f"{urlsplit(realm).netloc}, which it names for tokens: {error}") from None
        if response.status_code != requests.codes.ok:
            raise self._refused_token(response)
        try:
            granted = response.json()
            token = granted.get("token") or granted.get("access_token")
        except (AttributeError, ValueError):
            token = None
        if not isinstance(token, str):
            raise RegistryError(f"{urlsplit(realm).netloc} grants no token")
        return token

    def _refused_token(self, response: requests.Response) -> RegistryError:
        codes = (requests.codes.bad_request, requests.codes.unauthorized, requests.codes.forbidden)
        if response.status_code in codes:
            return RegistryError(f"unauthorized{self._note}")
        if response.status_code == requests.codes.not_found:
            return RegistryError(f"{urlsplit(response.url).netloc}, which it names for tokens, has none")
        return self._refused(response)


class _Authorization(AuthBase):
    """The header as it is, or none: without this, requests would take what stands in ~/.netrc."""

    def __init__(self, header: str | None) -> None:
        self._header = header

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._header:
            request.headers["Authorization"] = self._header
        return request


def _session() -> requests.Session:
    session = requests.Session()
    session.headers["User-Agent"] = f"prepull/{__version__}"
    # 429 is not tried again: it asks for minutes, and there are seconds.
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
        session.mount(scheme, HTTPAdapter(max_retries=retry))
    return session


def _basic(credential: Credential) -> str:
    return "Basic " + base64.b64encode(f"{credential.username}:{credential.password}".encode()).decode()


def _why(error: BaseException) -> str:
    """An error of requests in a few words; its own text has addresses of objects, and may have a proxy's password."""
    prefix = "proxy: " if isinstance(error, requests.exceptions.ProxyError) else ""
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"{prefix}TLS: {cause.verify_message}"
        if isinstance(cause, ssl.SSLError):
            if cause.reason in _NO_TLS:
                return f"{prefix}it does not speak TLS, and plain HTTP is for registries on this machine only"
            return f"{prefix}TLS: {cause.reason}"
        if isinstance(cause, socket.gaierror):
            return f"{prefix}host not found"
        if isinstance(cause, ConnectionRefusedError):
            return f"{prefix}connection refused"
        if isinstance(cause, ConnectionError):
            return f"{prefix}connection lost"
        if isinstance(cause, (TimeoutError, requests.Timeout)):
            return f"{prefix}timed out"
        if isinstance(cause, OSError) and cause.strerror and cause.errno:
            return f"{prefix}{cause.strerror}"
    return f"{prefix}{type(error).__name__}"


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An error and what it wraps, the innermost last."""
    seen: list[BaseException] = []
    found: BaseException | None = error
    while found is not None:
        yield found
        seen.append(found)
        inner = [getattr(found, "reason", None), *found.args, found.__cause__, found.__context__]
        found = next((each for each in inner if isinstance(each, BaseException) and each not in seen), None)
