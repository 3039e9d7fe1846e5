"""Readers of values: each turns a value that a user wrote into the plan's value, or says what is wrong with it.

Each complaint names the value and the way out. No reader sees None: `table.Argument` handles absent values.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from .. import durations
from ..images import references
from ..images.references import Reference
from ..status.share import Share

T = TypeVar("T")

_PLAIN_PATH = re.compile(r"(?:/[A-Za-z0-9_][A-Za-z0-9_.@+-]*)+")
_LARGEST_COUNT = 1000
_SHORTEST_REFRESH_MS = 10_000


class InvalidValueError(Exception):
    """A value is wrong.

    Attributes:
        complaints: one text for each complaint. It begins with the place within the value, if the complaint is about a
            part of it, and continues with a colon and the reason.
    """

    def __init__(self, reason: str = "", *, within: Sequence[str] = ()) -> None:
        super().__init__(reason)
        self.complaints = within or [f": {reason}"]


def string(value: Any) -> str:
    """Read a text."""
    if not isinstance(value, str):
        raise InvalidValueError(f"{value!r} is not a text; write one in quotes")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise InvalidValueError(f"{value!r} has half of a character in it; write valid Unicode") from None
    return value


def whole(value: Any) -> int:
    """Read a whole number."""
    # Numbers from other languages, and from Pulumi's wire format, arrive as floating-point numbers.
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise InvalidValueError(f"{value!r} is not a whole number; write one without quotes and fractions, such as 3")
    return value


def is_number(value: Any) -> bool:
    """Whether a value is a number; to Python, a boolean is one as well."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def flag(value: Any) -> bool:
    """Read a boolean."""
    if not isinstance(value, bool):
        raise InvalidValueError(f"{value!r} is not one of true, false; write one of them, without quotes")
    return value


def sequence(value: Any) -> Sequence[Any]:
    """Read a list, whatever its items are."""
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise InvalidValueError(f"{value!r} is not a list; write [{value!r}]")
    return value


def mapping(value: Any) -> Mapping[str, Any]:
    """Read a mapping from names to values, whatever the values are."""
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise InvalidValueError(f"{value!r} is not a mapping; write {{'name': 'value'}}, with names of its own")
    return value


def choice(*choices: str) -> Callable[[Any], str]:
    """Make a reader of one of several texts, such as the members of an enum; it gives a plain text."""
    texts = [str(each) for each in choices]

    def read(value: Any) -> str:
        text = string(value)
        if text not in texts:
            nearest = difflib.get_close_matches(text, texts, n=1)
            hint = f"; did you mean '{nearest[0]}'?" if nearest else ""
            raise InvalidValueError(f"{text!r} is not one of {', '.join(texts)}{hint}")
        return texts[texts.index(text)]

    return read


def matching(pattern: re.Pattern[str], what: str) -> Callable[[Any], str]:
    """Make a reader of texts that match a pattern as a whole.

    Args:
        pattern: the pattern.
        what: what such a text is, for the message; after a semicolon, how to write one.
    """

    def read(value: Any) -> str:
        text = string(value)
        if not pattern.fullmatch(text):
            raise InvalidValueError(f"{text!r} is not {what}")
        return text

    return read


def count(minimum: int) -> Callable[[Any], int]:
    """Make a reader of whole numbers from `minimum` to 1000."""

    def read(value: Any) -> int:
        number = whole(value)
        if not minimum <= number <= _LARGEST_COUNT:
            raise InvalidValueError(f"{number} is not between {minimum} and {_LARGEST_COUNT}")
        return number

    return read


def duration(*, positive: bool) -> Callable[[Any], int]:
    """Make a reader of durations such as "90s"; the result is in milliseconds.

    Args:
        positive: refuse a duration of zero.
    """

    def read(value: Any) -> int:
        text = string(value)
        try:
            milliseconds = durations.parse(text)
        except ValueError as error:
            raise InvalidValueError(f"{text!r} is not a duration; {error}") from None
        if positive and milliseconds == 0:
            raise InvalidValueError(f"{text!r} is no time at all; write a longer one")
        return milliseconds

    return read


