"""The options that several commands share."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import click

from .. import durations
from ..status import share
from .cluster.access.kubeconfig import Access, access, contexts
from .errors import CommandError

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")

_COMPLETION_SECONDS = 2.0


class Duration(click.ParamType[float]):
    """A duration such as "90s", "10m" or "1h30m"; the result is in seconds."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Convert the text to seconds."""
        if isinstance(value, float):
            return value
        try:
            return durations.parse(str(value)) / 1000
        except ValueError as error:
            self.fail(f"'{value}' is not a duration; {error}", param, ctx)


class Share(click.ParamType[str]):
    """A number or a share of nodes, as in the argument `min_ready`."""

    name = "nodes"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Check the text, and return it."""
        try:
            share.Share.parse(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)
        return str(value)


def of_cluster(command: F) -> F:
    """Add the argument for the component's name, and the options for the cluster and the namespace."""
    for decorate in (
        click.option("-n", "--namespace", help="The component's namespace.  [default: the context's]"),
        click.argument("name", required=False, shell_complete=_components),
    ):
        command = decorate(command)
    return of_kubeconfig(command)


def of_kubeconfig(command: F) -> F:
    """Add the options for the cluster."""
    for decorate in (
        click.option("--kubeconfig", type=click.Path(), help="The one kubeconfig to use.  [default: as kubectl]"),
        click.option("--context", shell_complete=_contexts, help="The kubeconfig's context.  [default: the current]"),
    ):
        command = decorate(command)
    return command


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run the asynchronous part of a command."""
    return asyncio.run(main)


def _contexts(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    del ctx, param
    return [name for name in contexts() if name.startswith(incomplete)]


def _components(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    del param
    try:
        found = access(ctx.params.get("kubeconfig"), ctx.params.get("context"))
        names = run(_names(found, ctx.params.get("namespace") or found.namespace))
    except CommandError:
        return []
    return [name for name in names if name.startswith(incomplete)]


async def _names(found: Access, namespace: str) -> list[str]:
    from .cluster.client import connected  # noqa: PLC0415 - most completions need no cluster
    from .cluster.view import component_names  # noqa: PLC0415

    async with connected(found, _COMPLETION_SECONDS) as client:
        return await component_names(client, namespace)
