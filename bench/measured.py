"""What each result measured: a fingerprint, by which a result that is older than the code is found.

It is made of the objects that a scenario's forms apply, and of those parts of the package that it runs on this machine.
Text for readers does not count: comments, docstrings, the documentation.
"""

from __future__ import annotations

import ast
import hashlib
import io
import json
import tokenize
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import prepull
from prepull.manifests import gate_program, render

from bench.compared import waits
from bench.compared.forms import COLD_FORMS, FORMS, Cluster, Form
from bench.scenarios import engine, join, ready, slow
from lab.images.sizes import SIZES

_CLUSTER = Cluster("namespace", ("registry.example.com/a:1", "registry.example.com/b:1"), ("node-1", "node-2"))
_PACKAGE = Path(prepull.__file__).parent
# What differs from one machine to the next; the modules themselves count.
_COMPRESSED = "binaryData"


@dataclass(frozen=True)
class Scenario:
    """A scenario of the command line, and what its results measure.

    Attributes:
        name: its name, as in `python -m bench NAME`.
        results: the names of its results begin with one of these.
        parts: what it measures, as plain data.
    """

    name: str
    results: tuple[str, ...]
    parts: Callable[[], Any]


def fingerprint(result: str) -> str:
    """The fingerprint of what a result measures, as the code is now.

    Args:
        result: the result's name.

    Raises:
        LookupError: no scenario has such results.
    """
    parts = scenario_of(result).parts()
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


def scenario_of(result: str) -> Scenario:
    """The scenario that a result is of.

    Raises:
        LookupError: no scenario has such results.
    """
    for scenario in SCENARIOS:
        if result.startswith(scenario.results):
            return scenario
    raise LookupError(f"{result}: no scenario has such results any more; delete its files in docs/benchmarks")


def _objects(forms: Mapping[str, Form]) -> dict[str, Any]:
    return {name: _plain(made(_CLUSTER)) for name, made in forms.items()}


def _plain(manifests: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{key: value for key, value in manifest.items() if key != _COMPRESSED} for manifest in manifests]


def _with_gate() -> list[Any]:
    made = render.manifests("bench", {"images": list(_CLUSTER.images)}, _CLUSTER.namespace)
    return [_plain(list(made.values())), dict(gate_program.modules())]


def _cold() -> list[Any]:
    return [_objects(COLD_FORMS), [[image, size.compressed, size.unpacked] for image, size in SIZES.items()]]


@cache
def _code(*folders: str) -> dict[str, str]:
    """The modules of folders of the package, without text for readers."""
    paths = (path for folder in folders for path in sorted((_PACKAGE / folder).rglob("*.py")))
    return {str(path.relative_to(_PACKAGE)): without_text(path.read_text("utf-8")) for path in paths}


def without_text(source: str) -> str:
    """A module without its comments, docstrings and empty lines."""
    lines = source.splitlines()
    for token in reversed(list(tokenize.generate_tokens(io.StringIO(source).readline))):
        if token.type == tokenize.COMMENT:
            line, column = token.start
            lines[line - 1] = lines[line - 1][:column]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            for line in range(node.lineno, (node.end_lineno or node.lineno) + 1):
                lines[line - 1] = ""
    return "\n".join(line.rstrip() for line in lines if line.strip())


SCENARIOS = (
    Scenario("pull --helpers cold", ("pull-8x40MB-cold",), _cold),
    Scenario("pull", ("pull-",), lambda: _objects(FORMS)),
    Scenario("slow", ("slow-",), lambda: _objects(slow.forms(8))),
    Scenario("parts", ("parts-",), lambda: _objects(FORMS)),
    Scenario("ready", ("ready-",), lambda: _plain(ready.component(_CLUSTER.images))),
    Scenario("dependents", ("dependents-",), lambda: [_with_gate(), waits.programs("namespace", _CLUSTER.images)]),
    Scenario("join", ("new-node-",), lambda: _objects(join.FORMS)),
    Scenario("cost", ("cost-",), lambda: _objects(FORMS)),
    Scenario("engine", ("engine-",), lambda: [engine.components(1), engine.by_hand(), _with_gate(), _code("program")]),
    Scenario("scale", ("scale-",), lambda: [_with_gate(), _code("cli", "status")]),
)
"""All scenarios. The first one whose results begin like a name is that of the name."""
