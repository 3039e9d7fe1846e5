"""The gate's program as its ConfigMap carries it: modules of this package, without comments and docstrings.

A ConfigMap of its own: a change in the gate then replaces no pod on any node, and a change in what runs on nodes no
gate. Both folders arrive as parts of a namespace package, so that imports are the same as here.
"""

from __future__ import annotations

import io
import tokenize
from collections.abc import Iterator
from functools import cache
from importlib import resources

PROGRAM_DIRECTORY = "/etc/prepull/gate"
PROGRAM_VOLUME = "gate"
# Without bytecode, which could be kept nowhere; without the image's own packages, one of which may have this name; and
# with each line of the log as it is written.
COMMAND = ("python3", "-B", "-S", "-u", "-m", "prepull.gate")

_MODULES = {
    "gate": ("__main__", "api"),
    "status": ("nodes", "observe", "pulls", "reasons", "report", "share", "times", "verdict"),
}
_SPACE = (tokenize.NL, tokenize.COMMENT, tokenize.INDENT, tokenize.DEDENT)


@cache
def files() -> dict[str, str]:
    """The modules, by keys that a ConfigMap may have."""
    return {
        f"{folder}.{module}.py": stripped(_text(folder, module))
        for folder, modules in _MODULES.items()
        for module in modules
    }


def items() -> list[dict[str, str]]:
    """Where each key of `files` is mounted, below PROGRAM_DIRECTORY."""
    return [
        {"key": f"{folder}.{module}.py", "path": f"prepull/{folder}/{module}.py"}
        for folder, modules in _MODULES.items()
        for module in modules
    ]


def stripped(text: str) -> str:
    """A Python program without what only its readers need: comments, docstrings, empty lines, deep indentation.

    By tokens rather than from the syntax tree, which each version of Python writes in a way of its own: rendered
    manifests have the same bytes everywhere.

    Args:
        text: the program.
    """
    lines = text.splitlines()
    statements = list(_statements(text))
    written: list[str] = []
    depth = 0
    for statement, following in zip(statements, [*statements[1:], []], strict=True):
        depth += sum((token.type == tokenize.INDENT) - (token.type == tokenize.DEDENT) for token in statement)
        code = [token for token in statement if token.type not in _SPACE]
        if [token.type for token in code] == [tokenize.STRING] and code[0].string[0] in "\"'r":
            # A body of nothing but a docstring needs a statement instead.
            if _has(statement, tokenize.INDENT) and _has(following, tokenize.DEDENT):
                written.append(" " * depth + "pass")
        elif code:
            written.extend(_rows(statement, code, lines, depth))
    return "".join(f"{line}\n" for line in written)


def _statements(text: str) -> Iterator[list[tokenize.TokenInfo]]:
    """The tokens of one statement after the other, each with the changes of indentation before it."""
    statement: list[tokenize.TokenInfo] = []
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.NEWLINE:
            yield statement
            statement = []
        elif token.type != tokenize.ENDMARKER:
            statement.append(token)
    yield statement


def _rows(
    statement: list[tokenize.TokenInfo], code: list[tokenize.TokenInfo], lines: list[str], depth: int
) -> Iterator[str]:
    comments = dict(token.start for token in statement if token.type == tokenize.COMMENT)
    within_strings = {row for token in code for row in range(token.start[0] + 1, token.end[0] + 1)}
    first, last = code[0].start[0], code[-1].end[0]
    for row in range(first, last + 1):
        line = lines[row - 1][: comments.get(row)]
        if row in within_strings:
            yield line
        elif line.strip():
            yield " " * (depth + (row > first)) + line.strip()


def _has(statement: list[tokenize.TokenInfo], kind: int) -> bool:
    return any(token.type == kind for token in statement)


def _text(folder: str, module: str) -> str:
    return resources.files("prepull").joinpath(folder).joinpath(f"{module}.py").read_text("utf-8")
