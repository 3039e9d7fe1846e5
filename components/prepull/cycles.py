"""Finds out what an output waits for, where it seems to wait for ever.

Pulumi keeps an output's resources to itself until its value is there. Those that compute it are suspended meanwhile,
and what they work with can be looked at: outputs, and at the end of each way the resource that has yet to be created.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Coroutine, Iterable, Iterator, Mapping
from typing import Any

import pulumi

InputsOf = Callable[[pulumi.Resource], Iterable[Any]]


def way_to(targets: Collection[pulumi.Resource], value: Any, inputs_of: InputsOf) -> list[pulumi.Resource]:
    """The resources on a way from a value to one of some resources, which comes last; empty where there is no way.

    Args:
        targets: the resources to look for.
        value: an output, or inputs with outputs somewhere within.
        inputs_of: what a resource itself waits for before it is registered.
    """
    return _search(value, targets, inputs_of, set())


def _search(
    value: Any, targets: Collection[pulumi.Resource], inputs_of: InputsOf, seen: set[int]
) -> list[pulumi.Resource]:
    for resource in _resources(value, seen):
        if resource in targets:
            return [resource]
        for inputs in inputs_of(resource):
            if way := _search(inputs, targets, inputs_of, seen):
                return [resource, *way]
    return []


def _resources(value: Any, seen: set[int]) -> Iterator[pulumi.Resource]:
    """The resources that a value comes from, each once."""
    if id(value) in seen or value is None or isinstance(value, (str, int, float)):
        return
    seen.add(id(value))
    if isinstance(value, pulumi.Resource):
        yield value
        return
    for inner in _within(value):
        yield from _resources(inner, seen)


def _within(value: Any) -> Iterable[Any]:
    if isinstance(value, pulumi.Output):
        return [value.resources(), *vars(value).values()]
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
