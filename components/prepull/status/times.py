"""Times as the API server writes them."""

from __future__ import annotations

import re
from datetime import datetime


def seconds_of(time: str | None) -> float | None:
    """A time from the API server as seconds since the epoch; None if it is absent."""
    return moment(time) if time else None


def moment(time: str) -> float:
    """A time in UTC, with or without a fraction, as seconds since the epoch.

    Args:
        time: the time in the format of RFC 3339.

    Raises:
        ValueError: the text is not such a time.
    """
    whole, _, rest = time.partition(".")
    fraction = re.match(r"\d*", rest)
    seconds = datetime.fromisoformat(whole.removesuffix("Z") + "+00:00").timestamp()
    return seconds + (float(f"0.{fraction[0]}") if fraction and fraction[0] else 0.0)
