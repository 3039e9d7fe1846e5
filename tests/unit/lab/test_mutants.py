"""The sample of mutants: which they are, and what they say of all."""

from __future__ import annotations

import pytest

from tests.unit import mutants

NAMES = [f"prepull.{folder}.x_f__mutmut_{number}" for folder in ("plan", "status") for number in range(50)]


def test_a_seed_chooses_the_same_mutants_in_whatever_order_they_are_listed() -> None:
    chosen = mutants.sample(NAMES, 20, 1)
    assert len(set(chosen)) == 20
    assert mutants.sample(reversed(NAMES), 20, 1) == chosen
    assert mutants.sample(NAMES, 20, 2) != chosen


def test_a_sample_is_not_larger_than_the_whole() -> None:
    assert sorted(mutants.sample(NAMES, 1000, 1)) == sorted(NAMES)


def test_patterns_narrow_the_whole() -> None:
    assert mutants.matching(NAMES, []) == NAMES
    assert mutants.matching(NAMES, ["prepull.status.*"]) == NAMES[50:]
    assert mutants.matching(NAMES, ["prepull.status.*", "*_1"]) == [NAMES[1], *NAMES[50:]]


@pytest.mark.parametrize(
    ("hits", "number", "low", "high"), [(9, 10, 0.596, 0.982), (450, 500, 0.871, 0.923), (20, 20, 0.839, 1.0)]
)
def test_the_interval_is_wilsons(hits: int, number: int, low: float, high: float) -> None:
    assert mutants.interval(hits, number) == pytest.approx((low, high), abs=0.0005)


def test_only_what_a_test_has_noticed_counts() -> None:
    outcomes = ["killed"] * 7 + ["survived", "timeout", "no tests"]
    assert mutants.summary(outcomes) == (
        "noticed: 7 of 10, 70.0% (95 % interval: 39.7% to 89.2%), 1 no tests, 1 survived, 1 timeout"
    )
