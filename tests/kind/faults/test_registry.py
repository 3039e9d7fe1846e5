"""A registry that is broken: the screen says how, all that can come comes, and the rest comes without hands later."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from lab import Lab

from ..conftest import Images, Stack, failed_up
from ..eventually import eventually
from ..faulty_registry import Fault, FaultyRegistry
from ..meanwhile import meanwhile

Kubectl = Callable[..., Any]
LAYER = 300_000

FAULTS = {
    "throttled": (Fault(status=429), "too many requests"),
    "broken": (Fault(status=500), "registry error: 500 internal server error"),
    "cut": (Fault(cut=True), "connection lost"),
    "corrupt": (Fault(corrupt=True), "corrupt layer"),
    "silent": (Fault(silent=True), "timed out after 15 s"),
}


def test_each_fault_has_its_reason_and_heals_without_hands(
    lab: Lab, stack: Stack, images: Images, registry: FaultyRegistry, kubectl: Kubectl
) -> None:
    healthy = images.push_faulty("healthy", size=LAYER)
    broken = {name: images.push_faulty(name, size=LAYER) for name in FAULTS}
    registry.faults.update({name: fault for name, (fault, _) in FAULTS.items()})
    args = {"images": [*broken.values(), healthy], "parallelism": 6, "image_timeout": "15s", "timeout": "3m"}

    screen = failed_up(stack, args)

    for name, (_, reason) in FAULTS.items():
        assert re.search(rf"image {re.escape(broken[name])}: {reason}.* \([1-3] of 3 nodes: ", screen), name
        assert registry.met[name]
    assert images.nodes_with(healthy) == set(lab.cluster.base_nodes)

    registry.faults.clear()

    def is_everywhere(image: str) -> bool:
        return images.nodes_with(image) == set(lab.cluster.base_nodes)

    for image in broken.values():
        eventually(f"{image} is on every node", partial(is_everywhere, image), 300)
    [daemon_set] = kubectl("get", "daemonsets", "--output=name").split()
    kubectl("rollout", "status", daemon_set, "--timeout=90s")
    assert stack.up(args).outputs["ready_nodes"] == 3


def refusing(registry: FaultyRegistry) -> None:
    registry.stop()


def not_answering(registry: FaultyRegistry) -> None:
    registry.faults["late"] = Fault(silent=True)


@pytest.mark.parametrize("break_it", [refusing, not_answering])
def test_a_registry_that_comes_back_in_time_is_no_failure(
    stack: Stack, images: Images, registry: FaultyRegistry, kubectl: Kubectl, break_it: Callable[[FaultyRegistry], None]
) -> None:
    image = images.push_faulty("late")
    break_it(registry)

    def come_back() -> None:
        eventually("an attempt has failed", lambda: "failed " in logs_of_pullers(kubectl), 120)
        registry.faults.clear()
        if registry.is_stopped:
            registry.start()

    with meanwhile(come_back):
        patient = {"image_timeout": "10s", "attempts": 100, "backoff": "500ms", "timeout": "4m"}
        result = stack.up({"images": [image], **patient})

    assert result.outputs["ready_nodes"] == 3


def logs_of_pullers(kubectl: Kubectl) -> str:
    """What the pullers have said until now."""
    selector = "--selector=app.kubernetes.io/name=prepull"
    pods = kubectl("get", "pods", selector, "--output=name").split()
    return "\n".join(kubectl("logs", pod, "--container=pull", "--ignore-errors") for pod in pods)


def test_a_slow_registry_is_no_failure_and_holds_up_no_other(
    lab: Lab, stack: Stack, images: Images, registry: FaultyRegistry
) -> None:
    slow, quick = images.push_faulty("slow", size=10 * LAYER), images.push_faulty("quick", size=LAYER)
    registry.faults["slow"] = Fault(bytes_per_second=10)
    everywhere = set(lab.cluster.base_nodes)

    def hurry() -> None:
        eventually("the other image is on every node", lambda: images.nodes_with(quick) == everywhere, 180)
        assert images.nodes_with(slow) == set()
        registry.faults.clear()

    with meanwhile(hurry):
        result = stack.up({"images": [slow, quick], "timeout": "5m"})

    assert registry.met["slow"]
    assert images.nodes_with(slow) == everywhere
    assert result.outputs["ready_nodes"] == 3
