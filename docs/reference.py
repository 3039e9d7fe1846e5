"""Writes docs/arguments.md from the arguments' own docstrings: `python docs/reference.py`."""

from __future__ import annotations

import ast
import itertools
from pathlib import Path

HERE = Path(__file__).parent
SOURCE = HERE.parent / "components" / "prepull" / "args.py"
TARGET = HERE / "arguments.md"

_HEAD = """\
# Arguments

Written from the docstrings by `python docs/reference.py`. Names in Python are as here; other languages have them
in camel case. In a stack's configuration each is a key: `prepull:pull_policy`. Durations are strings: `90s`, `10m`.

"""


def arguments() -> str:
    """The page: a section for each class, a row for each argument."""
    sections = [
        _section(node) for node in reversed(ast.parse(SOURCE.read_text("utf-8")).body) if isinstance(node, ast.ClassDef)
    ]
    return _HEAD + "\n".join(sections)


def _section(node: ast.ClassDef) -> str:
    lines = [f"## {node.name}", "", "| argument | meaning |", "|---|---|"]
    for field, described in itertools.pairwise(node.body):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
            lines.append(f"| `{field.target.id}` | {_text(described)} |")
    return "\n".join(lines) + "\n"


def _text(described: ast.stmt) -> str:
    if not isinstance(described, ast.Expr) or not isinstance(described.value, ast.Constant):
        raise TypeError(f"line {described.lineno}: an argument has no docstring under it")
    return " ".join(str(described.value.value).split()).replace("|", "\\|")


if __name__ == "__main__":
    TARGET.write_text(arguments(), "utf-8")
