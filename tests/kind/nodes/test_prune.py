"""What a component pulled leaves the nodes when it is no longer listed, and nothing else does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest
from prepull import PrePullDaemonSet, PrePullDaemonSetArgs

from lab import Lab
from lab.images.oci import Image, layer, noise

from ..conftest import PULLER_IMAGE, Images, Stack
from ..eventually import eventually

Kubectl = Callable[..., Any]
CONTAINERD = ("ctr", "--namespace", "k8s.io")


def release(stack: Stack, **components: dict[str, Any]) -> None:
    """Deploy these components and no others, all with the same arguments but for those given."""
    ours = {"namespace": stack.namespace, "puller_image": PULLER_IMAGE, "gate_image": PULLER_IMAGE, "timeout": "3m"}

    def program() -> None:
        for name, args in components.items():
            PrePullDaemonSet(name, cast(PrePullDaemonSetArgs, {**ours, "prune": True, **args}))

    stack.up(program)


def labels(lab: Lab, node: str) -> str:
    """containerd's table of the images' IDs, with their labels."""
    return lab.nodes.exec(node, *CONTAINERD, "images", "list", "name~=|^sha256:|")


def test_three_releases_beside_a_component_with_the_same_images(lab: Lab, images: Images, stack: Stack) -> None:
    everywhere = set(lab.cluster.base_nodes)
    v1, v2, v3, shared, moved = (images.push(name) for name in ("v1", "v2", "v3", "shared", "moved"))

    release(stack, app={"images": [v1, shared, moved]}, other={"images": [shared]})
    assert everywhere == images.nodes_with(v1) == images.nodes_with(shared) == images.nodes_with(moved)

    release(stack, app={"images": [v2]}, other={"images": [shared, moved]})
    assert images.nodes_with(v1) == set()
    assert everywhere == images.nodes_with(v2) == images.nodes_with(shared) == images.nodes_with(moved)

    release(stack, app={"images": [v3]}, other={"images": [moved]})
    assert images.nodes_with(v2) == images.nodes_with(shared) == set()
    assert everywhere == images.nodes_with(v3) == images.nodes_with(moved)


def test_what_others_have_or_use_stays(lab: Lab, images: Images, stack: Stack, kubectl: Kubectl) -> None:
    everywhere = set(lab.cluster.base_nodes)
    before, used, renamed, v2, v3 = (images.push(name) for name in ("before", "used", "renamed", "v2", "v3"))
    again = f"{renamed}-again"
    images.made.append(again)
    for node in everywhere:
        lab.nodes.exec(node, "crictl", "pull", before)
    release(stack, app={"images": [before, used, renamed]})
    for node in everywhere:
        lab.nodes.exec(node, *CONTAINERD, "images", "tag", renamed, again)

    # The kubelet asks the registry, and pulls the image again.
    uses = {"images": [used], "runtime": "kubelet", "pull_policy": "Always", "hold": True, "prune": None}
    release(stack, app={"images": [before, used, renamed]}, uses=uses)
    release(stack, app={"images": [v2]}, uses=uses)
    assert images.nodes_with(renamed) == set()
    assert everywhere == images.nodes_with(before) == images.nodes_with(used) == images.nodes_with(again)
    selector = "--selector=app.kubernetes.io/name=prepull,app.kubernetes.io/instance=app"
    said = kubectl("logs", selector, "--container=pull", "--tail=-1")
    assert said.count(f"kept {used}: a container uses it") == len(everywhere)
    assert said.count(f"kept the image of {renamed}: it has names that others gave it") == len(everywhere)

    release(stack, app={"images": [v2]})
    eventually("its containers are gone", lambda: not used_on(lab, used))
    release(stack, app={"images": [v3]})
    assert images.nodes_with(used) == images.nodes_with(v2) == set()
    assert images.nodes_with(before) == everywhere


def used_on(lab: Lab, image: str) -> list[str]:
    listed = ("crictl", "ps", "--all", "--quiet", "--image", image)
    return [node for node in lab.cluster.base_nodes if lab.nodes.exec(node, *listed).strip()]


# It restarts the runtime of a node that others use.
@pytest.mark.alone
def test_the_memory_survives_pulls_and_restarts_and_goes_with_the_image(lab: Lab, images: Images, stack: Stack) -> None:
    node = lab.cluster.base_nodes[0]
    content = Image((layer({"data": noise(1000, seed=images.prefix)}),))
    wanted, removed = images.push("wanted"), images.push("removed", image=content)
    key = f"prepull.dev/{stack.namespace}.app="
    release(stack, app={"images": [wanted, removed]})
    assert f"{key}{wanted};" in labels(lab, node)

    release(stack, app={"images": [wanted, removed], "pull_policy": "Always"})
    lab.nodes.exec(node, "crictl", "pull", wanted)
    lab.nodes.exec(node, "systemctl", "restart", "containerd")
    eventually("containerd is back", lambda: wanted in lab.nodes.exec(node, "sh", "-c", "crictl images --verbose || :"))
    assert f"{key}{wanted};" in labels(lab, node)

    # As the kubelet does when it collects.
    lab.nodes.exec(node, "crictl", "rmi", removed)
    assert removed not in labels(lab, node)
    assert content.digest not in lab.nodes.exec(node, *CONTAINERD, "content", "list", "--quiet")


@pytest.fixture
def pool(lab: Lab, images: Images) -> Iterator[str]:
    """A label that all nodes have."""
    for node in lab.cluster.base_nodes:
        lab.cluster.kubectl("label", "node", node, f"{images.prefix}=here")
    yield images.prefix
    for node in lab.cluster.base_nodes:
        lab.cluster.kubectl("label", "node", node, f"{images.prefix}-")


def test_a_node_that_was_away_for_three_releases_catches_up(lab: Lab, images: Images, stack: Stack, pool: str) -> None:
    away, *others = lab.cluster.base_nodes
    versions = [images.push("app", f"v{number}") for number in range(1, 6)]
    for number, version in enumerate(versions, start=1):
        if number == 3:
            lab.cluster.kubectl("label", "node", away, f"{pool}-")
        if number == 5:
            lab.cluster.kubectl("label", "node", away, f"{pool}=here")
        release(stack, app={"images": [version], "node_selector": {pool: "here"}})
        if 2 < number < 5:
            assert images.nodes_with(versions[1]) == {away}
            assert images.nodes_with(version) == set(others)
    assert images.nodes_with(versions[-1]) == {away, *others}
    assert not any(images.nodes_with(version) for version in versions[:-1])
