"""Where a piece of the lab can come from, and the one order in which that is tried."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from lab.errors import LabError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from lab.cache import Cache
    from lab.console import Step

T = TypeVar("T")


class UnavailableError(LabError):
    """A source does not have the piece: the next one is tried."""


@dataclass(frozen=True)
class Source(Generic[T]):
    """A way to get a piece.

    `present` says what is there already, without asking anyone; `get` goes and gets it, or raises
    `UnavailableError`. Any other error stops the lab: a release with the wrong checksum is no reason to look
    elsewhere.
    """

    name: str
    present: Callable[[], T | None]
    get: Callable[[], T]


def first_of(piece: str, sources: Sequence[Source[T]], step: Step) -> T:
    """The piece from the first source that has it; none is asked while another has it there already."""
    for source in sources:
        found = source.present()
        if found is not None:
            step.ended(source.name)
            return found
    reasons: list[str] = []
    for source in sources:
        step.now(source.name)
        try:
            got = source.get()
        except UnavailableError as reason:
            reasons.append(f"{source.name}: {reason}")
            continue
        step.ended(source.name)
        return got
    raise LabError(f"There is no way to get {piece} here. " + "; ".join(reasons) + ".")


def cached(name: str, cache: Cache, entry: str, key: str, fill: Callable[[Path], None]) -> Source[Path]:
    """A source whose outcome is a directory in the cache."""
    path = cache.path(entry, key)
    return Source(name, lambda: path if path.is_dir() else None, lambda: cache.entry(entry, key, fill))
