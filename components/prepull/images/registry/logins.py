"""What a Docker configuration says of registries: its entries, and those that match an image.

It reads what the kubelet and the Docker CLI read, as `node/awk/secret.awk` and `credential.awk` do on nodes. One wrong
entry does not spoil the others. The sources:
https://github.com/kubernetes/kubernetes/blob/v1.37.2/pkg/credentialprovider/config.go,
https://github.com/kubernetes/kubernetes/blob/v1.37.2/pkg/credentialprovider/keyring.go and
https://github.com/docker/cli/blob/v29.0.0/cli/config/configfile/file.go.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

_FIELDS = ("auth", "username", "password", "identitytoken", "registrytoken")
_VERSION = re.compile(r"^/v[12](/|$)")
_HUB = ("index.docker.io", "registry-1.docker.io")
_PATTERN = re.compile(r"[-A-Za-z0-9.*]+(:[0-9]+)?")


@dataclass(frozen=True)
class Credential:
    """A user name with a password, or a token.

    A registry's token server accepts an identity token instead of a password; the registry itself, a registry token.
    """

    username: str = ""
    password: str = field(default="", repr=False)
    identity_token: str = field(default="", repr=False)
    registry_token: str = field(default="", repr=False)


def member(mapping: Mapping[str, object], name: str) -> object:
    """The last value with a name that is not null. Like Go's JSON decoder, it does not distinguish capital letters.

    Args:
        mapping: an object of JSON.
        name: the name in small letters.
    """
    values = [value for key, value in mapping.items() if key.lower() == name and value is not None]
    return values[-1] if values else None


def matching(auths: Mapping[str, object], image: str) -> list[Credential]:
    """The credentials for an image, each once, in the order in which the kubelet tries them.

    All keys that match count, in descending order. If none does, it is the keys of the same host, as for the Docker
    CLI.

    Args:
        auths: the entries of a Docker configuration, by their keys.
        image: the image's registry and repository, such as `docker.io/library/nginx`.
    """
    read = [(_canonical(key), credential) for key, entry in auths.items() if (credential := _credential(entry))]
    found = sorted((pair for pair in read if _matches(pair[0], image)), key=lambda pair: pair[0], reverse=True)
    host = image.partition("/")[0]
    found = found or [pair for pair in read if pair[0].partition("/")[0] == host]
    return list(dict.fromkeys(credential for _, credential in found))


def _credential(entry: object) -> Credential | None:
    """The credential in an entry; None if there is none, or if it is wrong."""
    if not isinstance(entry, Mapping):
        return None
    texts = dict.fromkeys(_FIELDS, "")
    for key, value in entry.items():
        if key.lower() in texts and value is not None:
            if not isinstance(value, str) or not _is_unicode(value):
                return None
            texts[key.lower()] = value
    auth, username, password, identity_token, registry_token = texts.values()
    username, password = _decoded(auth) or (username, password)
    if not username and not identity_token and not registry_token:
        return None
    return Credential(username, password, identity_token, registry_token)


def _is_unicode(text: str) -> bool:
    """JSON may contain half of a surrogate pair, which no header can."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _decoded(auth: str) -> tuple[str, str] | None:
    """The user name and the password in `auth`, with padding or without; None if there are none."""
    unpadded = re.sub("[ \t\r\n]", "", auth).rstrip("=")
    try:
        decoded = base64.b64decode(unpadded + "=" * (-len(unpadded) % 4), validate=True)
    except ValueError:
        return None
    username, colon, password = decoded.replace(b"\0", b"").decode("utf-8", "surrogateescape").partition(":")
    return (username, password) if username and colon else None


def _canonical(key: str) -> str:
    """A key as the kubelet reads it: without scheme, version of the API, and slash at the end."""
    host, slash, rest = re.sub("^https?://", "", key).partition("/")
    path = _VERSION.sub("/", slash + rest)
    return ("docker.io" if host in _HUB else host) + ("" if path == "/" else path)


def _matches(key: str, image: str) -> bool:
    (host, _, _), (registry, _, _) = key.partition("/"), image.partition("/")
    if not image[len(registry) :].startswith(key[len(host) :]):
        return False
    if "*" not in host or not _PATTERN.fullmatch(host):
        return host == registry
    return bool(re.fullmatch(re.escape(host).replace(r"\*", "[^.:]*"), registry))
