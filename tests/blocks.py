"""Finds the code blocks of the documentation, so that each can be run or checked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt

ROOT = Path(__file__).parents[1]
PAGES = sorted(
    path
    for pattern in ("*.md", ".github/*.md", "components/*.md", "docs/**/*.md", "examples/**/*.md", "templates/**/*.md")
    for path in ROOT.glob(pattern)
)

_NOTE = re.compile(r"<!--\s*(held by|unchecked):\s*(.+?)\s*-->\s*", re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A block, and the comment directly above it.

    A block that is not run or checked by itself has such a comment: `held by: FILE::TEST` names the test that checks
    it; `unchecked: WHY` gives the reason why no test does.
    """

    page: str
    line: int
    language: str
    text: str
    held_by: str | None = None
    unchecked: str | None = None

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def blocks() -> list[Block]:
    """All blocks of all pages, in every Markdown notation."""
    return [block for page in PAGES for block in blocks_of(page.read_text("utf-8"), str(page.relative_to(ROOT)))]


def blocks_of(text: str, page: str) -> Iterator[Block]:
    """The blocks of one page.

    Args:
        text: the page.
        page: its name.
    """
    note: dict[str, str] = {}
    for token in MarkdownIt().parse(text):
        if token.type == "html_block":
            found = _NOTE.fullmatch(token.content)
            note = {found[1].replace(" ", "_"): " ".join(found[2].split())} if found else {}
        elif token.type in ("fence", "code_block"):
            assert token.map is not None
            yield Block(page, token.map[0] + 1, token.info.strip().partition(" ")[0], token.content, **note)
            note = {}
        else:
            note = {}


def commands_of(block: Block) -> list[str]:
    """The commands that a user types: the lines after a prompt, and their continuations after a backslash."""
    typed = re.findall(r"^\$ ((?:.*\\\n)*.*)$", block.text, re.MULTILINE)
    return [re.sub(r"\\\n\s*", "", command) for command in typed]
