"""Checks a component's arguments. Some must be known at once; the rest of the plan may be an output."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pulumi

from ..arguments import pins
from ..arguments.check import InvalidArgumentError, check, complaints_of, message
from ..arguments.table import ARGUMENTS
from ..plan import Plan
from .errors import PrePullArgumentError


@dataclass(frozen=True)
class Deciding:
    """The arguments that decide which resources are declared, and how Pulumi waits for them."""

    runtime: str
    startup_taint: str | None
    wait_for: str
    timeout: str


@dataclass(frozen=True)
class Settings:
    """The deciding arguments, and the plan. The plan is known later if an argument is an output."""

    deciding: Deciding
    plan: pulumi.Output[Plan]

    @classmethod
    def of(cls, name: str, args: Mapping[str, Any]) -> Settings:
        """Check the arguments of a component, as far as they are known.

        Args:
            name: the component's name, for messages.
            args: the arguments by their Python names; each may be an output, or contain outputs.

        Raises:
            PrePullArgumentError: a known argument is wrong, an image cannot be pinned, or a deciding argument is an
                output.
        """
        if _is_known(args):
            plan = _pinned(name, _checked(name, args), pulumi.log.warn)
            known = {field: getattr(plan, field) for field in _DECIDING}
            return cls(Deciding(**known), pulumi.Output.from_input(plan))
        # Before any output is made: a known error is then shown alone, and no output fails with it.
        decided = _decided(name, args)
        resolved: pulumi.Output[dict[str, Any]] = pulumi.Output.from_input(dict(args))
        later: pulumi.Output[Plan] = resolved.apply(lambda known: _plan_later(name, known))
        return cls(decided, later)


_DECIDING = tuple(Deciding.__dataclass_fields__)


def _decided(name: str, args: Mapping[str, Any]) -> Deciding:
    """The deciding arguments. Also checks all other known arguments now; outputs are checked later."""
    outputs = [key for key in _DECIDING if not _is_known(args.get(key))]
    if outputs:
        raise PrePullArgumentError(
            f"PrePullDaemonSet '{name}': {', '.join(outputs)}: it decides which resources there are, and so must be "
            "known when the program runs; write a plain value instead of an output"
        )
    known = {key: value for key, value in args.items() if value is not None and _is_known(value)}
    if complaints := complaints_of(known):
        raise PrePullArgumentError(message(name, complaints))
    return Deciding(**{key: ARGUMENTS[key](known.get(key)) for key in _DECIDING})


def _checked(name: str, args: Mapping[str, Any]) -> Plan:
    try:
        return check(name, args)
    except InvalidArgumentError as error:
        raise PrePullArgumentError(str(error)) from None


def _pinned(name: str, plan: Plan, warn: Callable[[str], None]) -> Plan:
    try:
        return pins.pinned(name, plan, warn=warn)
    except (InvalidArgumentError, pins.UnpinnableError) as error:
        raise PrePullArgumentError(str(error)) from None


async def _plan_later(name: str, args: Mapping[str, Any]) -> Plan:
    warnings: list[str] = []
    try:
        plan = _checked(name, args)
        # In a thread: registries need seconds to answer, and the rest of the program can continue.
        plan = await asyncio.to_thread(_pinned, name, plan, warnings.append)
    except PrePullArgumentError as error:
        # The SDK shows a ValueError within an output as an internal error, wrapped in several others.
        raise pulumi.RunError(str(error)) from None
    for warning in warnings:
        pulumi.log.warn(warning)
    return plan


def _is_known(value: Any) -> bool:
    if isinstance(value, Mapping):
        return all(_is_known(item) for item in value.values())
    if isinstance(value, (list, tuple)):
        return all(_is_known(item) for item in value)
    return value is None or isinstance(value, (str, int, float))
