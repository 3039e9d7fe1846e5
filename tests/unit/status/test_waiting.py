"""What a verdict says while a puller runs, of one image alone, and whether time alone can change it."""

from __future__ import annotations

import pytest
from prepull.status.verdict import FAIL, GO, WAIT, Judge, judge

from ..cluster.objects import DIGEST, Data
from ..cluster.pods import reported, running
from ..cluster.reading import seen

ONE = {"images": ["nginx:1.27"]}
LOST = reported("a", "0 failed 2 9.000 manifest unknown", "1 failed 2 9.000 manifest unknown", code=1)


def test_one_image_is_not_all_images() -> None:
    status = seen(reported("a", f"0 present {DIGEST} 7 0.840 1", args=ONE), desired=1, args=ONE)
    verdict = judge(status, "100%", settled=False, late=False)
    assert (verdict.outcome, verdict.lines) == (GO, ("1 of 1 nodes have the image",))


def test_a_puller_that_runs_for_the_first_time_has_failed_at_nothing() -> None:
    verdict = judge(seen(running("a"), desired=1), "100%", settled=True, late=True)
    assert verdict.outcome == FAIL
    assert verdict.lines == (
        "0 of 1 nodes have all images, and 1 are needed",
        "no word yet from 1 nodes: a",
    )


@pytest.mark.parametrize(
    ("pods", "passed", "outcome", "pending"),
    [
        ([running("a")], 1, WAIT, True),
        # From here on, only the cluster changes it, and the timeout.
        ([running("a")], 60, WAIT, False),
        # A failure has to last for a moment.
        ([LOST], 60, WAIT, True),
    ],
)
def test_time_alone_changes_what_has_to_last(pods: list[Data], passed: float, outcome: str, pending: bool) -> None:
    decision = Judge("100%", 600).decide([seen(*pods, desired=1)], passed)
    assert (decision.outcome, decision.pending) == (outcome, pending)
