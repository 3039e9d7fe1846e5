"""What is made of figures."""

from __future__ import annotations

import pytest

from bench.report.figures import Summary, growth, shown, summaries


def test_a_form_is_summed_up_by_its_median_and_spread() -> None:
    assert summaries({"a": [3.0, 1.0, 2.0]}) == {"a": Summary(2.0, 1.0, 3.0)}


def test_ratios_are_taken_round_by_round_so_that_a_slow_round_is_slow_for_both() -> None:
    found = summaries({"limit": [1.0, 10.0, 1.0], "ours": [1.2, 12.0, 1.3]}, "limit")

    assert found["limit"].ratio == 1
    assert found["ours"].ratio == pytest.approx(1.2)


def test_what_was_not_measured_has_no_row() -> None:
    assert list(summaries({"a": [1.0], "b": []})) == ["a"]


def test_growth_in_proportion_is_one() -> None:
    assert growth({100: 1.0, 1000: 10.0, 5000: 50.0}) == pytest.approx(1)
    assert growth({100: 1.0, 1000: 100.0}) == pytest.approx(10)


def test_there_is_no_growth_of_one_size() -> None:
    assert growth({100: 1.0}) is None
    assert growth({100: 0.0, 200: 1.0}) is None


@pytest.mark.parametrize(("figure", "text"), [(1234.5, "1,234"), (12.34, "12.3"), (1.234, "1.23"), (0.0, "0.00")])
def test_figures_are_shown_with_three_digits(figure: float, text: str) -> None:
    assert shown(figure) == text
