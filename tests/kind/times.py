"""When things happened, as the API server says."""

from __future__ import annotations

from datetime import datetime


def at(text: str) -> datetime:
    """A time of the API server's."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))
