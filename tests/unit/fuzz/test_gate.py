"""With all objects of the API server, the verdict has a few lines, and GO never comes too early."""

from __future__ import annotations

import re
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st
from prepull.gate.__main__ import text_of
from prepull.status import observe
from prepull.status.nodes import status
from prepull.status.verdict import GO, Judge

from ..cluster.objects import FINISHED, NAMES, daemon_set, event, pod
from ..cluster.reading import read_pod, read_set
from ..strategies import TEXTS
from .test_observe import RUNTIMES, STATUSES

HEADER = "prepull 1 images=2 present=2 failed=0 seconds=1.000"
REPORTS = st.builds(
    lambda header, lines: "\n".join([header, *lines]),
    st.sampled_from([f"prepull 1 images=2 present={2 - failed} failed={failed} seconds=1.000" for failed in (0, 1, 2)])
    | st.sampled_from(["prepull 1 error no container runtime socket found", "prepull 2 images=9", ""]),
    st.lists(
        st.sampled_from(["0 failed 5 1.000 manifest unknown", "0-1 failed unauthorized", "1 present", "more..."])
        | st.sampled_from(["0-999999999 failed x", "7 failed x", "1-0 failed x", "-,-- failed x", "0 failed "])
        | TEXTS,
        max_size=4,
    ),
)
TIMES = st.sampled_from(["2025-12-31T23:59:00Z", FINISHED, "2026-01-01T00:01:00Z"])
OF = st.sampled_from(["images-node-1", "images", "other"])
EVENTS = st.lists(st.builds(lambda text, of, at: event(text, of, at=at), TEXTS, OF, TIMES), max_size=3)
SINCE = st.sampled_from([None, 1767225600.0])


def decided(pods: list[dict[str, Any]], events: list[dict[str, Any]], passed: float, **more: Any) -> tuple[str, str]:
    """The outcome and the termination message."""
    judge = Judge(more.get("min_ready", "100%"), 600)
    found = status(
        read_set(daemon_set(desired=more.get("desired", 3))),
        [read_pod(each, brief=True) for each in pods],
        [event for event in map(observe.event, events) if event],
        since=more.get("since"),
    )
    decision = judge.decide([found], passed, more.get("since"))
    message = text_of(list(decision.verdicts[0].lines))
    assert len(message.encode()) <= 4096
    assert 1 <= len(message.splitlines()) <= 10 or "\x85" in message or "\u2028" in message
    return decision.outcome, message


@given(
    runtime=st.sampled_from(RUNTIMES),
    statuses=st.lists(STATUSES, max_size=3),
    events=EVENTS,
    since=SINCE,
    passed=st.sampled_from([0, 9, 600]),
)
def test_whatever_there_is_it_decides(
    runtime: dict[str, Any],
    statuses: list[dict[str, Any]],
    events: list[dict[str, Any]],
    since: float | None,
    passed: float,
) -> None:
    args = {"images": NAMES, **runtime}
    pods = [pod(f"node-{number}", args, **each) for number, each in enumerate(statuses, 1)]
    outcome, message = decided(pods, events, passed, since=since)
    assert outcome in ("go", "wait", "fail")
    assert message


@given(reports=st.lists(REPORTS | TEXTS, max_size=3), needed=st.integers(1, 3), code=st.sampled_from([1, 143]))
@example(reports=[HEADER], needed=1, code=1)
@example(reports=[f"{HEADER.replace('failed=0', 'failed=1')}\n0-999999999 failed x"], needed=1, code=1)
@example(reports=["prepull 1 error the runtime says failed=0 and more"], needed=1, code=1)
def test_it_lets_through_what_is_complete_and_nothing_else(reports: list[str], needed: int, code: int) -> None:
    pods = []
    for number, text in enumerate(reports):
        ended = {"exitCode": code, "finishedAt": FINISHED, "message": text}
        pods.append(pod(f"n{number}", initContainerStatuses=[{"name": "pull", "state": {"terminated": ended}}]))
    complete = sum(text.partition("\n")[0] == HEADER for text in reports)

    outcome, message = decided(pods, [], 600, min_ready=str(needed))

    assert (outcome == GO) == (complete >= needed)
    if outcome == GO:
        assert re.fullmatch(r"\d of 3 nodes have all 2 images\n", message)


@given(statuses=st.lists(STATUSES, max_size=2), min_ready=st.sampled_from(["1", "50%", "100%"]))
def test_without_nodes_it_lets_nobody_through(statuses: list[dict[str, Any]], min_ready: str) -> None:
    pods = [pod(f"n{number}", **each) for number, each in enumerate(statuses)]
    outcome, _ = decided(pods, [], 600, min_ready=min_ready, desired=0)
    assert outcome != GO
