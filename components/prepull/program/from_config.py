"""Reads the arguments from a stack's configuration, for programs that a platform team only configures."""

from collections.abc import Mapping
from typing import Any, cast

import pulumi
from pulumi.runtime import get_config_env
from pulumi.runtime.config import CONFIG

from ..arguments import configuration
from .args import PrePullDaemonSetArgs
from .errors import PrePullArgumentError


def args_from_config(namespace: str = configuration.DEFAULT_NAMESPACE) -> PrePullDaemonSetArgs:
    """Read the arguments of PrePullDaemonSet from the stack's configuration, and check each value.

    Each argument is one key, with the argument's Python name: `prepull:images`, `prepull:pull_policy`. Lists and
    mappings are structured configuration. Other keys in the namespace are an error, so that misspelt keys are found.

    Args:
        namespace: the namespace of the keys. Pulumi puts keys without one into the project's. Default: `prepull`.

    Returns:
        The arguments that are set. A program may add others; the component reports missing ones.

    Raises:
        PrePullArgumentError: a key is not an argument, or its value is empty or wrong. The message names the stack, and
            has a line for each key.

    Example:
        >>> PrePullDaemonSet("images", args_from_config())
        >>> PrePullDaemonSet("images", {**args_from_config(), "namespace": namespace.metadata.name})
    """
    config = pulumi.Config(namespace)
    # Pulumi has no function that lists keys. Its CLI puts them into the environment; the Automation API does not.
    values: Mapping[str, Any] = {**get_config_env(), **CONFIG.get()}
    texts = {key: config.require(key.partition(":")[2]) for key in values if key.startswith(f"{namespace}:")}
    try:
        found = configuration.arguments(texts, namespace=namespace, stack=pulumi.get_stack())
    except configuration.InvalidConfigurationError as error:
        raise PrePullArgumentError(str(error)) from None
    return cast(PrePullDaemonSetArgs, found)
