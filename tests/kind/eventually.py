"""Waiting for what takes its time."""

from __future__ import annotations

import time
from collections.abc import Callable


def eventually(
    what: str, condition: Callable[[], bool], seconds: float = 60, seen: Callable[[], object] | None = None
) -> None:
    """Wait until the condition holds, and fail with what was waited for where it does not in time.

    Args:
        what: names the condition in the message.
        condition: asked again and again.
        seconds: how long to wait.
        seen: tells what is there instead; the message ends with it.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() >= deadline:
            instead = f"; instead: {seen()}" if seen else ""
            raise AssertionError(f"after {seconds:.0f} s it is still not so: {what}{instead}")
        time.sleep(0.3)
