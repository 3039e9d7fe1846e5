"""Each image of a block is where its pods may run, by what the nodes' own runtimes say, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import pulumi
import pulumi_kubernetes as k8s
import pytest
from prepull import PrePullDaemonSetArgs, prepull_stack

from lab import Lab

from ..conftest import PULLER_IMAGE, Images, Stack
from .examples import untainted

pytestmark = pytest.mark.alone

POOL, DEDICATED, DISK = "prepull.test/pool", "prepull.test/dedicated", "prepull.test/disk"
EACH = 5


@pytest.fixture
def pools(lab: Lab) -> Iterator[dict[str, set[str]]]:
    """Labels and taints on two nodes, and the nodes where the pods of each placement may run."""
    first, second = lab.cluster.base_nodes[-2:]
    kubectl = lab.cluster.kubectl
    try:
        kubectl("label", "node", first, f"{POOL}=gpu")
        kubectl("taint", "node", first, f"{DEDICATED}=gpu:NoSchedule")
        kubectl("label", "node", first, second, f"{DISK}=ssd")
        plain = untainted(lab)
        yield {"plain": plain, "gpu": {first}, "any": {first, *plain}, "ssd": {second}}
    finally:
        kubectl("taint", "node", first, f"{DEDICATED}-")
        kubectl("label", "node", first, f"{POOL}-")
        kubectl("label", "node", first, second, f"{DISK}-")


TOLERATES = {"tolerations": [{"key": DEDICATED, "operator": "Equal", "value": "gpu", "effect": "NoSchedule"}]}
SSD = {"matchExpressions": [{"key": DISK, "operator": "In", "values": ["ssd"]}]}
PLACEMENTS: dict[str, dict[str, Any]] = {
    "plain": {},
    "gpu": {"nodeSelector": {POOL: "gpu"}, **TOLERATES},
    "any": TOLERATES,
    "ssd": {
        "affinity": {
            "nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [SSD]}},
        }
    },
}


def test_twenty_workloads_on_four_placements(stack: Stack, images: Images, pools: dict[str, set[str]]) -> None:
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
        assert images.nodes_with(image) == pools[name.partition("-")[0]], name
    assert sorted(len(each["images"]) for each in result.outputs["placements"]) == [EACH] * len(PLACEMENTS)
    assert set(stack.up(program).changes) == {"same"}
