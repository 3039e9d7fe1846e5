"""Times as the API server writes them."""

from __future__ import annotations

import re
from datetime import datetime


def seconds_of(time: str | None) -> float | None:
    """A time of the API server's, which may be absent, as seconds since the epoch."""
    return moment(time) if time else None


def moment(time: str) -> float:
    """A time in UTC, with or without a fraction, as seconds since the epoch.

    Args:
        time: it, as RFC 3339 has it.

    Raises:
        ValueError: it is no such time.
    """
    whole, _, rest = time.partition(".")
    fraction = re.match(r"\d*", rest)
    seconds = datetime.fromisoformat(whole.removesuffix("Z") + "+00:00").timestamp()
    return seconds + (float(f"0.{fraction[0]}") if fraction and fraction[0] else 0.0)
