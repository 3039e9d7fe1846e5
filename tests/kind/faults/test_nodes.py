"""A node that fails while it pulls, or the part of it that pulls: it goes on when it is back, and nothing is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from lab import Lab

from ..conftest import Images, Stack, failed_up
from ..eventually import eventually
from ..faulty_registry import Fault, FaultyRegistry
from ..meanwhile import meanwhile

pytestmark = pytest.mark.alone

Kubectl = Callable[..., Any]
GATES = "--selector=app.kubernetes.io/name=prepull-gate"


def shut_down(lab: Lab, node: str) -> None:
    lab.nodes.restart(node)


def kill(lab: Lab, node: str) -> None:
    lab.nodes.kill(node)
    lab.nodes.start(node)


def restart_containerd(lab: Lab, node: str) -> None:
    lab.nodes.exec(node, "systemctl", "restart", "containerd")


def restart_kubelet(lab: Lab, node: str) -> None:
    lab.nodes.exec(node, "systemctl", "restart", "kubelet")


@pytest.fixture
def whole(lab: Lab) -> Iterator[None]:
    """Every node is as it should be when the test is over, however it ends."""
    yield
    for node in set(lab.cluster.base_nodes) - set(lab.cluster.containers(running=True)):
        lab.nodes.start(node)
    for node in lab.cluster.base_nodes:
        lab.nodes.exec(node, "systemctl", "start", "containerd", "kubelet")
    lab.cluster.wait_until_ready()


@pytest.mark.usefixtures("whole")
@pytest.mark.parametrize("interrupt", [shut_down, kill, restart_containerd, restart_kubelet])
def test_what_is_interrupted_while_it_pulls_goes_on_when_it_is_back(
    lab: Lab,
    stack: Stack,
    images: Images,
    registry: FaultyRegistry,
    kubectl: Kubectl,
    interrupt: Callable[[Lab, str], None],
) -> None:
    held, free = images.push_faulty("held"), images.push_faulty("free")
    registry.faults["held"] = Fault(silent=True)

    def interrupt_one() -> None:
        registry.wait_until_met("held", len(lab.cluster.base_nodes))
        gates = kubectl("get", "pods", GATES, "--output=json")["items"]
        node = min(set(lab.cluster.base_nodes[1:]) - {gate["spec"].get("nodeName") for gate in gates})
        before = registry.met["held"]
        interrupt(lab, node)
        # The others still wait for their first answer. What pulls does not depend on the kubelet.
        if interrupt is not restart_kubelet:
            registry.wait_until_met("held", before + 1)
        registry.faults.clear()

    with meanwhile(interrupt_one):
        result = stack.up({"images": [held, free], "image_timeout": "10m", "timeout": "8m"})

    assert result.outputs["ready_nodes"] == 3
    assert images.nodes_with(held) == images.nodes_with(free) == set(lab.cluster.base_nodes)


@pytest.fixture
def other_node(lab: Lab) -> Iterator[str]:
    """A node of the test's own, which it may break."""
    node = lab.nodes.join("broken")
    yield node
    lab.nodes.remove(node)


def test_a_full_disk_is_told_and_heals_when_there_is_room(
    lab: Lab, stack: Stack, images: Images, other_node: str
) -> None:
    store = "/var/lib/containerd/io.containerd.content.v1.content"
    image = images.push(size=4_000_000)
    # The pod's own images are there before the disk is full.
    stack.up({"images": [images.push("small")], "timeout": "3m"})
    fill_up = f"""
        used=$(du -sk {store} | cut -f1)
        mkdir /full && mount -t tmpfs -o size=$((used + 1024))k tmpfs /full
        cp -a {store}/. /full && mount --bind /full {store}
    """
    lab.nodes.exec(other_node, "sh", "-e", "-c", fill_up)

    screen = failed_up(stack, {"images": [image]})

    assert "3 of 4 nodes have all images, and 4 are needed" in screen
    assert f"image {image}: disk full (1 of 4 nodes: {other_node})" in screen

    lab.nodes.exec(other_node, "mount", "-o", "remount,size=4g", "/full")

    eventually("the image is on that node too", lambda: other_node in images.nodes_with(image), 240)
    assert stack.up({"images": [image], "timeout": "3m"}).outputs["ready_nodes"] == 4


@pytest.mark.usefixtures("whole")
def test_a_refresh_goes_on_after_containerd_was_started_anew(lab: Lab, stack: Stack, images: Images) -> None:
    image = images.push("moving")
    node = lab.cluster.base_nodes[-1]
    stack.up({"images": [image], "refresh": "10s", "timeout": "3m"})

    restart_containerd(lab, node)
    eventually("containerd answers", lambda: node in images.nodes_with(image))
    lab.nodes.remove_image(node, image)

    eventually("the image is there again", lambda: node in images.nodes_with(image), 240)
