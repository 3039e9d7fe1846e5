"""Checks a component's arguments. Some must be known at once; the rest of the plan may be an output."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from inspect import getmembers, isawaitable, signature
from typing import Any

import pulumi

from ..arguments import pins, weights
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
    own_accounts: bool


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
            args: the arguments by their Python names; each may be an output, or contain outputs. One of Pulumi's
                argument classes counts as the mapping that it stands for.

        Raises:
            PrePullArgumentError: a known argument is wrong, an image cannot be pinned, or a deciding argument is an
                output.
        """
        args = plain(args)
        if is_known(args):
            plan = _pinned(name, _checked(name, args), pulumi.log.warn, _teller(pulumi.log.info))
            known = {field: getattr(plan, field) for field in _DECIDING}
            return cls(Deciding(**known, own_accounts=plan.own_accounts), pulumi.Output.from_input(plan))
        # Before any output is made: a known error is then shown alone, and no output fails with it.
        decided = _decided(name, args)
        later: pulumi.Output[Plan] = resolved(args).apply(lambda known: _plan_later(name, known))
        return cls(decided, later)


def decide(name: str, args: Mapping[str, Any]) -> Deciding:
    """The deciding arguments of a component that is declared later. All known arguments are checked now.

    Args:
        name: as for `Settings.of`.
        args: as for `Settings.of`.

    Raises:
        PrePullArgumentError: as for `Settings.of`.
    """
    return _decided(name, plain(args))


_DECIDING = ("runtime", "startup_taint", "wait_for", "timeout")


def _decided(name: str, args: Mapping[str, Any]) -> Deciding:
    """The deciding arguments. Also checks all other known arguments now; outputs are checked later."""
    outputs = [key for key in _DECIDING if not is_known(args.get(key))]
    if outputs:
        raise PrePullArgumentError(
            f"PrePullDaemonSet '{name}': {', '.join(outputs)}: it decides which resources there are, or how long "
            "Pulumi waits for them, and so must be known when the program runs; write a plain value instead of an "
            "output"
        )
    known = {key: value for key, value in args.items() if value is not None and is_known(value)}
    if complaints := complaints_of(known):
        raise PrePullArgumentError(message(name, complaints))
    # The name of the account may be an output: that there is one decides.
    own_accounts = args.get("service_account_name") is None
    return Deciding(**{key: ARGUMENTS[key](known.get(key)) for key in _DECIDING}, own_accounts=own_accounts)


def _checked(name: str, args: Mapping[str, Any]) -> Plan:
    try:
        return check(name, args)
    except InvalidArgumentError as error:
        raise PrePullArgumentError(str(error)) from None


def _teller(info: Callable[[str], None]) -> Callable[[str], None] | None:
    """Who tells what images weigh. A preview does; an update need not ask the registries once more."""
    return info if pulumi.runtime.is_dry_run() else None


def _pinned(name: str, plan: Plan, warn: Callable[[str], None], tell: Callable[[str], None] | None) -> Plan:
    try:
        return weights.weighed(name, pins.pinned(name, plan, warn=warn), tell=tell)
    except (InvalidArgumentError, pins.UnpinnableError) as error:
        raise PrePullArgumentError(str(error)) from None


async def _plan_later(name: str, args: Mapping[str, Any]) -> Plan:
    warnings: list[str] = []
    told: list[str] = []
    try:
        plan = _checked(name, args)
        # In a thread: registries need seconds to answer, and the rest of the program can continue.
        plan = await asyncio.to_thread(_pinned, name, plan, warnings.append, _teller(told.append))
    except PrePullArgumentError as error:
        # The SDK shows a ValueError within an output as an internal error, wrapped in several others.
        raise pulumi.RunError(str(error)) from None
    for warning in warnings:
        pulumi.log.warn(warning)
    for text in told:
        pulumi.log.info(text)
    return plan


def resolved(value: Any) -> pulumi.Output[Any]:
    """A value and all outputs in it, as mappings, lists and scalars."""

    def later(each: Any) -> Any:
        output = each if isinstance(each, pulumi.Output) else pulumi.Output.from_input(each)
        # Not from_input() right away: it cannot read an output class that has a field `values`.
        return output.apply(resolved)

    whole: pulumi.Output[Any] = pulumi.Output.from_input(plain(value, later))
    return whole


def plain(value: Any, later: Callable[[Any], Any] = lambda output: output) -> Any:
    """A value as mappings, lists and scalars. What is neither, nor stands for one, is left for the check to refuse.

    Args:
        value: the value.
        later: what becomes of an output. Default: it stays.
    """
    if isinstance(value, Enum):
        return value.value
    if value is None or isinstance(value, (str, int, float)):
        return value
    if is_later(value):
        return later(value)
    if isinstance(value, (list, tuple)):
        return [plain(item, later) for item in value]
    if isinstance(value, Mapping):
        return {key: plain(item, later) for key, item in value.items()}
    given = {field: getattr(value, field) for field in _fields(type(value))}
    return {field: plain(item, later) for field, item in given.items() if item is not None} if given else value


def _fields(class_: type) -> Sequence[str]:
    """The fields of one of Pulumi's argument classes, such as `TolerationArgs`; of any other class, none.

    Pulumi has no public function that tells such a class from others. Each parameter of its constructor is a property
    that can be set: https://github.com/pulumi/pulumi/blob/v3.190.0/sdk/python/lib/pulumi/_types.py
    """
    properties = {name for name, member in getmembers(class_) if isinstance(member, property) and member.fset}
    return sorted(properties) if properties and properties == set(signature(class_).parameters) else ()


def is_known(value: Any) -> bool:
    """Whether there is no output in a value of mappings and lists."""
    if isinstance(value, Mapping):
        return all(is_known(item) for item in value.values())
    if isinstance(value, (list, tuple)):
        return all(is_known(item) for item in value)
    return not is_later(value)


def is_later(value: Any) -> bool:
    """Whether a value is an output, or becomes one."""
    return isinstance(value, pulumi.Output) or isawaitable(value)
