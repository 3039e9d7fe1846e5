"""The gate's program as its ConfigMap carries it: `start.py` to read, and the modules that it runs, compressed.

A ConfigMap of its own: a change in the gate then replaces no pod on any node, and a change in what runs on nodes no
gate. The modules are those of this package, without comments and docstrings, so that imports are the same as here.
"""

from __future__ import annotations

import base64
import bz2
import io
import json
import tokenize
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources

PROGRAM_DIRECTORY = "/etc/prepull/gate"
PROGRAM_VOLUME = "gate"
START, PROGRAM = "start.py", "program.json.bz2"
# Without bytecode, which could be kept nowhere; without the image's own packages, which the program does not need; and
# with each line of the log as it is written.
COMMAND = ("python3", "-B", "-S", "-u", f"{PROGRAM_DIRECTORY}/{START}")

_MODULES = {
    "gate": ("__init__", "__main__", "api"),
    "status": ("__init__", "causes", "nodes", "observe", "pulls", "reasons", "report", "share", "times", "verdict"),
}
_SPACE = (tokenize.NL, tokenize.COMMENT, tokenize.INDENT, tokenize.DEDENT)


@cache
def modules() -> dict[str, str]:
    """The sources of the modules by their paths."""
    return {
        # The package's own offers what the gate has no use for.
        "prepull/__init__.py": "",
        **{
            f"prepull/{folder}/{module}.py": stripped(_text(folder, f"{module}.py"))
            for folder, found in _MODULES.items()
            for module in found
        },
    }


def content(sources: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """What the ConfigMap has of the program: `data` and `binaryData`.

    Args:
        sources: the sources of the modules by their paths.
    """
    # bz2 rather than gzip: zlib's output differs between its builds, and rendered manifests have the same bytes
    # everywhere.
    packed = bz2.compress(json.dumps(sources, sort_keys=True).encode())
    return {"data": {START: _text("gate", START)}, "binaryData": {PROGRAM: base64.b64encode(packed).decode("ascii")}}


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


def _text(folder: str, name: str) -> str:
    return resources.files("prepull").joinpath(folder).joinpath(name).read_text("utf-8")
