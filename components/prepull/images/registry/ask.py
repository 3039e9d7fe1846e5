"""Asks registries about several images at once, each within a time limit."""

from __future__ import annotations

import queue
import time
from collections import deque
from collections.abc import Callable, Sequence
from threading import Thread
from typing import TypeVar

from ..references import Reference
from ..sizes import Weight
from .digests import Registries
from .failures import RegistryError, Unresolved

LIMIT_SECONDS = 30.0
"""How long one image may take, including its credential helper."""
PARALLEL = 8
"""How many images are asked for at once."""

T = TypeVar("T")


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
        registries: asks for one image. Default: with the credentials of the user's Docker configuration.
        limit: how many seconds one image may take.
        parallel: how many images are asked for at once.

    Returns:
        For each reference, in their order, its digest or why there is none.
    """
    return _each(references, (registries or Registries()).digest, limit, parallel)


def weigh(
    references: Sequence[Reference], *, limit: float = LIMIT_SECONDS, parallel: int = PARALLEL
) -> list[Weight | Unresolved]:
    """Ask what images weigh, compressed, with the credentials of the user's Docker configuration.

    Args:
        references: images by digest.
        limit: how many seconds one image may take.
        parallel: how many images are asked for at once.

    Returns:
        For each reference, in their order, its weight or why it is not known.
    """
    return _each(references, Registries().weight, limit, parallel)


def _each(
    references: Sequence[Reference], ask: Callable[[Reference], T], limit: float, parallel: int
) -> list[T | Unresolved]:
    answers: list[T | Unresolved] = [Unresolved(f"timed out after {limit:g} s")] * len(references)
    done: queue.SimpleQueue[tuple[int, T | Unresolved]] = queue.SimpleQueue()
    waiting = deque(range(len(references)))
    deadlines: dict[int, float] = {}
    while waiting or deadlines:
        while waiting and len(deadlines) < parallel:
            index = waiting.popleft()
            deadlines[index] = time.monotonic() + limit
            # A daemon: a thread that hangs, such as one whose credential helper waits for input, must not keep the
            # program from ending.
            arguments = (ask, index, references[index], done)
            Thread(target=_one, args=arguments, name=f"prepull: {references[index]}", daemon=True).start()
        try:
            index, answer = done.get(timeout=max(0.0, min(deadlines.values()) - time.monotonic()))
        except queue.Empty:
            now = time.monotonic()
            deadlines = {index: deadline for index, deadline in deadlines.items() if deadline > now}
        else:
            if deadlines.pop(index, None) is not None:
                answers[index] = answer
    return answers


def _one(
    ask: Callable[[Reference], T],
    index: int,
    reference: Reference,
    done: queue.SimpleQueue[tuple[int, T | Unresolved]],
) -> None:
    try:
        answer: T | Unresolved = ask(reference)
    except RegistryError as error:
        answer = Unresolved(str(error))
    except Exception as error:  # noqa: BLE001 - one image's unexpected error must not hide the others' answers
        answer = Unresolved(f"unexpected {type(error).__name__}")
    done.put((index, answer))
