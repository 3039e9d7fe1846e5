"""Image references: parse, normalise, compare.

The grammar is that of the OCI distribution specification, as its reference implementation parses it
(https://pkg.go.dev/github.com/distribution/reference), with one stricter rule: an upper-case first component without a
dot or a port is an error (an upper-case repository), not the name of a registry.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

DEFAULT_REGISTRY = "docker.io"
OFFICIAL_REPOSITORY = "library"
DEFAULT_TAG = "latest"

# https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests
_PATH_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_PATH = re.compile(rf"{_PATH_COMPONENT}(?:/{_PATH_COMPONENT})*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_DIGEST = re.compile(r"[a-z0-9]+(?:[.+_-][a-z0-9]+)*:[0-9a-zA-Z=_-]+")
_DIGEST_HEX_LENGTH = {"sha256": 64, "sha384": 96, "sha512": 128}
_HOST_COMPONENT = r"(?:[A-Za-z0-9]|[A-Za-z0-9][A-Za-z0-9-]*[A-Za-z0-9])"
_REGISTRY = re.compile(rf"(?:{_HOST_COMPONENT}(?:\.{_HOST_COMPONENT})*|\[[0-9a-fA-F:]+\])(?::[0-9]{{1,5}})?")
_IMAGE_ID = re.compile(r"[0-9a-f]{64}")
_NAME_LENGTH = 255


class InvalidReferenceError(ValueError):
    """A text is not an image reference; the message says why and what to write instead."""


@dataclass(frozen=True)
class Reference:
    """An image reference in canonical form: it always has a registry, and a tag or a digest.

    Attributes:
        registry: host, with the port if it has one (`docker.io`, `registry.example.com:5000`).
        repository: path within the registry (`library/nginx`).
        tag: the tag; `latest` if the text had neither tag nor digest; None if it had a digest alone.
        digest: the digest (`sha256:…`) or None.
    """

    registry: str
    repository: str
    tag: str | None
    digest: str | None

    @property
    def name(self) -> str:
        """Registry and repository: `docker.io/library/nginx`."""
        return f"{self.registry}/{self.repository}"

    @property
    def familiar(self) -> str:
        """The form that the Docker CLI prints: `nginx:1.25`, `team/app:v1`, `quay.io/team/app:v1`."""
        if self.registry != DEFAULT_REGISTRY:
            return str(self)
        first, _, remainder = self.repository.partition("/")
        if first == OFFICIAL_REPOSITORY and "/" not in remainder:
            return remainder + self._suffix
        # Without its registry, `my.org/app` would mean a registry `my.org`.
        return str(self) if _is_registry(first) else self.repository + self._suffix

    @property
    def _suffix(self) -> str:
        tag = f":{self.tag}" if self.tag else ""
        digest = f"@{self.digest}" if self.digest else ""
        return tag + digest

    def __str__(self) -> str:
        """The canonical form: `docker.io/library/nginx:1.25`."""
        return self.name + self._suffix


def parse(text: str) -> Reference:
    """Parse an image reference, and complete it as container runtimes do.

    Args:
        text: the reference, by tag, by digest, or both: `nginx`, `host:5000/team/app:v1`, `nginx@sha256:…`.

    Returns:
        The reference in canonical form. `nginx` becomes `docker.io/library/nginx:latest`.

    Raises:
        InvalidReferenceError: the text is not a reference; the message says which part is wrong and what to write.

    Example:
        >>> str(parse("nginx:1.25"))
        'docker.io/library/nginx:1.25'
    """
    if not text:
        raise InvalidReferenceError("it is empty; write a reference such as 'nginx:1.25'")
    if bad := sorted({char for char in text if not ("!" <= char <= "~")}):
        raise InvalidReferenceError(f"it contains {_describe(bad[0])}; a reference has no such character")
    scheme, separator, _ = text.partition("://")
    if separator:
        raise InvalidReferenceError(f"it is a URL; leave out '{scheme}://'")
    if _IMAGE_ID.fullmatch(text):
        raise InvalidReferenceError(f"'{text}' is an image ID, which no registry knows; write a name")
    rest, digest = _split_digest(text)
    rest, tag = _split_tag(rest)
    if not rest:
        raise InvalidReferenceError(f"there is no name before '{text}'; write one, such as 'nginx{text}'")
    registry, repository = _split_registry(rest)
    if tag is None and digest is None:
        tag = DEFAULT_TAG
    if len(registry) + 1 + len(repository) > _NAME_LENGTH:
        raise InvalidReferenceError(f"the name '{registry}/{repository}' is longer than {_NAME_LENGTH} characters")
    return Reference(registry, repository, tag, digest)


def parse_name(text: str) -> str:
    """Parse a registry, with or without a path: `docker.io`, `quay.io/org`, `mirror.example.com:5000/hub`.

    Args:
        text: the registry.

    Returns:
        The same, with the registry's name in canonical form.

    Raises:
        InvalidReferenceError: the text is not a registry; the message says why.
    """
    registry, slash, path = text.partition("/")
    if not _REGISTRY.fullmatch(registry) or not _is_registry(registry):
        raise InvalidReferenceError(f"{registry!r} is not a registry; write a host name with a dot or a port")
    if slash and not _PATH.fullmatch(path):
        raise InvalidReferenceError(f"{path!r} is not a path within a registry")
    return _canonical(registry) + slash + path


def _is_registry(first: str) -> bool:
    """Whether the first part of a name is a registry, not a part of the path."""
    return "." in first or ":" in first or first == "localhost"


def _canonical(registry: str) -> str:
    return DEFAULT_REGISTRY if registry == f"index.{DEFAULT_REGISTRY}" else registry


def _describe(char: str) -> str:
    return {" ": "a space", "\n": "a line break", "\t": "a tab"}.get(char, repr(char))


def _split_digest(text: str) -> tuple[str, str | None]:
    rest, at, digest = text.partition("@")
    if not at:
        return text, None
    algorithm, _, encoded = digest.partition(":")
    if not _DIGEST.fullmatch(digest):
        raise InvalidReferenceError(f"'{digest}' after '@' is not a digest; write '@sha256:' and 64 hexadecimal digits")
    length = _DIGEST_HEX_LENGTH.get(algorithm)
    if length is None:
        known = ", ".join(_DIGEST_HEX_LENGTH)
        raise InvalidReferenceError(f"the digest algorithm '{algorithm}' is not one of {known}")
    if not re.fullmatch(rf"[0-9a-f]{{{length}}}", encoded):
        raise InvalidReferenceError(
            f"a {algorithm} digest has {length} lower-case hexadecimal digits; this one is '{encoded}'"
        )
    return rest, digest


def _split_tag(text: str) -> tuple[str, str | None]:
    slash = text.rfind("/")
    colon = text.find(":", slash + 1)
    if colon < 0:
        return text, None
    rest, tag = text[:colon], text[colon + 1 :]
    if not tag:
        raise InvalidReferenceError(f"nothing follows the ':'; write '{rest}' or '{rest}:TAG'")
    if not _TAG.fullmatch(tag):
        raise InvalidReferenceError(
            f"'{tag}' is not a tag; a tag has at most 128 letters, digits, '_', '.' and '-' "
            "and starts with a letter, a digit or '_'"
        )
    return rest, tag


def _split_registry(text: str) -> tuple[str, str]:
    first, slash, remainder = text.partition("/")
    if slash and _is_registry(first):
        registry, repository = _canonical(first), remainder
        if not _REGISTRY.fullmatch(registry):
            raise InvalidReferenceError(
                f"'{registry}' is not a registry; write a host name, with ':PORT' if it needs one"
            )
    else:
        registry, repository = DEFAULT_REGISTRY, text
    if not _PATH.fullmatch(repository):
        if repository.lower() != repository and _PATH.fullmatch(repository.lower()):
            raise InvalidReferenceError(f"the repository must be in lower case: '{repository.lower()}'")
        raise InvalidReferenceError(
            f"'{repository}' is not a repository; its parts, separated by '/', are of lower-case letters and "
            "digits with '.', '_', '__' or '-' between them"
        )
    if registry == DEFAULT_REGISTRY and "/" not in repository:
        repository = f"{OFFICIAL_REPOSITORY}/{repository}"
    return registry, repository
