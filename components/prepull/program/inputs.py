"""Parts of the inputs of resources, which programs write as mappings, as Pulumi's classes or as outputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

from ..images.placements import KEYS
from .settings import is_known, is_later


def pruned(value: Any, shape: Any) -> Any:
    """A copy of inputs that contains some fields only. Outputs stay outputs.

    Args:
        value: inputs, as Pulumi's classes or as mappings.
        shape: the fields to keep, in the API's names, in the form of workloads.SHAPE.
    """
    if value is None or shape is None:
        return value
    if is_later(value):
        later: pulumi.Output[Any] = pulumi.Output.from_input(value)
        return later.apply(lambda known: pulumi.Output.from_input(pruned(known, shape)))
    if shape == KEYS:
        return dict.fromkeys(value) if isinstance(value, Mapping) else None
    if isinstance(shape, list):
        return [pruned(item, shape[0]) for item in items(value)]
    return {field: pruned(_field(value, field), inner) for field, inner in shape.items() if has(value, field)}


def is_plain(value: Any, shape: Any) -> bool:
    """Whether no output decides on the fields of a shape.

    Args:
        value: as for `pruned`.
        shape: as for `pruned`.
    """
    if is_later(value):
        return False
    if value is None or shape is None or shape == KEYS:
        return shape is not None or is_known(value)
    if isinstance(shape, list):
        return all(is_plain(item, shape[0]) for item in items(value))
    return all(is_plain(_field(value, field), inner) for field, inner in shape.items() if has(value, field))


def items(value: Any) -> Sequence[Any]:
    """A list among inputs; an empty one in place of anything else."""
    return value if isinstance(value, Sequence) and not isinstance(value, str) else []


def merged(one: Any, other: Any) -> Any:
    """Two selections of fields of the same value as one."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        both = {key: merged(one[key], other[key]) for key in one if key in other}
        return {**one, **other, **both}
    if isinstance(one, list) and isinstance(other, list):
        return [merged(*pair) for pair in zip(one, other, strict=True)]
    return one


def has(value: Any, field: str) -> bool:
    """Whether inputs have a field; its name is the API's."""
    names = (_snake(field), field)
    if isinstance(value, Mapping):
        return any(name in value for name in names)
    return isinstance(getattr(type(value), names[0], None), property)


def _field(value: Any, field: str) -> Any:
    snake = _snake(field)
    # Pulumi's classes have a property for each field. Some are mappings too, but warn when they are used as mappings.
    if isinstance(getattr(type(value), snake, None), property):
        return getattr(value, snake)
    return value[snake] if snake in value else value[field]


def _snake(field: str) -> str:
    return "".join(f"_{char.lower()}" if char.isupper() else char for char in field)
