"""What registries say a tag stands for, over the OCI distribution API. Needs the extra `digests`.

docs/digests.md compares the libraries there are for it.
"""

from __future__ import annotations

import queue
import time
from collections import deque
from collections.abc import Sequence
from threading import Thread

from ...arguments.pins import Unresolved
from ..references import Reference
from .client import Registries, RegistryError

__all__ = ["LIMIT_SECONDS", "PARALLEL", "resolve"]

LIMIT_SECONDS = 30.0
"""How long one image may take, its credential helper included."""
PARALLEL = 8
"""How many images are asked about at once."""


def resolve(
    references: Sequence[Reference],
    *,
    registries: Registries | None = None,
    limit: float = LIMIT_SECONDS,
    parallel: int = PARALLEL,
) -> list[str | Unresolved]:
    """Ask for the digests of images.

    Args:
        references: images by tag.
        registries: who asks. Default: with the credentials of the user's Docker configuration.
        limit: how many seconds one image may take.
        parallel: how many are asked about at once.

    Returns:
        For each reference, in their order, its digest or why there is none.
    """
    asking = registries or Registries()
    answers: list[str | Unresolved] = [Unresolved(f"timed out after {limit:g} s")] * len(references)
    done: queue.SimpleQueue[tuple[int, str | Unresolved]] = queue.SimpleQueue()
    waiting = deque(range(len(references)))
    deadlines: dict[int, float] = {}
    while waiting or deadlines:
        while waiting and len(deadlines) < parallel:
            index = waiting.popleft()
            deadlines[index] = time.monotonic() + limit
            # A thread that hangs, as a credential helper may that waits for its user, must not keep the program.
            Thread(target=_ask, args=(asking, index, references[index], done), daemon=True).start()
        try:
            index, answer = done.get(timeout=max(0.0, min(deadlines.values()) - time.monotonic()))
        except queue.Empty:
            now = time.monotonic()
            deadlines = {index: deadline for index, deadline in deadlines.items() if deadline > now}
        else:
            if deadlines.pop(index, None) is not None:
                answers[index] = answer
    return answers


def _ask(
    registries: Registries, index: int, reference: Reference, done: queue.SimpleQueue[tuple[int, str | Unresolved]]
) -> None:
    try:
        answer: str | Unresolved = registries.digest(reference)
    except RegistryError as error:
        answer = Unresolved(str(error))
    except Exception as error:  # noqa: BLE001 - whatever it is, it is about this image, and is said there
        answer = Unresolved(f"unexpected {type(error).__name__}")
    done.put((index, answer))
