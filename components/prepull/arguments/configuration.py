"""Arguments out of a stack's configuration, in which every value is text. No I/O, no Pulumi."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from .check import complaints_of

DEFAULT_NAMESPACE = "prepull"

# Their values are the text itself, even one that looks like JSON: a namespace may be called 123.
TEXTS = frozenset(
    (
        "backoff",
        "gate_image",
        "image_timeout",
        "min_ready",
        "namespace",
        "on_failure",
        "on_pin_failure",
        "pause_image",
        "priority_class_name",
        "puller_image",
        "pull_policy",
        "refresh",
        "runtime",
        "socket_path",
        "stagger",
        "startup_taint",
        "timeout",
        "wait_for",
    )
)


class InvalidConfigurationError(ValueError):
    """Values of a stack's configuration are wrong; the message names the stack, and has a line for each key."""


def arguments(texts: Mapping[str, str], *, namespace: str, stack: str) -> dict[str, Any]:
    """Read the arguments, each from the key `NAMESPACE:ARGUMENT`, and check each by itself.

    Args:
        texts: values by their whole keys, as Pulumi's engine hands them to a program: strings as they are, numbers
            and booleans as JSON, and so are lists and mappings.
        namespace: the keys' namespace; all others are left out.
        stack: the stack's name, for the message.

    Returns:
        The arguments that are set. What is missing or does not go together is for the component to find, since a
        program may add to them.

    Raises:
        InvalidConfigurationError: a key is no argument's, has no value, or a wrong one.
    """
    prefix = f"{namespace}:"
    ours = {key.removeprefix(prefix): texts[key] for key in sorted(texts) if key.startswith(prefix)}
    # What an empty key means is for Pulumi to say: nothing now, null in a version to come.
    empty = [f"{key}: it has no value; write one, or leave the key out" for key, text in ours.items() if not text]
    found = {key: _value(key, text) for key, text in ours.items() if text}
    complaints = [*empty, *complaints_of(found)]
    if complaints:
        lines = "".join(f"\n  - {prefix}{complaint}" for complaint in complaints)
        raise InvalidConfigurationError(f"the configuration of stack '{stack}' is wrong:{lines}")
    return found


def _value(key: str, text: str) -> Any:
    if key in TEXTS:
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        # Not what the argument takes, which its check says.
        return text
