"""The arguments from a stack's configuration, where every value is text. No I/O, no Pulumi."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from .check import complaints_of
from .table import ARGUMENTS

DEFAULT_NAMESPACE = "prepull"


class InvalidConfigurationError(ValueError):
    """Values of a stack's configuration are wrong; the message names the stack, and has a line for each key."""


def arguments(texts: Mapping[str, str], *, namespace: str, stack: str) -> dict[str, Any]:
    """Read the arguments, each from the key `NAMESPACE:ARGUMENT`, and check each by itself.

    Args:
        texts: values by their whole keys, in the form that Pulumi's engine gives to a program: strings as they are;
            numbers, booleans, lists and mappings as JSON.
        namespace: the keys' namespace; keys of other namespaces are left out.
        stack: the stack's name, for the message.

    Returns:
        The arguments that are set. The component finds what is missing or does not go together, since a program may
        add arguments of its own.

    Raises:
        InvalidConfigurationError: a key names no argument, has no value, or has a wrong one.
    """
    prefix = f"{namespace}:"
    ours = {key.removeprefix(prefix): texts[key] for key in sorted(texts) if key.startswith(prefix)}
    # Pulumi decides what an empty key means: nothing today, null in a future version.
    empty = [f"{key}: it has no value; write one, or leave the key out" for key, text in ours.items() if not text]
    found = {key: _value(key, text) for key, text in ours.items() if text}
    complaints = [*empty, *complaints_of(found)]
    if complaints:
        lines = "".join(f"\n  - {prefix}{complaint}" for complaint in complaints)
        raise InvalidConfigurationError(f"the configuration of stack '{stack}' is wrong:{lines}")
    return found


def _value(key: str, text: str) -> Any:
    if key in ARGUMENTS and ARGUMENTS[key].is_text:
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        # Leave it to the argument's reader to say what is wrong.
        return text
