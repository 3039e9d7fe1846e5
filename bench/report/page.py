"""The page of all figures, from the files of the results. No I/O."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence

from bench.report.figures import growth, shown, summaries
from bench.report.results import Comparison, Growth, Result

_HEAD = """\
# Figures

Written by `python -m bench report` from the JSON files beside it; [how they are taken](README.md).
"""


def page(results: Iterable[Result]) -> str:
    """The page of all results, each with its plot, table and machine."""
    return "\n".join([_HEAD, *(_section(result) for result in results)])


def _section(result: Result) -> str:
    table = comparison_table(result) if isinstance(result, Comparison) else growth_table(result)
    machine = "; ".join(f"{key} {value}" for key, value in result.machine.items() if value)
    parts = [
        f"## {result.title}",
        *([result.note] if result.note else []),
        f"![{result.title}]({result.name}.svg)",
        table,
        f"[All rounds]({result.name}.json). Taken on: {machine}.",
    ]
    return "\n\n".join(parts) + "\n"


def comparison_table(result: Comparison) -> str:
    """A row for each form: median, spread, and the ratio to the base."""
    head = ["", f"median, {result.unit}", "min to max", *(["ratio"] if result.base else [])]
    rows = []
    for form, summary in summaries(result.rounds, result.base).items():
        row = [form, shown(summary.median), f"{shown(summary.low)} to {shown(summary.high)}"]
        rows.append([*row, f"{summary.ratio:.2f}"] if summary.ratio is not None else row)
    return markdown(head, rows)


def growth_table(result: Growth) -> str:
    """A row for each series: the median at each size, and the growth."""
    sizes = sorted({size for points in result.series.values() for size in points})
    head = ["", *(f"{size:,} {result.size}, {result.unit}" for size in sizes), "growth (1: in proportion)"]
    rows = []
    for label, points in result.series.items():
        medians = {size: statistics.median(figures) for size, figures in points.items()}
        rate = growth(medians)
        row = [label, *(shown(medians[size]) if size in medians else "" for size in sizes)]
        rows.append([*row, "" if rate is None else f"{rate:.2f}"])
    return markdown(head, rows)


def markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [head, ["---", *("---:" for _ in head[1:])], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
