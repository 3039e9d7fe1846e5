"""What the gate finds: whatever it is, it ends with a verdict of a few lines, and lets nobody through too early."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ..gates import IMAGES, Gate
from ..strategies import TEXTS

OURS = "5f1c"
NODES = ["node-1", "node-2", "node-3", ""]
SINCE, BEFORE, AFTER = "2026-01-01T00:00:10Z", "2026-01-01T00:00:05Z", "2026-01-01T00:00:15Z"
KUBECTL = """#!/bin/sh
case "$*" in
*metadata.name=*) printf %s "$FAKE_SINCE" ;;
*daemonset*) printf '%s' "$FAKE_DAEMON_SET" ;;
*FailedMount*) cat "$HOME/events" ;;
*FailedCreate*) ;;
*pods*) cat "$HOME/pods" ;;
esac
"""
LEFT = {"broken", "facts", "judgement", "message", "more", "problem"}


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory) -> Gate:
    # How facts are read from pods is tested by itself; what is made of them, here.
    return Gate.made(tmp_path_factory.mktemp("gate"), KUBECTL, {"SETTLE_S": 0, "PODS": "'{ print }'"})


def end(
    gate: Gate, facts: str, *, desired: str = "1 1 3 3", min_ready: str = "100%", reports: str = "yes"
) -> tuple[int, str]:
    """Have it find these facts, and return its exit code and its termination message."""
    for name in ("pods", "events"):
        (gate.directory / name).write_bytes(facts.encode("utf-8", "surrogatepass"))
    before = {path.name for path in gate.directory.iterdir()}
    told = {"FAKE_SINCE": SINCE, "FAKE_DAEMON_SET": f"{OURS} {desired} here"}
    ended = gate.end(min_ready=min_ready, reports=reports, more=told)
    assert {path.name for path in gate.directory.iterdir()} - before <= LEFT
    return ended


def quoted(text: str) -> str:
    """As Go's %q has it, where it matters: one line, in quotes."""
    return '"' + text.encode("unicode_escape", "surrogatepass").decode().replace('"', '\\"') + '"'


TIMES = st.sampled_from([BEFORE, SINCE, AFTER, "", "<no value>"])
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
POD = st.builds(
    "pod\tpod-{}\t{}\t{}\t{}\t{}\t{}".format,
    st.integers(0, 3),
    st.sampled_from(NODES),
    st.sampled_from(["True", "False"]),
    TIMES,
    st.sampled_from([OURS, OURS, OURS, "another", ""]),
    st.sampled_from(["True", "False"]),
)
FACT = (
    POD
    | st.builds(lambda time, text: f"report\t{time}\t{quoted(text)}", TIMES, REPORTS | TEXTS)
    | st.builds(
        lambda image, reason, text: f"waiting\tpull-0\t{image}\t{reason}\t{quoted(text)}",
        st.sampled_from(IMAGES),
        st.sampled_from(["ErrImagePull", "ImagePullBackOff", "CreateContainerError", "PodInitializing"]),
        TEXTS | st.sampled_from(["not found", "401 Unauthorized", "%s%n", "$(touch${IFS}x)"]),
    )
    | st.builds(lambda text: f"unscheduled\t{quoted(text)}", TEXTS)
    | st.builds(
        lambda time, of, text: f"event\t{time}\t{of}\tFailedMount\t{quoted(text)}",
        TIMES,
        st.sampled_from(["pod-0", "images-1a2b", "other"]),
        TEXTS | st.just("hostPath type check failed: /run/x.sock is not a socket file"),
    )
    | TEXTS
)
FACTS = st.builds(lambda first, facts: "\n".join([first, *facts]) + "\n", POD, st.lists(FACT, max_size=8))
HEADER = "prepull 1 images=2 present=2 failed=0 seconds=1.000"


def complete(facts: str) -> set[str]:
    """The nodes that a whole report is of, as a person reads it."""
    nodes, node, ours = set(), "", False
    for fact in re.split(r"\n", facts):
        kind, *rest = fact.split("\t")
        if kind == "pod":
            node, ours = (rest[1], rest[4] == OURS) if len(rest) > 4 else ("", False)
        elif ours and kind == "report" and len(rest) > 1 and rest[1].startswith(f'"{HEADER}'):
            nodes.add(node)
    return nodes


def lines_of(message: str) -> list[str]:
    assert len(message.encode()) <= 4096
    lines = message.split("\n")
    assert len(lines) <= 11
    return lines


def found(report: str) -> str:
    """What is found of one node with a report."""
    return f"pod\tp\tnode-1\tFalse\t{AFTER}\t{OURS}\nreport\t{AFTER}\t{quoted(report)}"


@settings(max_examples=100)
@given(facts=FACTS, needed=st.integers(1, 3))
@example(facts=found(HEADER), needed=1)
@example(facts=found(f"{HEADER.replace('failed=0', 'failed=1')}\n0-999999999 failed x"), needed=1)
@example(facts=found("prepull 1 error the runtime says failed=0 and more"), needed=1)
def test_it_lets_through_what_is_complete_and_nothing_else(gate: Gate, facts: str, needed: int) -> None:
    code, message = end(gate, facts, min_ready=str(needed))

    lines = lines_of(message)
    assert code == (0 if len(complete(facts)) >= needed else 1)
    if code == 0:
        assert re.fullmatch(r"\d of 3 nodes have all 2 images", lines[0])
    else:
        assert lines[0].startswith("timed out after 0 s: ")


NO_NODES = st.sampled_from(["1 1 0 0", "2 1 3 3", "1 <no value> <no value> <no value>"])


@settings(max_examples=40)
@given(
    facts=FACTS | TEXTS,
    min_ready=st.sampled_from(["1", "50%", "100%"]),
    desired=NO_NODES,
)
def test_without_nodes_it_lets_nobody_through(gate: Gate, facts: str, min_ready: str, desired: str) -> None:
    code, message = end(gate, facts, desired=desired, min_ready=min_ready, reports="no")

    assert code == 1
    assert lines_of(message)[0]
