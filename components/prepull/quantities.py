"""Kubernetes' quantities ("100m", "64Mi"), and a container's resources, which are made of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction

_QUANTITY = re.compile(r"([0-9]+(?:\.[0-9]+)?)(?:([numkMGTPE]|[KMGTPE]i)|[eE]([+-]?[0-9]{1,2}))?")
_FACTORS: dict[str | None, Fraction] = {
    None: Fraction(1),
    **{suffix: Fraction(10) ** (3 * power) for power, suffix in enumerate("num", -3)},
    **{suffix: Fraction(10) ** (3 * power) for power, suffix in enumerate("kMGTPE", 1)},
    **{f"{suffix}i": Fraction(2) ** (10 * power) for power, suffix in enumerate("KMGTPE", 1)},
}

Resources = Mapping[str, Mapping[str, str]]
"""The amounts of a container: `requests` and `limits`, each a quantity by the resource's name."""


def amount(text: str) -> Fraction:
    """Read a quantity, so that quantities can be compared.

    Args:
        text: a number, with a suffix or an exponent if it has one.

    Raises:
        ValueError: the text is not of that form; the message says what to write.

    Example:
        >>> amount("0.5Gi") == amount("512Mi")
        True
    """
    match = _QUANTITY.fullmatch(text)
    if not match:
        raise ValueError("write one such as '100m' or '64Mi'")
    number, suffix, exponent = match.groups()
    power: Fraction = Fraction(10) ** int(exponent or 0)
    return Fraction(number) * _FACTORS[suffix] * power


def completed(given: Resources | None, defaults: Resources) -> dict[str, dict[str, str]]:
    """Resources with the defaults for what is not given.

    The API server refuses a request that is larger than its limit. A default therefore gives way to the given amount: a
    request is lowered to a limit that is given, and a limit is raised to a request that is given.

    Args:
        given: what the user has written; a request in it is not larger than its limit.
        defaults: the requests and the limits of a container.
    """
    own = {part: dict((given or {}).get(part, {})) for part in ("requests", "limits")}
    requests, limits = ({**defaults[part], **own[part]} for part in ("requests", "limits"))
    for name in limits:
        if name in requests and amount(requests[name]) > amount(limits[name]):
            if name in own["limits"]:
                requests[name] = limits[name]
            else:
                limits[name] = requests[name]
    return {"requests": requests, "limits": limits}
