"""Medians, spreads and ratios of the figures of several rounds. No I/O."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Summary:
    """One row of a table. `ratio` is None if there is no base to compare with."""

    median: float
    low: float
    high: float
    ratio: float | None = None


def summaries(rounds: Mapping[str, Sequence[float]], base: str | None = None) -> dict[str, Summary]:
    """Each form's median and spread.

    Args:
        rounds: the figures of each form, in the order of the rounds.
        base: the form to compare the others with. The ratio is the median of the ratios of each round, so that a
            temporary load of the machine affects both sides of a ratio.
    """
    against = rounds[base] if base else None
    return {
        form: Summary(statistics.median(figures), min(figures), max(figures), _ratio(figures, against))
        for form, figures in rounds.items()
        if figures
    }


def _ratio(figures: Sequence[float], against: Sequence[float] | None) -> float | None:
    if not against:
        return None
    return statistics.median(figure / other for figure, other in zip(figures, against, strict=False))


def growth(points: Mapping[int, float]) -> float | None:
    """The growth of a figure between the smallest and the largest size: 1 is proportional, 2 is twice as fast.

    Args:
        points: the figure for each size.
    """
    sizes = sorted(points)
    if len(sizes) < 2 or min(points[sizes[0]], points[sizes[-1]]) <= 0:
        return None
    return (points[sizes[-1]] / points[sizes[0]]) / (sizes[-1] / sizes[0])


def shown(figure: float) -> str:
    """A figure with three significant digits."""
    if figure >= 100:
        return f"{figure:,.0f}"
    return f"{figure:.1f}" if figure >= 10 else f"{figure:.2f}"
