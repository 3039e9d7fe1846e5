"""The stored results: one JSON file for each, the source of tables and plots."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

DIRECTORY = Path(__file__).parents[2] / "docs" / "benchmarks"
README = DIRECTORY.parents[1] / "README.md"


@dataclass(frozen=True)
class Comparison:
    """One figure for each form and round. `base` is the form to compare the others with.

    `measured` is the fingerprint of what was measured (bench/measured.py).
    """

    name: str
    title: str
    unit: str
    rounds: Mapping[str, Sequence[float]]
    base: str | None = None
    note: str = ""
    machine: Mapping[str, str] = field(default_factory=dict)
    measured: str = ""


@dataclass(frozen=True)
class Growth:
    """Figures for several sizes: for each series and size, one figure for each round."""

    name: str
    title: str
    unit: str
    size: str
    series: Mapping[str, Mapping[int, Sequence[float]]]
    note: str = ""
    machine: Mapping[str, str] = field(default_factory=dict)
    measured: str = ""


Result = Comparison | Growth


def dump(result: Result) -> str:
    """A result as JSON, with rounded figures."""
    document = asdict(result)
    kind = "growth" if isinstance(result, Growth) else "comparison"
    return json.dumps({"kind": kind, **_rounded(document)}, indent=1) + "\n"


def load(text: str) -> Result:
    """A result from JSON."""
    document = json.loads(text)
    if document.pop("kind") == "comparison":
        return Comparison(**document)
    series = document.pop("series")
    return Growth(
        series={label: {int(size): figures for size, figures in points.items()} for label, points in series.items()},
        **document,
    )


def save(result: Result, directory: Path = DIRECTORY) -> Path:
    """Write a result's file."""
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / f"{result.name}.json"
    path.write_text(dump(result), encoding="utf-8")
    return path


def saved(directory: Path = DIRECTORY) -> list[Result]:
    """All stored results, by name."""
    return [load(path.read_text("utf-8")) for path in sorted(directory.glob("*.json"))]


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 4)
    if isinstance(value, Mapping):
        return {key: _rounded(item) for key, item in value.items()}
    return [_rounded(item) for item in value] if isinstance(value, list | tuple) else value
