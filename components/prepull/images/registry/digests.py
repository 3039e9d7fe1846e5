"""Asks an image's registry for its digest and for its manifests, with the authentication that the registry wants."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from ipaddress import ip_address
from typing import Any, TypeVar
from urllib.parse import urlsplit

import requests

from .. import references, sizes
from ..references import Reference
from ..sizes import Weight
from . import tokens
from .credentials import CredentialError, Credentials
from .failures import Reason, RegistryError, UnauthorizedError, UnreachableError, refused
from .logins import Credential
from .session import Session, why

T = TypeVar("T")

# An index comes first: a tag of several platforms stands for it, and every node can pull it.
_MEDIA_TYPES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
# Registries must accept manifests up to this size, and no real one is larger
# (https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pushing-manifests).
_MANIFEST_BYTES = 4 * 1024 * 1024
_CHUNK_BYTES = 64 * 1024
_HOSTS = {references.DEFAULT_REGISTRY: "registry-1.docker.io"}


def is_loopback(registry: str) -> bool:
    """Whether a registry is on this machine; Docker and containerd use plain HTTP for such registries as well."""
    host = urlsplit(f"//{registry}").hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class Registries:
    """Asks registries for digests and weights. It is thread-safe.

    It remembers registries that do not answer: use it only once.

    Args:
        credentials: finds the credentials. Default: those of the user's Docker configuration.
        plain: decides which registries are asked over plain HTTP. Default: those on this machine.
    """

    def __init__(self, credentials: Credentials | None = None, plain: Callable[[str], bool] = is_loopback) -> None:
        self._credentials = credentials or Credentials()
        self._plain = plain
        self._silent: dict[str, str] = {}

    def digest(self, image: Reference) -> str:
        """Ask for the digest that a tag stands for: that of the index, if there is one.

        Args:
            image: a reference by tag.

        Raises:
            RegistryError: there is no digest, or the registry does not answer.
        """
        return self._ask(image, lambda question: question.answer())

    def weight(self, image: Reference) -> Weight:
        """Ask what an image weighs, compressed, on each platform that counts.

        It reads the index and a manifest for each of these platforms. Docker Hub counts each platform that is read as
        a pull (https://docs.docker.com/docker-hub/usage/pulls/), unlike the request for a digest.

        Args:
            image: a reference by digest.

        Raises:
            RegistryError: the registry does not answer, or not with manifests that tell.
        """

        def read(question: _Question) -> Weight:
            # For its authentication; of what it says, nothing is new.
            question.answer()
            return sizes.weight(question.manifest, str(image.digest))

        try:
            return self._ask(image, read)
        except sizes.UntoldError as error:
            raise RegistryError(str(error)) from None

    def _ask(self, image: Reference, ask: Callable[[_Question], T]) -> T:
        if image.registry in self._silent:
            raise RegistryError(self._silent[image.registry])
        try:
            with Session() as session:
                return ask(_Question(session, image, self._credentials, plain=self._plain(image.registry)))
        except UnreachableError as error:
            # Otherwise each further image of this registry would wait as long again.
            self._silent[image.registry] = str(error)
            raise


class _Question:
    """The requests about one image: without authentication, then with it."""

    def __init__(self, session: Session, image: Reference, credentials: Credentials, *, plain: bool) -> None:
        self._session = session
        self._image = image
        self._credentials = credentials
        self._plain = plain
        self._manifests = (
            f"{'http' if plain else 'https'}://{_HOSTS.get(image.registry, image.registry)}"
            f"/v2/{image.repository}/manifests"
        )
        self._authorization: str | None = None
        self._note = ""

    def answer(self) -> str:
        """The digest. Afterwards, requests have the authentication that the registry wants."""
        response = self._ask("HEAD")
        if response.status_code != requests.codes.unauthorized:
            return self._digest(response)
        # As the kubelet does: each credential, whatever the error; only if there is none, without one.
        credentials: Sequence[Credential | None] = self._find() or [None]
        problems: list[RegistryError] = []
        for credential in credentials:
            try:
                return self._authorized(response.headers.get("WWW-Authenticate", ""), credential)
            except UnreachableError:
                raise
            except RegistryError as error:
                problems.append(error)
        raise next((problem for problem in problems if not isinstance(problem, UnauthorizedError)), problems[-1])

    def _authorized(self, challenge: str, credential: Credential | None) -> str:
        self._authorization = None
        granted = self._authenticate(challenge, credential)
        response = self._ask("HEAD")
        if granted and response.status_code in (requests.codes.unauthorized, requests.codes.forbidden):
            # A registry that hides private repositories gives the same answer for missing ones.
            raise UnauthorizedError(Reason.UNAUTHORIZED_OR_MISSING.text(note=self._note))
        return self._digest(response)

    def _digest(self, response: requests.Response) -> str:
        if response.status_code == requests.codes.ok:
            return self._checked(response.headers.get("Docker-Content-Digest")) or self._of_content()
        if response.status_code in (requests.codes.method_not_allowed, requests.codes.not_implemented):
            return self._of_content()
        raise refused(response.status_code, response.reason, self._note)

    def manifest(self, digest: str) -> Any:
        """A manifest or an index of the image's repository, as JSON."""
        content = self._content(digest)
        if f"sha256:{hashlib.sha256(content).hexdigest()}" != digest:
            raise RegistryError(Reason.INVALID_DIGEST.text())
        try:
            return json.loads(content)
        except ValueError:
            raise RegistryError(Reason.NO_MANIFEST.text()) from None

    def _ask(self, method: str, reference: str | None = None) -> requests.Response:
        accept = {"Accept": ", ".join(_MEDIA_TYPES)}
        url = f"{self._manifests}/{reference or self._image.digest or self._image.tag}"
        return self._session.send(method, url, self._authorization, headers=accept, stream=method == "GET")

    def _checked(self, digest: str | None) -> str | None:
        if digest is None:
            return None
        try:
            return references.parse(f"{self._image.name}@{digest}").digest
        except references.InvalidReferenceError:
            raise RegistryError(Reason.INVALID_DIGEST.text()) from None

    def _of_content(self) -> str:
        """The digest of the manifest's content: registries need not send the digest in a header."""
        return f"sha256:{hashlib.sha256(self._content()).hexdigest()}"

    def _content(self, digest: str | None = None) -> bytes:
        with self._ask("GET", digest) as response:
            if response.status_code != requests.codes.ok:
                raise refused(response.status_code, response.reason, self._note)
            # A proxy may answer with its login page, which has a hash as well.
            if response.headers.get("Content-Type", "").partition(";")[0].strip() not in _MEDIA_TYPES:
                raise RegistryError(Reason.NO_MANIFEST.text())
            content = bytearray()
            try:
                for chunk in response.iter_content(_CHUNK_BYTES):
                    content += chunk
                    if len(content) > _MANIFEST_BYTES:
                        raise RegistryError(Reason.LARGE_MANIFEST.text(limit=_MANIFEST_BYTES))
            except requests.RequestException as error:
                raise RegistryError(why(error)) from None
            return bytes(content)

    def _authenticate(self, challenge: str, credential: Credential | None) -> bool:
        """Answer the registry's challenge; whether a token was granted."""
        parameters = tokens.bearer(challenge)
        if parameters is not None:
            if credential and credential.registry_token:
                token = credential.registry_token
            else:
                scope = f"repository:{self._image.repository}:pull"
                token = tokens.token(
                    self._session, parameters, credential, scope=scope, plain=self._plain, note=self._note
                )
            self._authorization = f"Bearer {token}"
            return True
        if tokens.asks_for_basic(challenge) and credential and credential.username:
            self._authorization = tokens.basic(credential)
        return False

    def _find(self) -> list[Credential]:
        registry = self._image.registry
        try:
            found = self._credentials.find(f"{registry}/{self._image.repository}")
        except CredentialError as error:
            # A public image needs no credential.
            self._note = f"; {error}"
            return []
        if len(found) > 1:
            self._note = f" with each of {len(found)} credentials for {registry} in the Docker configuration"
        elif found:
            self._note = f" with the credential for {registry} in the Docker configuration"
        else:
            self._note = f"; the Docker configuration has no credential for {registry}"
        return found
