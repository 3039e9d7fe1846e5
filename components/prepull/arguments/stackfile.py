"""The arguments from a stack's configuration file, as `args_from_config` reads them within a program.

This module repeats what Pulumi's engine does in between: it applies a project's defaults, completes keys without a
namespace, and turns values into text (sdk/go/common/workspace/config.go and resource/config/object.go of Pulumi 3.274).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from . import configuration

DEFAULT_NAMESPACE = configuration.DEFAULT_NAMESPACE


class InvalidStackFileError(ValueError):
    """A stack's or a project's file has a form that Pulumi does not write, or a value that only Pulumi can read."""


def arguments(
    stack: Any, project: Any = None, namespace: str = DEFAULT_NAMESPACE, *, name: str = "dev"
) -> dict[str, Any]:
    """Read the arguments, and check each by itself.

    Args:
        stack: the content of the file Pulumi.STACK.yaml.
        project: the content of Pulumi.yaml; its `config` has values and defaults for all stacks. Default: none.
        namespace: the keys' namespace. Default: `prepull`.
        name: the stack's name, for messages.

    Returns:
        The arguments that are set.

    Raises:
        InvalidStackFileError: one of the contents is not a mapping, or a value is encrypted.
        InvalidConfigurationError: a key names no argument, has no value, or has a wrong one.
    """
    texts = values(stack, project, f"{namespace}:")
    return configuration.arguments(texts, namespace=namespace, stack=name)


def values(stack: Any, project: Any = None, prefix: str = "") -> dict[str, str]:
    """The configuration in the form that the engine gives to a program: texts by whole keys.

    Args:
        stack: the content of the file Pulumi.STACK.yaml.
        project: the content of Pulumi.yaml. Default: none.
        prefix: what the keys must begin with. Default: every key.

    Raises:
        InvalidStackFileError: one of the contents is not a mapping, or a value is encrypted.
    """
    own = str(_mapping(project).get("name", configuration.DEFAULT_NAMESPACE))
    found: dict[str, Any] = {}
    declared = _mapping(project).get("config")
    # In old projects, `config` is a text: the directory of the stacks' files.
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
    """A project's value for a key: the value itself, or the `value` or `default` of its declaration."""
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
    """A structure as the engine writes it: names are texts, and numbers without a fraction are whole numbers."""
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
