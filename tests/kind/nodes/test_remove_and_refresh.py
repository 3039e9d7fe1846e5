"""Images go from the nodes by name and only where nothing needs them, and come again at every refresh."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, cast

import pulumi
import pytest
from prepull import PrePullDaemonSet, PrePullDaemonSetArgs

from lab import Lab
from lab.cluster.nodes import Runtime
from lab.images.oci import Image, layer, noise

from ..conftest import PULLER_IMAGE, Images, Stack
from ..eventually import eventually

Kubectl = Callable[..., Any]
PULLER_LOGS = (
    "logs",
    "--selector=app.kubernetes.io/name=prepull,app.kubernetes.io/instance=cleaned",
    "--container=pull",
    "--tail=-1",
)


@pytest.fixture
def sandbox_image(lab: Lab) -> str:
    """What every pod of the cluster stands on."""
    listed = json.loads(lab.nodes.exec(lab.cluster.control_plane, "crictl", "images", "--output", "json"))["images"]
    names = [name for image in listed if image["pinned"] for name in image["repoTags"]]
    # It may have been pulled under other names as well.
    [name] = [name for name in names if name.startswith("registry.k8s.io/pause:")]
    return str(name)


def pull(lab: Lab, *references: str) -> None:
    for node in lab.cluster.base_nodes:
        for reference in references:
            lab.nodes.exec(node, "crictl", "pull", reference)


def test_remove_takes_the_named_reference_and_no_other_name_of_the_image(
    lab: Lab, images: Images, stack: Stack
) -> None:
    same = Image((layer({"data": noise(1000, seed=images.prefix)}),))
    unwanted, other_tag, other_name = (
        images.push("app", "v1", image=same),
        images.push("app", "v2", image=same),
        images.push("same", "v1", image=same),
    )
    alone = images.push("alone")
    pull(lab, unwanted, other_tag, other_name, alone)

    stack.up({"images": [images.push("wanted")], "remove": [unwanted, alone], "timeout": "3m"})

    everywhere = set(lab.cluster.base_nodes)
    assert images.nodes_with(unwanted) == images.nodes_with(alone) == set()
    assert images.nodes_with(other_tag) == images.nodes_with(other_name) == everywhere


def test_remove_leaves_what_is_in_use(
    lab: Lab, images: Images, sandbox_image: str, stack: Stack, kubectl: Kubectl
) -> None:
    in_use, wanted = images.push("in-use"), images.push("wanted")
    ours = {"namespace": stack.namespace, "puller_image": PULLER_IMAGE, "gate_image": PULLER_IMAGE, "timeout": "3m"}

    def program() -> None:
        held = {**ours, "images": [in_use], "runtime": "kubelet", "hold": True}
        uses = PrePullDaemonSet("uses", cast(PrePullDaemonSetArgs, held))
        cleaned = {**ours, "images": [wanted], "remove": [in_use, sandbox_image, PULLER_IMAGE]}
        PrePullDaemonSet("cleaned", cast(PrePullDaemonSetArgs, cleaned), pulumi.ResourceOptions(depends_on=[uses]))

    stack.up(program)

    everywhere = set(lab.cluster.base_nodes)
    for reference in (in_use, sandbox_image, PULLER_IMAGE):
        assert images.nodes_with(reference) == everywhere, reference
    said = kubectl(*PULLER_LOGS)
    assert said.count(f"kept {in_use}: a container uses it") == len(everywhere)
    assert said.count(f"kept {sandbox_image}: the runtime has pinned it") == len(everywhere)


@pytest.fixture
def removed_from_docker(lab: Lab, images: Images) -> Iterator[None]:
    yield
    for node in lab.cluster.base_nodes:
        for reference in images.made:
            lab.nodes.remove_image(node, reference, "docker")


@pytest.mark.usefixtures("removed_from_docker")
@pytest.mark.parametrize(("runtime", "store"), [("containerd", "cri"), ("docker", "docker")])
def test_refresh_follows_a_moved_tag_and_brings_back_what_was_removed(
    lab: Lab, images: Images, stack: Stack, runtime: str, store: Runtime
) -> None:
    def version(number: int) -> Image:
        return Image((layer({"data": noise(1000, seed=f"{images.prefix}:{number}")}),))

    def nodes_with(digest: str) -> set[str]:
        return {
            node
            for node in lab.cluster.base_nodes
            for image in lab.nodes.images(node, store)
            if reference in image.references and any(each.endswith(digest) for each in image.digests)
        }

    everywhere = set(lab.cluster.base_nodes)
    reference = images.push(image=version(1))
    stack.up({"images": [reference], "runtime": runtime, "refresh": "10s", "timeout": "3m"})
    assert nodes_with(version(1).digest) == everywhere

    images.push(image=version(2))
    eventually("every node has what the tag now stands for", lambda: nodes_with(version(2).digest) == everywhere)

    for node in lab.cluster.base_nodes:
        lab.nodes.remove_image(node, reference, store)
    eventually("the image is back", lambda: nodes_with(version(2).digest) == everywhere)
