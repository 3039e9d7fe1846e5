"""The reason in a node's report, for what a client prints."""

from __future__ import annotations

import pytest

from ....outputs import CASES
from ..conftest import Node, Outcome


@pytest.fixture(scope="module")
def outcome(shared_node: Node) -> Outcome:
    turns: dict[str, list[dict[str, object]]] = {}
    for (image, text), _ in CASES:
        turns.setdefault(image, []).append({"error": text})
    shared_node.plan(turns)
    return shared_node.run(*(image for (image, _), _ in CASES), parallelism=1)


def failures(outcome: Outcome) -> list[str]:
    return [line for line in outcome.output.splitlines() if line.startswith("failed ")]


@pytest.mark.parametrize("index", range(len(CASES)), ids=lambda index: f"{index} {CASES[index][1][:30]}")
def test_the_reason_is_told_from_what_the_client_prints(outcome: Outcome, index: int) -> None:
    (_, text), expected = CASES[index]
    line = failures(outcome)[index]
    assert line.endswith(f" s: {expected}"), text
