"""Reads CHANGELOG.md, which has the form of Keep a Changelog (https://keepachangelog.com/en/1.1.0/)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

UNRELEASED = "Unreleased"
_HEADING = re.compile(r"^## (.*)$", re.MULTILINE)
_TITLE = re.compile(r"\[(?P<version>[^\]]+)\](?: - (?P<day>\d{4}-\d{2}-\d{2}))?")


class ChangelogError(Exception):
    """The changelog does not have its form; the message says where and what to write."""


@dataclass(frozen=True)
class Section:
    """What changed in one version.

    Attributes:
        version: the version, or `Unreleased`.
        day: when it was released; None for `Unreleased`.
        text: the changes, as Markdown.
    """

    version: str
    day: date | None
    text: str


def sections(text: str) -> list[Section]:
    """The sections of a changelog, from the top.

    Args:
        text: the changelog.

    Raises:
        ChangelogError: a heading is not `## [Unreleased]` or `## [1.2.3] - 2026-01-31`.
    """
    headings = list(_HEADING.finditer(text))
    ends = [heading.start() for heading in headings[1:]] + [len(text)]
    return [
        _section(heading[1], text[heading.end() : end].strip()) for heading, end in zip(headings, ends, strict=True)
    ]


def _section(title: str, text: str) -> Section:
    found = _TITLE.fullmatch(title)
    if found is None or (found["version"] == UNRELEASED) != (found["day"] is None):
        raise ChangelogError(f"CHANGELOG.md: '## {title}': write '## [{UNRELEASED}]' or '## [1.2.3] - 2026-01-31'")
    try:
        day = date.fromisoformat(found["day"]) if found["day"] else None
    except ValueError:
        raise ChangelogError(f"CHANGELOG.md: '## {title}': there is no such day") from None
    return Section(found["version"], day, text)
