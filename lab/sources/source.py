"""The sources of a piece of the lab, and the order in which they are tried."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from lab.errors import LabError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from lab.console import Step
    from lab.sources.cache import Cache

T = TypeVar("T")


_LONGEST_REASON = 160


class UnavailableError(LabError):
    """A source does not have the piece. The next source is tried."""


class AbsentError(UnavailableError):
    """This machine does not have the piece. Few have it, so this is no reason to tell if another source has it."""


@dataclass(frozen=True)
class Source(Generic[T]):
    """A way to get a piece.

    `present` returns the piece if this machine has it, without using the network. `get` downloads or builds it, or
    raises `UnavailableError`. Other errors, such as a wrong checksum of a release, stop the lab: it then tries no other
    source.
    """

    name: str
    present: Callable[[], T | None]
    get: Callable[[], T]


def first_of(piece: str, sources: Sequence[Source[T]], step: Step) -> T:
    """The piece from the first source that has it. Sources for which it is present on this machine come first.

    The step shows why the sources before that one were passed over.
    """
    for source in sources:
        found = source.present()
        if found is not None:
            step.ended(source.name)
            return found
    reasons: list[tuple[Source[T], UnavailableError]] = []
    for source in sources:
        step.now(source.name)
        try:
            got = source.get()
        except UnavailableError as error:
            reasons.append((source, error))
            continue
        step.ended(source.name)
        for passed_over, reason in reasons:
            if not isinstance(reason, AbsentError):
                step.note(f"{passed_over.name}: {brief(reason)}")
        return got
    told = "; ".join(f"{source.name}: {reason}" for source, reason in reasons)
    raise LabError(f"There is no way to get {piece} here. {told}.")


def brief(reason: LabError) -> str:
    """The reason in one line of the screen."""
    line = str(reason).partition("\n")[0].rstrip(":")
    return line if len(line) <= _LONGEST_REASON else f"{line[: _LONGEST_REASON - 1]}…"


def cached(name: str, cache: Cache, entry: str, key: str, fill: Callable[[Path], None]) -> Source[Path]:
    """A source whose result is a directory in the cache."""
    path = cache.path(entry, key)
    return Source(name, lambda: path if path.is_dir() else None, lambda: cache.entry(entry, key, fill))
