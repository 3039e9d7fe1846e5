"""Waiting for what takes its time."""

from __future__ import annotations

import time
from collections.abc import Callable


def eventually(what: str, condition: Callable[[], bool], seconds: float = 60) -> None:
    """Wait until the condition holds, and fail with what was waited for where it does not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"after {seconds:.0f} s it is still not so: {what}"
        time.sleep(0.3)
