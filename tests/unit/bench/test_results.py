"""What was measured is kept, and made into a page with tables and plots."""

from __future__ import annotations

import dataclasses
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from bench.report.page import page
from bench.report.plots import svg
from bench.report.readme import table, with_table
from bench.report.results import DIRECTORY, README, Comparison, Growth, Result, dump, load, save, saved

COMPARED = Comparison(
    name="pull-8x40MB",
    title="8 images of 40 MB",
    unit="s",
    base="limit",
    rounds={"limit": [2.0, 4.0, 3.0], "PrePullDaemonSet, containerd": [2.2, 4.4, 3.3], "slow": [20.0, 30.0, 15.12345]},
    machine={"cores": "2", "kernel": ""},
)
GROWN = Growth(
    name="scale-time",
    title="prepull status",
    unit="s",
    size="nodes",
    series={"first answer": {100: [0.5, 0.6, 0.7], 1000: [6.0]}, "gate": {100: [1.0]}},
)
BOTH = pytest.mark.parametrize("result", [COMPARED, GROWN], ids=lambda result: result.name)


@BOTH
def test_a_result_is_read_as_it_was_written(result: Result) -> None:
    again = load(dump(result))

    assert dump(again) == dump(result)
    assert type(again) is type(result)


def test_results_are_found_by_name(tmp_path: Path) -> None:
    save(GROWN, tmp_path)
    save(COMPARED, tmp_path)

    assert [result.name for result in saved(tmp_path)] == ["pull-8x40MB", "scale-time"]


def test_a_comparison_shows_median_spread_and_ratio() -> None:
    lines = page([COMPARED]).splitlines()

    assert "| PrePullDaemonSet, containerd | 3.30 | 2.20 to 4.40 | 3 | 1.10 |" in lines
    assert "| slow | 20.0 | 15.1 to 30.0 | 3 | 7.50 |" in lines
    assert any("cores 2." in line for line in lines)


def test_growth_shows_each_size_and_how_fast_it_grows() -> None:
    lines = page([GROWN]).splitlines()

    assert "|  | 100 nodes, s | 1,000 nodes, s | growth (1: in proportion) |" in lines
    assert "| first answer | 0.60 (0.50 to 0.70) | 6.00 | 1.00 |" in lines
    assert "| gate | 1.00 |  |  |" in lines


@BOTH
def test_a_plot_follows_the_theme_of_the_page(result: Result) -> None:
    drawn = svg(result)

    ET.fromstring(drawn)  # noqa: S314 - written here
    assert "prefers-color-scheme:dark" in drawn
    assert "var(--ink)" in drawn
    assert "#010203" not in drawn


@BOTH
def test_the_same_result_gives_the_same_plot(result: Result) -> None:
    assert svg(result) == svg(result)


def test_the_published_page_is_made_from_the_published_figures() -> None:
    assert (DIRECTORY / "figures.md").read_text("utf-8") == page(saved()), "run `python -m bench report`"


def test_every_published_result_has_its_plot() -> None:
    for result in saved():
        assert (DIRECTORY / f"{result.name}.svg").exists(), result.name


def test_results_stand_in_chapters_that_say_what_is_measured() -> None:
    other = dataclasses.replace(COMPARED, name="slow-8x40MB", title="Slowly")
    text = page([GROWN, other, COMPARED])

    headings = [line for line in text.splitlines() if line.startswith("#")]
    assert headings[2:] == [
        "## How long until the images are there",
        "### 8 images of 40 MB",
        "## A registry that is slow",
        "### Slowly",
        "## Large clusters",
        "### prepull status",
    ]


def test_results_of_one_machine_name_it_once_and_others_each() -> None:
    same = dataclasses.replace(COMPARED, name="pull-1x200MB")
    other = dataclasses.replace(same, machine={"cores": "8"})

    assert page([COMPARED, same]).count("Taken on: cores") == 1
    assert page([COMPARED, other]).count("Taken on: cores") == 2


def test_a_plot_shows_the_spread_of_the_rounds() -> None:
    steady = dataclasses.replace(GROWN, series={"first answer": {100: [0.6, 0.6, 0.6], 1000: [6.0, 6.0]}})
    spread = dataclasses.replace(GROWN, series={"first answer": {100: [0.1, 0.6, 0.9], 1000: [3.0, 9.0]}})

    # The medians are the same.
    assert svg(steady) != svg(spread)


def test_the_readme_has_the_table_of_the_published_figures() -> None:
    readme = README.read_text("utf-8")

    assert with_table(readme, saved()) == readme, "run `python -m bench report`"


def test_the_table_of_the_readme_has_a_row_for_each_form_and_blanks_for_what_was_not_measured() -> None:
    warm = dataclasses.replace(COMPARED, name="pull-8x40MB-warm")
    less = dataclasses.replace(COMPARED, name="pull-40x4MB-warm", rounds={"limit": [1.0], "slow": [4.0]})

    lines = table([less, warm]).splitlines()

    assert lines[0] == "| form | 8 \N{MULTIPLICATION SIGN} 40 MB | 40 \N{MULTIPLICATION SIGN} 4 MB |"
    assert "| slow | 7.50 | 4.00 |" in lines
    assert "| PrePullDaemonSet, containerd | 1.10 |  |" in lines


def test_a_readme_without_a_place_for_the_table_is_refused() -> None:
    with pytest.raises(ValueError, match="no lines"):
        with_table("# Project", [COMPARED])