def timeout(value: Any) -> str:
    """Read a duration that Pulumi gets as it is written."""
    duration(positive=True)(value)
    return str(value)


def refresh(value: Any) -> int:
    """Read the interval of `refresh`, in milliseconds."""
    milliseconds = duration(positive=True)(value)
    if milliseconds < _SHORTEST_REFRESH_MS:
        raise InvalidValueError(f"{value!r} asks the registry more often than it will bear; write '10s' or more")
    return milliseconds


def share(value: Any) -> str:
    """Read a number or a share of nodes, as in a PodDisruptionBudget."""
    text = str(whole(value)) if is_number(value) else string(value)
    try:
        Share.parse(text)
    except ValueError as error:
        raise InvalidValueError(str(error)) from None
    return text


def path(what: str) -> Callable[[Any], str]:
    """Make a reader of absolute paths on the node.

    Args:
        what: whose path it is, for the message.
    """

    def read(value: Any) -> str:
        text = string(value)
        if not text.startswith("/"):
            way_out = f"write the {what}'s absolute path on the node, such as {'/' + text!r}"
            raise InvalidValueError(f"{text!r} is relative; {way_out}")
        if not _PLAIN_PATH.fullmatch(text):
            way_out = "write one without '..', '//', '*', spaces or a '/' at its end"
            raise InvalidValueError(f"{text!r} is not a plain absolute path; {way_out}")
        return text

    return read


def each(read: Callable[[Any], T]) -> Callable[[Any], tuple[T, ...]]:
    """Make a reader of lists whose items `read` reads."""

    def read_each(value: Any) -> tuple[T, ...]:
        return tuple(read_all(((f"[{index}]", item) for index, item in enumerate(sequence(value))), read))

    return read_each


def unique(read: Callable[[Any], T]) -> Callable[[Any], tuple[T, ...]]:
    """Make a reader of lists whose items `read` reads; of equal items, the first is kept."""
    return lambda value: tuple(dict.fromkeys(each(read)(value)))


def read_all(items: Iterable[tuple[str, Any]], read: Callable[[Any], T]) -> list[T]:
    """Read all items.

    Args:
        items: pairs of the place within the value, such as "[3]" or "['key']", and the item.
        read: the reader of one item.

    Raises:
        InvalidValueError: with the complaints about all items that are wrong.
    """
    values: list[T] = []
    complaints: list[str] = []
    for place, item in items:
        try:
            values.append(read(item))
        except InvalidValueError as error:
            complaints.extend(f"{place}{complaint}" for complaint in error.complaints)
    if complaints:
        raise InvalidValueError(within=complaints)
    return values


def read_values(items: Mapping[str, Any], read: Callable[[Any], T]) -> dict[str, T]:
    """Read all values of a mapping, each with its key as the place, and keep the keys."""
    return dict(zip(items, read_all(((f"[{key!r}]", item) for key, item in items.items()), read), strict=True))


def reference(value: Any) -> Reference:
    """Read an image reference."""
    text = string(value)
    try:
        return references.parse(text)
    except references.InvalidReferenceError as error:
        raise InvalidValueError(f"{text!r} is not an image reference: {error}") from None


def image(value: Any) -> str:
    """Read an image reference; the result is its canonical form as text."""
    return str(reference(value))


def images(value: Any) -> tuple[Reference, ...]:
    """Read a list of at least one image reference."""
    found = unique(reference)(value)
    if not found:
        raise InvalidValueError("at least one image is needed, such as ['hello-world']")
    return found


def mirrors(value: Any) -> dict[str, str]:
    """Read a mapping from registries, or prefixes of names, to registries or prefixes."""
    given = mapping(value)
    prefixes = read_all((("", prefix) for prefix in given), _name)
    return dict(zip(prefixes, read_values(given, _name).values(), strict=True))


def _name(value: Any) -> str:
    text = string(value)
    try:
        return references.parse_name(text)
    except references.InvalidReferenceError as error:
        raise InvalidValueError(f"{text!r} is not a registry with or without a path: {error}") from None
