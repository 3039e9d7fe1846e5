"""Calls a function of the Kubernetes provider."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping, Sequence
from importlib.metadata import version
from typing import Any

import pulumi

Inputs = Mapping[str, Any]
Answer = Awaitable[Sequence[Any] | pulumi.Output[Any]]


class CannotRenderError(ValueError):
    """A resource's manifests cannot be known in advance; the message says why."""


async def answer(token: str, arguments: Mapping[str, Any], opts: pulumi.InvokeOptions) -> pulumi.Output[Any]:
    """The manifests that a function of the provider answers with.

    Args:
        token: the function.
        arguments: its arguments; no outputs.
        opts: parent and provider of the call.

    Raises:
        CannotRenderError: the provider refuses.
    """
    # Without a version, the engine would use any version of the provider, not the version of the program's SDK.
    options = pulumi.InvokeOptions(parent=opts.parent, provider=opts.provider, version=version("pulumi-kubernetes"))
    called: pulumi.Output[Any] = pulumi.runtime.invoke_output(token, dict(arguments), options)
    try:
        await called.future()
    except Exception as error:  # noqa: BLE001 - the SDK has no narrower class for what a provider says
        raise CannotRenderError(str(error)) from None
    return called.apply(lambda value: (value or {}).get("result") or [])
