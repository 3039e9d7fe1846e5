"""What keeps a pod from starting ends the gate where it lasts; what busy nodes say, and then get over, does not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from prepull.node.scripts import script
from prepull.status.reasons import PASSING

from .gates import Gate

OURS = "5f1c"
AT = "2026-01-01T00:00:10Z"
NO_SOCKET = 'failed for volume "socket" : hostPath type check failed: /run/x.sock is not a socket file'
BUSY = 'failed for volume "scripts" : failed to sync configmap cache: timed out waiting for the condition'
TOLD = "the pod cannot start: socket missing: /run/x.sock is not a socket file (1 of 1 nodes: node-1)"
KUBECTL = f"""#!/bin/sh
case "$*" in
*metadata.name=*) printf {AT} ;;
*daemonset*) printf '{OURS} 1 1 1 0 here' ;;
*FailedMount* | *FailedCreate*) cat "$HOME/events" ;;
*--raw*) cat "$HOME/pods" ;;
esac
"""
Ending = Callable[..., str]


def test_the_command_line_waits_for_the_same() -> None:
    assert f"\nPASSING='{PASSING.pattern}'\n" in script("gate.sh")


def event(message: str, of: str = "pod-1") -> str:
    return f'event\t{AT}\t{of}\treason\t"{message.replace(chr(34), chr(92) + chr(34))}"'


@pytest.fixture
def ending(tmp_path: Path) -> Ending:
    """Run a gate that is to wait for one node without an image; return its message."""

    def run(events: Sequence[str], *, mounted: bool = False, pods: int = 1, more: str = "", timeout_s: int = 2) -> str:
        gate = Gate.made(tmp_path, KUBECTL, {"SETTLE_S": 0, "PODS": "'{ print }'"})
        pod = f"pod\tpod-1\tnode-1\tFalse\t{AT}\t{OURS}\t{mounted}\n{more}"
        (tmp_path / "pods").write_text(pod * pods)
        (tmp_path / "events").write_text("".join(f"{line}\n" for line in events))
        code, message = gate.end(timeout_s=timeout_s)
        assert code == 1
        return message

    return run


def test_what_lasts_ends_it_at_once(ending: Ending) -> None:
    assert ending([event(NO_SOCKET)], timeout_s=600) == (f"0 of 1 nodes have all images, and 1 are needed\n{TOLD}\n")


@pytest.mark.parametrize("events", [[BUSY, NO_SOCKET], [NO_SOCKET, BUSY]])
def test_of_several_the_one_that_lasts_counts(ending: Ending, events: list[str]) -> None:
    assert TOLD in ending([event(text) for text in events], timeout_s=600)


@pytest.mark.parametrize(
    "message",
    [
        BUSY,
        'object "here"/"images-scripts" not registered',
        "Unable to attach or mount volumes: timed out waiting for the condition",
    ],
)
def test_what_busy_nodes_get_over_is_waited_for_and_then_told(ending: Ending, message: str) -> None:
    told = ending([event(message)])

    assert told.startswith("timed out after 2 s: 0 of 1 nodes have all images, and 1 are needed\n")
    assert f"the pod cannot start: {message} (1 of 1 nodes: node-1)" in told


def test_what_is_over_is_not_told(ending: Ending) -> None:
    told = ending([event(NO_SOCKET)], mounted=True)

    assert told == (
        "timed out after 2 s: 0 of 1 nodes have all images, and 1 are needed\nno word yet from 1 nodes: node-1\n"
    )


def test_a_busy_runtime_is_waited_for_and_then_told(ending: Ending) -> None:
    slow = 'waiting\tpull\ta\tCreateContainerError\t"context deadline exceeded"\n'

    told = ending([], more=slow)

    assert told.startswith("timed out after 2 s: ")
    assert "container pull cannot start: context deadline exceeded (1 of 1 nodes: node-1)" in told


def test_a_container_that_cannot_be_made_ends_it_at_once(ending: Ending) -> None:
    told = ending([], more='waiting\tpull\ta\tCreateContainerError\t"no command specified"\n', timeout_s=600)

    assert "container pull cannot start: no command specified (1 of 1 nodes: node-1)" in told


def test_an_admission_webhook_that_is_away_is_waited_for_and_then_told(ending: Ending) -> None:
    away = "Internal error occurred: failed calling webhook: connection refused"

    told = ending([event(away, "images-1a2b")], pods=0)

    assert told.startswith("timed out after 2 s: ")
    assert f"the pod was refused: {away} (1 of 1 nodes: 1 without a pod)" in told


def test_a_pod_that_is_not_allowed_ends_it_at_once(ending: Ending) -> None:
    told = ending([event("pods are forbidden: exceeded quota", "images-1a2b")], pods=0, timeout_s=600)

    assert "the pod was refused: pods are forbidden: exceeded quota (1 of 1 nodes: 1 without a pod)" in told
