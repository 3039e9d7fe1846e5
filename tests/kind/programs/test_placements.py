"""Each image of a block is where its pods may run, by what the nodes' own runtimes say, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any, cast

import pulumi
import pulumi_kubernetes as k8s
import pytest
from prepull import PrePullDaemonSetArgs, prepull_stack

from lab import Lab

from ..conftest import PULLER_IMAGE, Images, Stack
from .pools import Pool, untainted

pytestmark = pytest.mark.alone

POOL, DEDICATED, DISK = "prepull.test/pool", "prepull.test/dedicated", "prepull.test/disk"
CONTROL_PLANE = "node-role.kubernetes.io/control-plane"
EACH = 5


@pytest.fixture
def nodes(lab: Lab) -> Iterator[dict[str, set[str]]]:
    """Labels and taints on the nodes, and the nodes where the pods of each placement may run."""
    control_plane, gpu, plain = lab.cluster.base_nodes
    pools = {
        # It has its own taint besides.
        control_plane: Pool({POOL: "batch"}, (f"{DEDICATED}=batch:NoSchedule",)),
        gpu: Pool({POOL: "gpu", DISK: "ssd"}, (f"{DEDICATED}=gpu:NoSchedule",)),
        plain: Pool({DISK: "ssd"}),
    }
    with ExitStack() as undo:
        for node, pool in pools.items():
            undo.enter_context(pool.on(lab, node))
        assert untainted(lab) == {plain}
        yield {"plain": {plain}, "gpu": {gpu}, "batch": {control_plane, plain}, "ssd": {gpu, plain}}


def tolerating(value: str) -> dict[str, str]:
    return {"key": DEDICATED, "operator": "Equal", "value": value, "effect": "NoSchedule"}


SSD = {"matchExpressions": [{"key": DISK, "operator": "In", "values": ["ssd"]}]}
PLACEMENTS: dict[str, dict[str, Any]] = {
    "plain": {},
    "gpu": {"nodeSelector": {POOL: "gpu"}, "tolerations": [tolerating("gpu")]},
    # Two taints, of which one has the key of the other pool's.
    "batch": {"tolerations": [tolerating("batch"), {"key": CONTROL_PLANE, "operator": "Exists"}]},
    # Whatever the taints are, by a label alone.
    "ssd": {
        "affinity": {
            "nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [SSD]}},
        },
        "tolerations": [{"operator": "Exists"}],
    },
}


def test_twenty_workloads_on_four_placements(stack: Stack, images: Images, nodes: dict[str, set[str]]) -> None:
    wanted = {f"{where}-{number}": images.push(f"{where}-{number}") for where in PLACEMENTS for number in range(EACH)}
    ours = {"namespace": stack.namespace, "puller_image": PULLER_IMAGE, "gate_image": PULLER_IMAGE, "timeout": "5m"}

    def program() -> None:
        with prepull_stack("images", cast(PrePullDaemonSetArgs, ours)) as block:
            for name, image in wanted.items():
                labels = {"app": name}
                pod = {**PLACEMENTS[name.partition("-")[0]], "containers": [{"name": "app", "image": image}]}
                template = {"metadata": {"labels": labels}, "spec": pod}
                spec: Any = {"replicas": 0, "selector": {"matchLabels": labels}, "template": template}
                k8s.apps.v1.Deployment(name, metadata={"namespace": stack.namespace}, spec=spec)
        pulumi.export("placements", block.placements)

    result = stack.up(program)

    for name, image in wanted.items():
        assert images.nodes_with(image) == nodes[name.partition("-")[0]], name
    assert sorted(len(each["images"]) for each in result.outputs["placements"]) == [EACH] * len(PLACEMENTS)
    assert set(stack.up(program).changes) == {"same"}
