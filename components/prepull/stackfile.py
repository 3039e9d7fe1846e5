"""The arguments out of a stack's configuration file, as `args_from_config` reads them within a program."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

DEFAULT_NAMESPACE = "prepull"


class InvalidStackFileError(ValueError):
    """A stack's or a project's file is not what Pulumi writes, or holds what cannot be read without Pulumi."""


def arguments(stack: Any, project: Any = None, namespace: str = DEFAULT_NAMESPACE) -> dict[str, Any]:
    """Read the arguments.

    Args:
        stack: what the file Pulumi.STACK.yaml says.
        project: what Pulumi.yaml says, whose `config` has values and defaults for all stacks.
        namespace: the keys' namespace. Default: `prepull`.

    Returns:
        The arguments that are set, unchecked.

    Raises:
        InvalidStackFileError: one of them is not a mapping, or a value is encrypted.
    """
    own = str(_mapping(project).get("name", namespace))
    values: dict[str, Any] = {}
    for key, value in _mapping(_mapping(project).get("config")).items():
        default = _default(value)
        if default is not None:
            values[key if ":" in key else f"{own}:{key}"] = default
    values.update(_mapping(_mapping(stack).get("config")))
    prefix = f"{namespace}:"
    return {key.removeprefix(prefix): _value(key, values[key]) for key in sorted(values) if key.startswith(prefix)}


def _mapping(value: Any) -> Mapping[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise InvalidStackFileError(f"{value!r} is not a mapping from names to values")
    return value


def _default(value: Any) -> Any:
    """A project's value for a key: it stands there by itself, as `value`, or as the `default` of a declaration."""
    if not isinstance(value, Mapping):
        return value
    return value.get("value", value.get("default"))


def _value(key: str, value: Any) -> Any:
    if isinstance(value, Mapping) and set(value) == {"secure"}:
        raise InvalidStackFileError(f"{key} is encrypted, and only Pulumi can read it; nothing here needs to be secret")
    if isinstance(value, str):
        # As within a program: what looks like JSON is taken as such.
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value
    return value
