"""The startup taint goes when the images are there, and stays gone; the taints of others stay as they are."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from lab import Lab, LabError

from ..conftest import Images, Stack
from ..eventually import eventually
from ..meanwhile import meanwhile
from .taints import Node

pytestmark = pytest.mark.alone

Kubectl = Callable[..., Any]
TAINT = "prepull.dev/not-ready"
OTHER_TAINT = "example.com/dedicated"
AGENT = "example.com/agent-not-ready"
PODS = "--selector=app.kubernetes.io/name=prepull,app.kubernetes.io/instance=images"
ROUNDS = 200
LATE_SECONDS = 60


@pytest.fixture
def worker(lab: Lab) -> Iterator[Node]:
    """A node that somebody gives taints."""
    node = Node(lab, lab.cluster.base_nodes[-1])
    yield node
    node.remove(TAINT, OTHER_TAINT, AGENT)


def on(node: Node) -> dict[str, Any]:
    """Arguments for a component of that node alone."""
    return {"startup_taint": TAINT, "node_selector": {"kubernetes.io/hostname": node.name}, "timeout": "3m"}


def test_a_taint_that_comes_back_or_comes_late_is_removed(
    images: Images, stack: Stack, worker: Node, kubectl: Kubectl
) -> None:
    worker.add(OTHER_TAINT, "PreferNoSchedule")
    worker.add(TAINT)
    worker.add(TAINT, "PreferNoSchedule")

    stack.up({"images": [images.push()], **on(worker)})
    eventually("the taint is gone", lambda: worker.taint_keys() == [OTHER_TAINT])
    started = time.monotonic()

    worker.add(TAINT)
    eventually("the taint that came back is gone", lambda: worker.taint_keys() == [OTHER_TAINT], 120)

    time.sleep(max(0, LATE_SECONDS - (time.monotonic() - started)))
    worker.add(TAINT)
    eventually("the taint that came late is gone", lambda: worker.taint_keys() == [OTHER_TAINT], 180)

    said = kubectl("logs", PODS, "--container=untaint-again")
    assert said.count(f"{worker.name} has lost the taint {TAINT}") == 2
    [pod] = kubectl("get", "pods", PODS, "--output=json")["items"]
    assert {status["restartCount"] for status in pod["status"]["containerStatuses"]} == {0}


def test_a_node_that_never_has_the_taint_is_served_as_any_other_and_the_log_says_so(
    images: Images, stack: Stack, worker: Node, kubectl: Kubectl
) -> None:
    stack.up({"images": [images.push()], **on(worker)})
    assert f"{worker.name} has no taint {TAINT}" in kubectl("logs", PODS, "--container=untaint")


def test_another_agent_changes_its_taints_meanwhile_and_nothing_of_it_is_lost_or_brought_back(
    images: Images, stack: Stack, worker: Node, kubectl: Kubectl
) -> None:
    stack.up({"images": [images.push()], **on(worker)})
    [pod] = kubectl("get", "pods", PODS, "--output=name").split()
    command = "PREPULL_LOOKS= exec sh /etc/prepull/scripts/untaint.sh"
    once = ("exec", pod, "--container=untaint-again", "--", "sh", "-c", command)
    running, removed = True, 0

    def remove_again_and_again() -> None:
        nonlocal removed
        while running:
            # It gives up after some attempts on a list that never stands still, and the kubelet would start it again.
            with contextlib.suppress(LabError):
                removed += kubectl(*once).count("has lost the taint")

    worker.add(OTHER_TAINT, "PreferNoSchedule")
    with meanwhile(remove_again_and_again):
        try:
            for number in range(ROUNDS):
                # It is before ours in the list in one round, and behind it in the next.
                for key in (AGENT, TAINT) if number % 2 else (TAINT, AGENT):
                    if key not in worker.taint_keys():
                        worker.add(key, "PreferNoSchedule")
                time.sleep(0.1)
                assert worker.taint_keys().count(AGENT) == 1, f"lost in round {number}"
                worker.remove(AGENT)
                time.sleep(0.05)
                assert AGENT not in worker.taint_keys(), f"brought back in round {number}"
                assert worker.taint_keys().count(OTHER_TAINT) == 1
        finally:
            running = False

    assert removed > 5
    kubectl(*once)
    assert worker.taint_keys() == [OTHER_TAINT]


@pytest.mark.parametrize("how", [{"runtime": "kubelet"}, {"runtime": "image-volume", "puller_image": None}], ids=str)
def test_the_taint_stays_while_the_kubelet_lacks_an_image(
    images: Images, stack: Stack, worker: Node, kubectl: Kubectl, how: dict[str, Any]
) -> None:
    there = images.push("there")
    missing = there.replace("/there:", "/missing:")
    worker.add(TAINT)

    stack.up({"images": [missing, there], "wait_for": "nothing", **on(worker), **how})

    eventually("the image that is there is pulled", lambda: images.nodes_with(there) == {worker.name})
    warnings = ("get", "events", "--field-selector=type=Warning", "--output=yaml")
    eventually("the other one is not", lambda: missing in kubectl(*warnings))
    assert worker.taint_keys() == [TAINT]

    assert images.push("missing") == missing
    eventually("the taint is gone", lambda: worker.taint_keys() == [], 180)
    assert images.nodes_with(missing) == {worker.name}
