"""Writes the pages of reference from the code's own docstrings: `python docs/reference.py`."""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterator
from pathlib import Path

import prepull
from prepull.arguments.table import ARGUMENTS
from prepull.runtimes import RUNTIMES

HERE = Path(__file__).parent
PACKAGE = HERE.parent / "components" / "prepull"
_COMPONENT = "PrePullDaemonSet"
_ARGUMENTS_MODULE = "program.args"
_CHOICES_MODULE = "choices"

_ARGUMENTS_HEAD = """\
# Arguments

Written from the docstrings by `python docs/reference.py`. Names in Python are as here; other languages have them
in camel case. In a stack's configuration each is a key: `prepull:pull_policy`. Durations are strings: `90s`, `10m`.

"""

_CHOICES_HEAD = """\

## Values of closed sets

A value is a text, or a member of the enum: `"pull_policy": "Always"` means the same as
`"pull_policy": PullPolicy.ALWAYS`. Python has the enums in `from prepull import …`; [other languages](languages.md)
have them in the package.
"""

_COMPONENT_HEAD = """\
# The component

Written from the docstrings by `python docs/reference.py`. What is public is what `from prepull import …` has;
everything else may change in any version.

"""

_REFUSALS_HEAD = """\
## What a runtime refuses

An argument that a runtime cannot honour is an error before anything is deployed.

| argument | refused by | why |
|---|---|---|
"""


def pages() -> dict[str, str]:
    """The text of each page by its name."""
    return {"arguments.md": _arguments(), "component.md": _component()}


def _arguments() -> str:
    classes = [node for node in _parsed(_ARGUMENTS_MODULE).body if isinstance(node, ast.ClassDef)]
    sections = "\n".join(_section(node, "argument") for node in reversed(classes))
    return _ARGUMENTS_HEAD + sections + _CHOICES_HEAD + "".join(map(_choice, _parsed(_CHOICES_MODULE).body))


def _component() -> str:
    # The arguments have a page of their own.
    elsewhere = (_ARGUMENTS_MODULE, _CHOICES_MODULE)
    others = [name for name in prepull.__all__ if not name.startswith("__") and _module(name) not in elsewhere]
    sections = [_public(name) for name in sorted(others, key=lambda name: (name != _COMPONENT, name))]
    return _COMPONENT_HEAD + "\n".join([*sections, _REFUSALS_HEAD + "".join(_refusals())])


def _public(name: str) -> str:
    [node] = [
        node
        for node in _parsed(_module(name)).body
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and node.name == name
    ]
    has_outputs = isinstance(node, ast.ClassDef) and any(isinstance(field, ast.AnnAssign) for field in node.body)
    outputs = f"\n### Outputs\n\n{_table(node, 'output')}" if has_outputs else ""
    return f"## {name}\n\n{_prose(node)}\n{outputs}"


def _module(name: str) -> str:
    """The module, within the package, that defines a public name."""
    module: str = getattr(prepull, name).__module__
    return module.removeprefix("prepull.")


def _parsed(module: str) -> ast.Module:
    return ast.parse((PACKAGE / f"{module.replace('.', '/')}.py").read_text("utf-8"))


def _prose(node: ast.ClassDef | ast.FunctionDef) -> str:
    """A docstring as Markdown, without examples: whole programs are in getting-started.md."""
    parts = []
    for part in (ast.get_docstring(node) or "").split("\n\n"):
        head, _, body = part.partition("\n")
        if head in ("Args:", "Raises:"):
            entries = re.sub(r"\n\s{8,}", " ", body)
            parts.append("\n".join(re.sub(r"^ +(\w+):", r"- `\1`:", line) for line in entries.splitlines()))
        elif head == "Returns:":
            parts.append(f"Returns {_lowered(' '.join(body.split()))}")
        elif head != "Example:":
            parts.append(" ".join(part.split()))
    return "\n\n".join(parts)


def _lowered(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]


def _refusals() -> Iterator[str]:
    everything = [argument for argument in ARGUMENTS if argument != "images"]
    for argument in everything:
        why: dict[str, list[str]] = {}
        for runtime in RUNTIMES.values():
            for reason in runtime.refusals([argument]).values():
                why.setdefault(reason, []).append(runtime.name)
        for reason, names in why.items():
            yield f"| `{argument}` | {', '.join(f'`{name}`' for name in names)} | {reason} |\n"


def _section(node: ast.ClassDef, what: str) -> str:
    return f"## {node.name}\n\n{_table(node, what)}"


def _choice(node: ast.stmt) -> str:
    """The section of an enum; nothing for another statement."""
    if not isinstance(node, ast.ClassDef) or node.name not in prepull.__all__:
        return ""
    rows = [
        f"| `{field.value.value!s}` | `{field.targets[0].id}` | {_text(described)} |\n"
        for field, described in itertools.pairwise(node.body)
        if isinstance(field, ast.Assign)
        and isinstance(field.value, ast.Constant)
        and isinstance(field.targets[0], ast.Name)
    ]
    return f"\n### {node.name}\n\n{_prose(node)}\n\n| value | in Python | meaning |\n|---|---|---|\n{''.join(rows)}"


def _table(node: ast.ClassDef | ast.FunctionDef, what: str) -> str:
    lines = [f"| {what} | meaning |", "|---|---|"]
    for field, described in itertools.pairwise(node.body):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
            lines.append(f"| `{field.target.id}` | {_text(described)} |")
    return "\n".join(lines) + "\n"


def _text(described: ast.stmt) -> str:
    if not isinstance(described, ast.Expr) or not isinstance(described.value, ast.Constant):
        raise TypeError(f"line {described.lineno}: an argument has no docstring under it")
    return " ".join(str(described.value.value).split()).replace("|", "\\|")


if __name__ == "__main__":
    for name, text in pages().items():
        (HERE / name).write_text(text, "utf-8")
