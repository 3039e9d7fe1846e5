"""The plots, as SVG that is readable on light and dark pages."""

from __future__ import annotations

import io
import statistics
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

from bench.compared.forms import LIMIT, OURS
from bench.report.figures import shown, summaries
from bench.report.results import Comparison, Growth, Result

# A placeholder in the SVG for the text colour of the page's theme.
_INK = "#010203"
_THEMES = (
    "<style>svg{--ink:#1f2328}@media (prefers-color-scheme:dark){svg{--ink:#e6edf3}}"
    "text{font-family:system-ui,sans-serif}</style>"
)
# Colours that people with red-green colour blindness can distinguish (Okabe and Ito).
_OURS, _OTHERS, _BASE = "#0072b2", "#e69f00", "#7f8790"
_SERIES = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00")
_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "prepull",
    "font.size": 10,
    "text.color": _INK,
    "axes.edgecolor": _INK,
    "axes.labelcolor": _INK,
    "xtick.color": _INK,
    "ytick.color": _INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
}


def draw(result: Result, directory: Path) -> Path:
    """Write the plot of a result beside its file."""
    path = directory / f"{result.name}.svg"
    path.write_text(svg(result), encoding="utf-8")
    return path


def svg(result: Result) -> str:
    """The plot of a result. The same result gives the same text."""
    with mpl.rc_context(_STYLE):
        figure = _bars(result) if isinstance(result, Comparison) else _lines(result)
        text = io.StringIO()
        figure.savefig(text, format="svg", transparent=True, bbox_inches="tight", metadata={"Date": None})
    head, opening, rest = text.getvalue().partition("<defs>")
    return (head + _THEMES + opening + rest).replace(_INK, "var(--ink)")


def _bars(result: Comparison) -> Figure:
    found = summaries(result.rounds, result.base)
    figure = Figure(figsize=(8, 0.6 + 0.34 * len(found)))
    axes: Any = figure.add_subplot()
    forms = list(found)
    medians = [found[form].median for form in forms]
    spread = [
        [found[form].median - found[form].low for form in forms],
        [found[form].high - found[form].median for form in forms],
    ]
    colors = [_color(form, result.base) for form in forms]
    axes.barh(forms, medians, xerr=spread, color=colors, ecolor=_INK, error_kw={"elinewidth": 0.8, "capsize": 2})
    axes.invert_yaxis()
    edge = max(found[form].high for form in forms)
    least = min(0.0, *(found[form].low for form in forms))
    for place, form in enumerate(forms):
        ratio = found[form].ratio
        text = shown(found[form].median) + (f"  ({ratio:.2f})" if ratio is not None else "")
        axes.text(found[form].high + edge / 60, place, text, va="center", fontsize=9)
    # All figures may be zero.
    axes.set_xlim(least * 1.05, (edge or 1) * 1.18)
    axes.set_xlabel(f"{result.unit}: median, lowest and highest" + ("  (ratio to the base)" if result.base else ""))
    return figure


def _color(form: str, base: str | None) -> str:
    if form in (base, LIMIT):
        return _BASE
    return _OURS if OURS in form or form.startswith("with") else _OTHERS


def _lines(result: Growth) -> Figure:
    figure = Figure(figsize=(8, 3.4))
    axes: Any = figure.add_subplot()
    for color, (label, points) in zip(_SERIES, result.series.items(), strict=False):
        sizes = sorted(points)
        medians = [statistics.median(points[size]) for size in sizes]
        spread = [
            [median - min(points[size]) for size, median in zip(sizes, medians, strict=True)],
            [max(points[size]) - median for size, median in zip(sizes, medians, strict=True)],
        ]
        axes.errorbar(sizes, medians, yerr=spread, fmt="o-", color=color, ecolor=color, capsize=3, label=label)
    axes.set_xlabel(result.size)
    axes.set_ylabel(f"{result.unit}: median, lowest and highest")
    axes.set_ylim(bottom=0)
    axes.set_xlim(left=0)
    axes.legend(frameon=False)
    return figure
