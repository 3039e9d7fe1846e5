"""The page of all figures, from the files of the results, below head.md."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from bench.report.chapters import CHAPTERS
from bench.report.figures import growth, shown, summaries
from bench.report.results import Comparison, Growth, Result

_HEAD = Path(__file__).with_name("head.md")


def page(results: Iterable[Result]) -> str:
    """The page of all results, each with its plot, table and machine, in chapters."""
    there = list(results)
    parts = [_HEAD.read_text("utf-8")]
    for chapter in CHAPTERS:
        found = [result for result in there if result.name.startswith(chapter.results)]
        there = [result for result in there if result not in found]
        if found:
            parts.append(f"## {chapter.title}\n\n{chapter.text}\n")
            machines = [result.machine for result in found]
            same = all(machine == machines[0] for machine in machines)
            parts += [_section(result, with_machine=not same) for result in sorted(found, key=chapter.place)]
            if same:
                parts.append(f"Taken on: {_described(machines[0])}.\n")
    parts += [_section(result, with_machine=True) for result in there]
    return "\n".join(parts)


def _section(result: Result, *, with_machine: bool) -> str:
    table = comparison_table(result) if isinstance(result, Comparison) else growth_table(result)
    machine = f" Taken on: {_described(result.machine)}." if with_machine else ""
    parts = [
        f"### {result.title}",
        *([result.note] if result.note else []),
        f"![{result.title}]({result.name}.svg)",
        table,
        f"[All rounds]({result.name}.json).{machine}",
    ]
    return "\n\n".join(parts) + "\n"


def _described(machine: Mapping[str, str]) -> str:
    return "; ".join(f"{key} {value}" for key, value in machine.items() if value)


def comparison_table(result: Comparison) -> str:
    """A row for each form: median, spread, rounds, and the ratio to the base."""
    head = ["", f"median, {result.unit}", "min to max", "rounds", *(["ratio"] if result.base else [])]
    rows = []
    for form, summary in summaries(result.rounds, result.base).items():
        spread = f"{shown(summary.low)} to {shown(summary.high)}"
        row = [form, shown(summary.median), spread, str(len(result.rounds[form]))]
        rows.append([*row, f"{summary.ratio:.2f}"] if summary.ratio is not None else row)
    return markdown(head, rows)


def growth_table(result: Growth) -> str:
    """A row for each series: the median at each size, and the growth."""
    sizes = sorted({size for points in result.series.values() for size in points})
    head = ["", *(f"{size:,} {result.size}, {result.unit}" for size in sizes), "growth (1: in proportion)"]
    rows = []
    for label, points in result.series.items():
        rate = growth({size: statistics.median(figures) for size, figures in points.items()})
        row = [label, *(_with_spread(points[size]) if size in points else "" for size in sizes)]
        rows.append([*row, "" if rate is None else f"{rate:.2f}"])
    return markdown(head, rows)


def _with_spread(figures: Sequence[float]) -> str:
    median = shown(statistics.median(figures))
    return median if len(figures) == 1 else f"{median} ({shown(min(figures))} to {shown(max(figures))})"


def markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [head, ["---", *("---:" for _ in head[1:])], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
