"""Once it is certain that the gate has to fail, nodes that are a moment behind are waited for, to be named as well."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from .gates import Gate

AT = "2026-01-01T00:00:10Z"
FAILED = '"prepull 1 images=2 present=1 failed=1 seconds=1.000\\n0 failed 1 1.000 manifest unknown"'
# What is found at a look is in the file of its number, and then stays so.
KUBECTL = f"""#!/bin/sh
case "$*" in
*metadata.name=*) printf {AT} ;;
*daemonset*) echo >>"$HOME/looks"; printf 'u 1 1 2 0 here' ;;
*--raw*)
    n=0
    while read -r _; do [ ! -e "$HOME/pods-$((n + 1))" ] || n=$((n + 1)); done <"$HOME/looks"
    cat "$HOME/pods-$n"
    ;;
esac
"""
Ending = Callable[..., tuple[str, int]]


def found(*failed: int) -> str:
    pods = [f"pod\tp-{node}\tnode-{node}\tFalse\t{AT}\tu\tTrue\n" for node in (1, 2)]
    reports = [f"report\t{AT}\t{FAILED}\n" if node in failed else "" for node in (1, 2)]
    return "".join(pod + report for pod, report in zip(pods, reports, strict=True))


@pytest.fixture
def ending(tmp_path: Path) -> Ending:
    """Run a gate that finds these nodes failed, look by look; return its message and how often it looked."""

    def run(looks: Sequence[Sequence[int]], settle_s: int) -> tuple[str, int]:
        gate = Gate.made(tmp_path, KUBECTL, {"SETTLE_S": settle_s, "PODS": "'{ print }'"})
        for number, failed in enumerate(looks, 1):
            (tmp_path / f"pods-{number}").write_text(found(*failed))
        code, message = gate.end(timeout_s=600)
        assert code == 1
        return message, len((tmp_path / "looks").read_text().splitlines())

    return run


def test_a_node_that_is_behind_is_named_as_well(ending: Ending) -> None:
    message, _ = ending([[1], [1], [1], [1, 2]], settle_s=30)

    assert message == (
        "0 of 2 nodes have all images, and 2 are needed\n"
        "image docker.io/library/nginx:1.27: manifest unknown (2 of 2 nodes: node-1, node-2)\n"
    )


def test_it_ends_without_a_node_that_says_nothing_for_long(ending: Ending) -> None:
    message, looks = ending([[1]], settle_s=3)

    assert "image docker.io/library/nginx:1.27: manifest unknown (1 of 2 nodes: node-1)" in message
    assert looks > 2


def test_a_failure_that_is_taken_back_ends_nothing(ending: Ending) -> None:
    # The puller that failed has been started once more, and the other node then fails for good.
    message, looks = ending([[1, 2], [], [], [1, 2]], settle_s=30)

    assert "(2 of 2 nodes: node-1, node-2)" in message
    assert looks > 4
