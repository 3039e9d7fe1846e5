"""Durations in the form of Kubernetes and Go: "90s", "10m", "1h30m", "500ms"."""

from __future__ import annotations

import re

_MILLISECONDS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000}
_PART = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h)")
_DURATION = re.compile(rf"(?:{_PART.pattern})+")
# A year. A longer duration is a mistake, and may exceed the range of shell arithmetic.
_LONGEST_HOURS = 8760


def parse(text: str) -> int:
    """Read a duration.

    Args:
        text: one or more numbers, each with its unit: ms, s, m or h.

    Returns:
        The duration in milliseconds.

    Raises:
        ValueError: the text is not of that form, or the duration is longer than a year.

    Example:
        >>> parse("1m30s")
        90000
    """
    if not _DURATION.fullmatch(text):
        raise ValueError("write a number with a unit (ms, s, m, h), such as '90s' or '10m'")
    milliseconds = sum(float(number) * _MILLISECONDS[unit] for number, unit in _PART.findall(text))
    if milliseconds > _LONGEST_HOURS * _MILLISECONDS["h"]:
        raise ValueError(f"it is longer than a year; write '{_LONGEST_HOURS}h' or less")
    return round(milliseconds)
