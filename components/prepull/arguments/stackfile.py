"""The arguments out of a stack's configuration file, as `args_from_config` reads them within a program.

What the engine does on the way is done here as well: a project's defaults, keys without a namespace, and values as text
(sdk/go/common/workspace/config.go and resource/config/object.go of Pulumi 3.224).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from . import configuration

DEFAULT_NAMESPACE = configuration.DEFAULT_NAMESPACE


class InvalidStackFileError(ValueError):
    """A stack's or a project's file is not what Pulumi writes, or holds what cannot be read without Pulumi."""


def arguments(
    stack: Any, project: Any = None, namespace: str = DEFAULT_NAMESPACE, *, name: str = "dev"
) -> dict[str, Any]:
    """Read the arguments, and check each by itself.

    Args:
        stack: what the file Pulumi.STACK.yaml says.
        project: what Pulumi.yaml says, whose `config` has values and defaults for all stacks.
        namespace: the keys' namespace. Default: `prepull`.
        name: the stack's name, for messages.

    Returns:
        The arguments that are set.

    Raises:
        InvalidStackFileError: one of them is not a mapping, or a value is encrypted.
        InvalidConfigurationError: a key is no argument's, has no value, or a wrong one.
    """
    texts = values(stack, project, f"{namespace}:")
    return configuration.arguments(texts, namespace=namespace, stack=name)


def values(stack: Any, project: Any = None, prefix: str = "") -> dict[str, str]:
    """The configuration as the engine hands it to a program: text by whole keys, of those that begin with `prefix`.

    Raises:
        InvalidStackFileError: one of the files is not a mapping, or a value is encrypted.
    """
    own = str(_mapping(project).get("name", configuration.DEFAULT_NAMESPACE))
    found: dict[str, Any] = {}
    declared = _mapping(project).get("config")
    # A text is where an old project keeps its stacks' files.
    for key, value in _mapping(None if isinstance(declared, str) else declared).items():
        default = _default(value)
        if default is not None:
            found[_full(key, own)] = default
    found.update({_full(key, own): value for key, value in _mapping(_mapping(stack).get("config")).items()})
    return {key: _text(key, value) for key, value in found.items() if key.startswith(prefix)}


def _mapping(value: Any) -> Mapping[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise InvalidStackFileError(f"{value!r} is not a mapping from names to values")
    return value


def _full(key: str, project: str) -> str:
    return key if ":" in key else f"{project}:{key}"


def _default(value: Any) -> Any:
    """A project's value for a key: it stands there by itself, as `value`, or as the `default` of a declaration."""
    if not isinstance(value, Mapping):
        return value
    return value.get("value", value.get("default"))


def _text(key: str, value: Any) -> str:
    if value is None:
        return ""
    try:
        return value if isinstance(value, str) else json.dumps(_plain(key, value))
    except RecursionError:
        raise InvalidStackFileError(f"{key} is nested too deeply to be read") from None


def _plain(key: str, value: Any) -> Any:
    """A structure as the engine writes it: names are text, and a number without a fraction is whole."""
    if isinstance(value, Mapping):
        if set(value) == {"secure"}:
            raise InvalidStackFileError(
                f"{key} is encrypted, and only Pulumi can read it; nothing here needs to be secret"
            )
        return {name: _plain(key, item) for name, item in _mapping(value).items()}
    if isinstance(value, list):
        return [_plain(key, item) for item in value]
    if value is not None and not isinstance(value, (str, int, float)):
        raise InvalidStackFileError(f"{key} has a value of a kind that JSON has not: {value!r}; write it as text")
    return int(value) if isinstance(value, float) and value.is_integer() else value
