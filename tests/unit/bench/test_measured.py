"""Results that are older than the code."""

from __future__ import annotations

import pytest

from bench.measured import SCENARIOS, fingerprint, scenario_of, without_text
from bench.report.results import Result, saved


@pytest.mark.parametrize("result", saved(), ids=lambda result: result.name)
def test_no_published_result_is_older_than_the_code(result: Result) -> None:
    way_out = f"what it measured has changed since: run `python -m bench {scenario_of(result.name).name}`"

    assert result.measured == fingerprint(result.name), way_out


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_every_scenario_has_published_results(scenario: object) -> None:
    assert any(scenario_of(result.name) is scenario for result in saved())


def test_a_result_of_no_scenario_is_to_be_deleted() -> None:
    with pytest.raises(LookupError, match="delete its files"):
        fingerprint("teleport-8x40MB")


def test_a_new_node_measures_more_than_one_that_has_the_helper_images() -> None:
    assert fingerprint("pull-8x40MB-cold") != fingerprint("pull-8x40MB-warm")


SOURCE = '''\
"""What it is."""

import os  # for the separator


def joined(parts: list[str]) -> str:
    """The parts together.

    Args:
        parts: them.
    """
    # No comment counts.
    return f"{os.sep}#{len(parts)}"
'''


def test_text_for_readers_is_no_change() -> None:
    changed = SOURCE.replace("What it is.", "What it does.").replace("# No comment counts.", "# None.\n\n")
    changed = changed.replace("        parts: them.\n", "        parts: the parts.\n\n    More of it.\n")

    assert without_text(changed) == without_text(SOURCE)
    assert "#{len(parts)}" in without_text(SOURCE)


def test_code_is_a_change() -> None:
    assert without_text(SOURCE.replace("len(parts)", "sum(parts)")) != without_text(SOURCE)
