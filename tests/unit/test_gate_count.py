"""The gate lets through once the DaemonSet counts the nodes too, as that count is what Pulumi shows afterwards."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from .gates import Gate

THERE = "3 of 3 nodes have all 2 images\n"
REPORT = '"prepull 1 images=2 present=2 failed=0 seconds=1.000"'
KUBECTL = """#!/bin/sh
case "$*" in
*metadata.name=*) printf 2026-01-01T00:00:00Z ;;
*daemonset*)
    echo >>"$HOME/looks"
    counted=$(awk 'NR == FNR { n++; next } FNR <= n { last = $0 } END { print last }' "$HOME/looks" "$HOME/counts")
    printf 'u 1 1 3 %s here' "$counted"
    ;;
*--raw*) cat "$HOME/pods" ;;
esac
"""
End = Callable[..., tuple[int, str, int]]


@pytest.fixture
def end(tmp_path: Path) -> End:
    """Run a gate that finds three nodes with every image; return its code, its message and how often it looked."""

    def run(
        counts: Sequence[int], *, ready: int = 3, min_ready: str = "100%", timeout_s: int = 600, **limits: int
    ) -> tuple[int, str, int]:
        gate = Gate.made(tmp_path, KUBECTL, {"PODS": "'{ print }'", "SETTLE_S": 3600, "COUNT_S": 3600, **limits})
        lines = [
            f"pod\tp-{node}\tnode-{node}\t{node <= ready}\t2026-01-01T00:00:05Z\tu\nreport\t\t{REPORT}\n"
            for node in (1, 2, 3)
        ]
        (tmp_path / "pods").write_text("".join(lines))
        (tmp_path / "counts").write_text("".join(f"{count}\n" for count in counts))
        (tmp_path / "looks").write_text("")
        code, message = gate.end(min_ready=min_ready, timeout_s=timeout_s)
        return code, message, len((tmp_path / "looks").read_text().splitlines())

    return run


def test_it_waits_for_the_count(end: End) -> None:
    assert end([0, 2, 3]) == (0, THERE, 3)


def test_it_does_not_wait_for_more_than_is_needed(end: End) -> None:
    assert end([0, 2], min_ready="2") == (0, THERE, 2)


def test_a_count_that_never_comes_ends_with_a_limit(end: End) -> None:
    code, message, looks = end([2], COUNT_S=1)

    assert (code, message) == (0, THERE)
    assert looks > 1


def test_a_pod_that_does_not_become_ready_is_waited_for_a_moment_only(end: End) -> None:
    code, message, looks = end([2], ready=2, SETTLE_S=1)

    assert (code, message) == (0, THERE)
    assert looks > 1


def test_when_the_time_is_up_the_images_are_what_counts(end: End) -> None:
    assert end([0], timeout_s=0) == (0, THERE, 1)
