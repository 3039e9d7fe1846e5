"""A policy's configuration, read and checked. No Pulumi."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from prepull.images.references import InvalidReferenceError, parse_name

from .resources import Exceptions


class InvalidSettingsError(ValueError):
    """A policy's configuration is wrong; the message names the key, the value and the way out."""


@dataclass(frozen=True)
class Settings:
    """What a policy is configured with."""

    exceptions: Exceptions
    registries: Sequence[str] = ()


def read(config: Mapping[str, Any], known: Iterable[str]) -> Settings:
    """Read a policy's configuration. The engine has checked that each known key has a list of texts.

    Args:
        config: its keys and values.
        known: the keys that the policy has. If `registries` is one, it is required.

    Raises:
        InvalidSettingsError: a key is unknown, a registry is none, or there are none.
    """
    names = ", ".join(known)
    for key in config:
        if key not in known:
            raise InvalidSettingsError(f"{key!r} is no key of this policy's configuration; they are {names}")
    exceptions = Exceptions(config.get("exceptNamespaces") or (), config.get("exceptNames") or ())
    if "registries" not in known:
        return Settings(exceptions)
    registries = [_registry(index, text) for index, text in enumerate(config.get("registries") or ())]
    if not registries:
        raise InvalidSettingsError(
            "registries: this policy's configuration lists none; write those that images may come from, such as "
            "['registry.example.com', 'quay.io/org']"
        )
    return Settings(exceptions, registries)


def _registry(index: int, text: str) -> str:
    try:
        return parse_name(text)
    except InvalidReferenceError as error:
        raise InvalidSettingsError(f"registries[{index}]: {error}") from None
