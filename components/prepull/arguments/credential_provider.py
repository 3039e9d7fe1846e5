"""The reader of `credential_provider`: a kubelet's credential provider, in the words of its configuration.

The kubelet's own check of such a configuration:
https://github.com/kubernetes/kubernetes/blob/v1.34.2/pkg/credentialprovider/plugin/config.go
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import PurePosixPath
from typing import Any

from ..plan import CredentialProvider
from .kubernetes import fields
from .readers import InvalidValueError, each, mapping, path, read_all, read_values, string

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PATTERN = re.compile(r"(?P<host>[A-Za-z0-9*_-]+(?:\.[A-Za-z0-9*_-]+)*)(?::(?P<port>[0-9]+))?(?P<path>/[a-z0-9._/-]*)?")
_LARGEST_PORT = 65535
# Directories that the puller's container needs itself, or that are no place for a program. The node's directory is
# mounted over the image's, and hides it.
_TAKEN = re.compile(r"/|/(?:etc|run|tmp|usr|var|usr/local|var/run|etc/ssl|etc/ssl/certs)")
_PROGRAMS = re.compile(r"(?:/usr|/usr/local)?/(?:s?bin|lib|lib64)(?:/aux)?")
_TAKEN_WITHIN = re.compile(r"/(?:dev|proc|sys|etc/prepull|run/prepull)(?:/|$)")


def credential_provider(value: Any) -> CredentialProvider:
    """Read a credential provider."""
    given = fields(value, _READERS, "a credential provider")
    for needed, why in _NEEDED.items():
        if needed not in given:
            raise InvalidValueError(f"{needed} is missing; write {why}")
    pairs = {key: (key, item) for key, item in given.items()}
    read = read_values(pairs, lambda pair: _READERS[pair[0]](pair[1]))
    return CredentialProvider(read["command"], read.get("args", ()), read.get("env", {}), read["matchImages"])


_NEEDED = {
    "command": "the absolute path of the program on the node",
    "matchImages": "the patterns of its images, such as ['*.dkr.ecr.*.amazonaws.com']",
}


def _command(value: Any) -> str:
    command = path("program")(value)
    directory = str(PurePosixPath(command).parent)
    if _TAKEN.fullmatch(directory) or _PROGRAMS.fullmatch(directory) or _TAKEN_WITHIN.match(directory):
        raise InvalidValueError(
            f"{command!r} is in a directory that the puller's own image needs; have the program in a directory of its "
            f"own on the node, such as '/opt/credential-provider/{PurePosixPath(command).name}'"
        )
    return command


def _line(value: Any) -> str:
    text = string(value)
    if not text.isprintable():
        raise InvalidValueError(f"{text!r} has a line break or another control character; leave it out")
    return text


def _variables(value: Any) -> dict[str, str]:
    given = mapping(value)
    read_all((("", name) for name in given), _variable)
    return read_values(given, _line)


def _variable(value: Any) -> str:
    name = string(value)
    if not _VARIABLE.fullmatch(name):
        raise InvalidValueError(f"{name!r} is not the name of a variable; it has letters, digits and '_'")
    return name


def _pattern(value: Any) -> str:
    text = string(value)
    where = "write a host with or without port and path, such as '*.pkg.dev' or 'registry.example.com:5000/team'"
    if "://" in text:
        raise InvalidValueError(f"{text!r} has a scheme; leave out {text.partition('://')[0] + '://'!r}")
    found = _PATTERN.fullmatch(text)
    if found is None:
        raise InvalidValueError(f"{text!r} is not a pattern of images, and a '*' is for hosts alone; {where}")
    if found["port"] and not 0 < int(found["port"][:6]) <= _LARGEST_PORT:
        raise InvalidValueError(f"{text!r} has no port between 1 and {_LARGEST_PORT}; {where}")
    return text


def _patterns(value: Any) -> tuple[str, ...]:
    patterns = each(_pattern)(value)
    if not patterns:
        raise InvalidValueError("at least one pattern is needed, such as ['*.dkr.ecr.*.amazonaws.com']")
    return patterns


_READERS: Mapping[str, Callable[[Any], Any]] = {
    "command": _command,
    "args": each(_line),
    "env": _variables,
    "matchImages": _patterns,
}
