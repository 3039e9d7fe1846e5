"""Finds out what an output waits for, where it seems to wait for ever.

Pulumi keeps an output's resources to itself until its value is there. Those that compute it are suspended meanwhile,
and what they work with can be looked at: other outputs, and in the end one that belongs to a resource.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Coroutine, Iterable, Iterator, Mapping
from typing import Any

import pulumi

Inputs = Mapping[pulumi.Resource, Any]


def way_to(targets: Collection[pulumi.Resource], value: Any, inputs: Inputs) -> list[pulumi.Resource]:
    """The resources on a way from a value to one of some resources, which comes last; empty where there is no way.

    Args:
        targets: the resources to look for.
        value: an output, or whatever has outputs within.
        inputs: of every resource there is, what it waits for itself before it is registered.
    """
    owners = {id(each): owner for owner in inputs for each in vars(owner).values() if isinstance(each, pulumi.Output)}
    return _Search(targets, inputs, owners).way(value)


class _Search:
    def __init__(
        self, targets: Collection[pulumi.Resource], inputs: Inputs, owners: Mapping[int, pulumi.Resource]
    ) -> None:
        self._targets = targets
        self._inputs = inputs
        self._owners = owners
        # Kept, so that nothing else gets its place in memory meanwhile.
        self._seen: dict[int, Any] = {}

    def way(self, value: Any) -> list[pulumi.Resource]:
        for resource in self._resources(value):
            if resource in self._targets:
                return [resource]
            if way := self.way(self._inputs.get(resource)):
                return [resource, *way]
        return []

    def _resources(self, value: Any) -> Iterator[pulumi.Resource]:
        """The resources that a value comes from, each once."""
        if id(value) in self._seen or value is None or isinstance(value, (str, int, float)):
            return
        self._seen[id(value)] = value
        owner = value if isinstance(value, pulumi.Resource) else self._owners.get(id(value))
        if owner is not None:
            yield owner
            return
        for inner in _within(value):
            yield from self._resources(inner)


def _within(value: Any) -> Iterable[Any]:
    if isinstance(value, pulumi.Output):
        return vars(value).values()
    if isinstance(value, asyncio.Future):
        if value.done():
            return [] if value.cancelled() or value.exception() else [value.result()]
        return [value.get_coro()] if isinstance(value, asyncio.Task) else []
    if isinstance(value, Coroutine):
        frame = getattr(value, "cr_frame", None)
        return [*(frame.f_locals.values() if frame else []), getattr(value, "cr_await", None)]
    if isinstance(value, Mapping):
        return value.values()
    if isinstance(value, (list, tuple, set, frozenset)):
        return value
    return vars(value).values() if pulumi._types.is_input_type(type(value)) else []  # noqa: SLF001 - nothing public tells
