"""The arguments out of a stack's configuration, for a program that a platform team only configures."""

import json
from collections.abc import Mapping
from typing import Any, cast

import pulumi
from pulumi.runtime.config import CONFIG, get_config_env

from .args import PrePullDaemonSetArgs


def args_from_config(namespace: str = "prepull") -> PrePullDaemonSetArgs:
    """Read every argument of PrePullDaemonSet from the stack's configuration.

    Each argument is a key of its own, under its Python name: `prepull:images`, `prepull:pull_policy`. Lists and
    mappings are structured configuration. Keys that are no arguments are passed on as well, so that the component's
    check finds a misspelt one.

    Args:
        namespace: the keys' namespace, which is the project's name unless it is written out. Default: `prepull`.

    Returns:
        The arguments that are set, unchecked.

    Example:
        >>> PrePullDaemonSet("images", args_from_config())
    """
    config = pulumi.Config(namespace)
    values: Mapping[str, Any] = {**get_config_env(), **CONFIG.get()}
    keys = [key.partition(":")[2] for key in values if key.startswith(f"{namespace}:")]
    return cast(PrePullDaemonSetArgs, {key: _value(config.require(key)) for key in sorted(keys)})


def _value(text: str) -> Any:
    # The engine hands every value over as text: structured ones as JSON, strings as they are.
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
