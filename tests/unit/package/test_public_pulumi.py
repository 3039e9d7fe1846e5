"""The package uses only the public API of Pulumi: everything else may change in any version."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest

COMPONENTS = Path(__file__).parents[3] / "components"
FILES = sorted(path for path in COMPONENTS.rglob("*.py") if ".venv" not in path.parts)
# Modules of the standard library that inspect a running program.
INSPECTING = {"gc", "sys._getframe", "inspect.currentframe", "inspect.stack"}
# Pulumi exports these nowhere else. The second is all that generates a schema; the first all that lists the keys of a
# configuration which is not in the environment.
UNLISTED = {"pulumi.runtime.config.CONFIG", "pulumi.provider.experimental.component.ComponentProvider"}


def private(tree: ast.Module) -> Iterator[str]:
    """The private names of others and the inspecting modules that a module uses."""
    imported = {alias.asname or alias.name.partition(".")[0] for node in _imports(tree) for alias in node.names}
    own = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute) and _is_own(node)}
    own |= {node.name for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))}
    for statement in _imports(tree):
        within = statement.module or "" if isinstance(statement, ast.ImportFrom) else ""
        names = [f"{within}.{alias.name}".strip(".") for alias in statement.names]
        is_ours = isinstance(statement, ast.ImportFrom) and statement.level > 0
        yield from (name for name in names if not is_ours and (_is_private(name) or name in INSPECTING))
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            name = ast.unparse(node)
            foreign = _is_private(node.attr) and (node.attr not in own or name.partition(".")[0] in imported)
            if foreign or name in INSPECTING:
                yield name
        # Names as texts: getattr(resource, "_type").
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in {"getattr", "hasattr", "setattr"}:
            text = node.args[1]
            if isinstance(text, ast.Constant) and _is_private(str(text.value)):
                yield ast.unparse(node)


def _imports(tree: ast.Module) -> list[ast.Import | ast.ImportFrom]:
    return [node for node in ast.walk(tree) if isinstance(node, (ast.Import, ast.ImportFrom))]


def _is_own(node: ast.Attribute) -> bool:
    return isinstance(node.value, ast.Name) and node.value.id in {"self", "cls"}


def _is_private(name: str) -> bool:
    return any(part.startswith("_") and not part.endswith("__") for part in name.split("."))


def unlisted(tree: ast.Module) -> Iterator[str]:
    """The imports from Pulumi that the imported module does not export itself."""
    for node in _imports(tree):
        if isinstance(node, ast.ImportFrom) and not node.level and str(node.module).partition(".")[0] == "pulumi":
            exported = getattr(importlib.import_module(str(node.module)), "__all__", ())
            yield from (f"{node.module}.{alias.name}" for alias in node.names if alias.name not in exported)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(COMPONENTS)))
def test_nothing_private_is_used(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    assert list(private(tree)) == []
    assert set(unlisted(tree)) <= UNLISTED


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("import gc", ["gc"]),
        ("import inspect\ninspect.currentframe()", ["inspect.currentframe"]),
        ("from pulumi._types import is_input_type", ["pulumi._types.is_input_type"]),
        ("import pulumi\npulumi._types.x", ["pulumi._types"]),
        ("component._childResources", ["component._childResources"]),
        ("class A:\n  def f(self): self._x; other._y", ["other._y"]),
        ("getattr(resource, '_type')", ["getattr(resource, '_type')"]),
        ("from ._own import x\nclass A:\n  def f(self, other): return self._x == other._x", []),
        ("x.__name__", []),
    ],
)
def test_it_would_be_found(text: str, found: list[str]) -> None:
    assert list(private(ast.parse(text))) == found
