"""The arguments out of a stack's configuration, for a program that a platform team only configures."""

from collections.abc import Mapping
from typing import Any, cast

import pulumi
from pulumi.runtime import get_config_env
from pulumi.runtime.config import CONFIG

from ..arguments import configuration
from .args import PrePullDaemonSetArgs
from .errors import PrePullArgumentError


def args_from_config(namespace: str = configuration.DEFAULT_NAMESPACE) -> PrePullDaemonSetArgs:
    """Read every argument of PrePullDaemonSet from the stack's configuration, and check each by itself.

    Each argument is a key of its own, under its Python name: `prepull:images`, `prepull:pull_policy`. Lists and
    mappings are structured configuration. No other key may have the namespace, so that a misspelt one is found.

    Args:
        namespace: the keys' namespace, which is the project's name unless it is written out. Default: `prepull`.

    Returns:
        The arguments that are set. A program may add to them, and so what is missing is the component's to say.

    Raises:
        PrePullArgumentError: a key is no argument's, has no value, or a wrong one; the message names the stack, and has
            a line for each key.

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
