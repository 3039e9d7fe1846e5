"""Images for one architecture in a cluster of several: a failure says what to do, and doing so opens the gate.

One node is of another architecture in all that matters here: by its label, and by what its runtime answers. The lab has
no such machine. So that node is led to a registry of its own, in which an image has an index for the other architecture
alone; for its runtime, that is an image without its platform.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any, cast

import pulumi_kubernetes as k8s
import pytest
from prepull import PrePullDaemonSetArgs, prepull_stack

from lab import Lab
from lab.cluster.registries import RunningRegistry
from lab.images.node_files import certs_path, hosts_toml
from lab.images.oci import Image, Index, layer, noise
from lab.platforms import Platform

from ..conftest import PULLER_IMAGE, Images, Stack, UpFailed
from ..programs.pools import Pool, untainted

# The examples taint nodes.
pytestmark = pytest.mark.xdist_group("examples")

# In the place of kubernetes.io/arch, which the kubelet sets back to what its machine is.
ARCH = "prepull.test/arch"
OWN = Platform.nodes()
OTHER = Platform("linux", "arm64" if OWN.arch == "amd64" else "amd64")
MISSING = "no image for this platform"
WAY_OUT = f"{MISSING}: set kubernetes.io/arch in node_selector, or build the image for these nodes too"


def index(platform: Platform) -> Index:
    """An image for one platform only."""
    return Index((Image((layer({"data": noise(1000, seed=str(platform))}),), platform=platform),))


@pytest.fixture
def other_registry(lab: Lab) -> Iterator[RunningRegistry]:
    """A registry that the odd node alone asks."""
    alias = f"platforms-{secrets.token_hex(3)}.registry"
    yield lab.registries.ensure(alias)
    lab.registries.remove(alias)


@pytest.fixture
def odd(lab: Lab) -> Iterator[str]:
    """The node of the other architecture."""
    *others, node = lab.cluster.base_nodes
    with ExitStack() as undo:
        undo.enter_context(Pool({ARCH: OTHER.arch}).on(lab, node))
        for other in others:
            undo.enter_context(Pool({ARCH: OWN.arch}).on(lab, other))
        yield node


@pytest.fixture
def image(lab: Lab, images: Images, other_registry: RunningRegistry, odd: str) -> Iterator[str]:
    """An image that every node can run but the odd one."""
    host, repository = other_registry.alias, f"{images.prefix}/one"
    lab.registry.client.push(repository, "v1", index(OWN))
    other_registry.client.push(repository, "v1", index(OTHER))
    nodes = lab.nodes.names()
    for node in nodes:
        registry = other_registry if node == odd else lab.registry
        lab.nodes.write(node, {certs_path(host): hosts_toml(f"http://{registry.address}").encode()})
    reference = f"{host}/{repository}:v1"
    images.made.append(reference)
    yield reference
    for node in nodes:
        lab.nodes.exec(node, "rm", certs_path(host))


# The kubelet decides by itself how often it tries.
@pytest.mark.parametrize(
    "args", [{"runtime": "containerd", "attempts": 1}, {"runtime": "kubelet"}], ids=["containerd", "kubelet"]
)
def test_a_node_of_another_architecture_is_named_with_the_way_to_leave_it_out(
    lab: Lab, stack: Stack, images: Images, odd: str, image: str, args: dict[str, Any]
) -> None:
    given = {"images": [image], "timeout": "1m", **args}
    with pytest.raises(UpFailed) as failure:
        stack.up(given)

    assert f"image {image}: {MISSING} (1 of 3 nodes: {odd})" in str(failure.value)
    assert WAY_OUT in str(failure.value)
    others = set(lab.cluster.base_nodes) - {odd}
    assert images.nodes_with(image) == others

    assert stack.up({**given, "node_selector": {ARCH: OWN.arch}}).outputs["ready_nodes"] == len(others)


def test_a_workload_that_leaves_other_architectures_out_does_not_wait_for_them(
    lab: Lab, stack: Stack, images: Images, odd: str, image: str
) -> None:
    everywhere = images.push("everywhere")

    def deployment(name: str, image: str, **pod: Any) -> None:
        labels = {"app": name}
        pod["containers"] = [{"name": "app", "image": image}]
        template = {"metadata": {"labels": labels}, "spec": pod}
        spec: Any = {"replicas": 0, "selector": {"matchLabels": labels}, "template": template}
        k8s.apps.v1.Deployment(name, metadata={"namespace": stack.namespace}, spec=spec)

    def declare(**pod: Any) -> None:
        args: Any = {"puller_image": PULLER_IMAGE, "gate_image": PULLER_IMAGE, "attempts": 1, "timeout": "1m"}
        with prepull_stack("images", cast(PrePullDaemonSetArgs, {**args, "namespace": stack.namespace})):
            deployment("everywhere", everywhere)
            deployment("one", image, **pod)

    with pytest.raises(UpFailed, match=r"no image for this platform: set kubernetes\.io/arch in node_selector"):
        stack.up(declare)

    stack.up(lambda: declare(nodeSelector={ARCH: OWN.arch}))
    assert images.nodes_with(everywhere) == untainted(lab)
    assert images.nodes_with(image) == untainted(lab) - {odd}
