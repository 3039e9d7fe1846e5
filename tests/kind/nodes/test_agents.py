"""A node that joins with the startup taints of three agents: each removes its own, all at once, and nothing is lost.

Cilium's operator and the EBS CSI driver are imitated: both remove their taint by a JSON patch that tests the whole list
and replaces it, and both try again if the list has changed meanwhile.
https://github.com/cilium/cilium/blob/79d38284a574a8d655f5c625cf9711ca01ef4d79/operator/watchers/node_taint.go
https://github.com/kubernetes-sigs/aws-ebs-csi-driver/blob/c14b06df99c8806c45cc1751165a77e036331cb4/pkg/driver/node.go
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Barrier
from typing import Any

import pytest
from lightkube import ApiError

from lab import Lab
from lab.cluster.pods import pod_for
from lab.images.oci import Image, layer, noise, program

from ..conftest import Images, Stack
from ..eventually import eventually
from ..times import at
from .taints import Node, is_foreign

pytestmark = pytest.mark.alone

Kubectl = Callable[..., Any]
OURS = "prepull.dev/not-ready"
CILIUM = "node.cilium.io/agent-not-ready"
EBS = "ebs.csi.aws.com/agent-not-ready"
# As their documentation recommends them, for a NodePool of Karpenter.
TAINTS = (f"{OURS}:NoSchedule", f"{CILIUM}=true:NoExecute", f"{EBS}:NoExecute")
PODS = "--selector=app.kubernetes.io/name=prepull,app.kubernetes.io/instance=images"
# Seconds before each further attempt: Cilium waits a second longer each time, the EBS CSI driver twice as long.
CILIUM_WAITS = (1, 2, 3, 4, 5, 6, 7, 8)
EBS_WAITS = (0.5, 1, 2, 4, 8, 16)


@dataclass(frozen=True)
class Agent:
    """One that removes its own taint."""

    key: str
    waits: Sequence[float]

    def remove(self, node: Node, both_have_read: Barrier) -> str:
        """Remove the taint, and return the version of the node that this made."""
        refusals: list[str] = []
        for wait in (*self.waits, 0):
            taints = node.read()["spec"]["taints"]
            others = [taint for taint in taints if taint["key"] != self.key]
            assert len(others) < len(taints), f"somebody else has removed {self.key}"
            if not refusals:
                both_have_read.wait()
            try:
                return node.patch(
                    [
                        {"op": "test", "path": "/spec/taints", "value": taints},
                        {"op": "replace", "path": "/spec/taints", "value": others or None},
                    ]
                )
            except ApiError as error:
                refusals.append(str(error.status.message))
                time.sleep(wait)
        raise AssertionError(f"{self.key} could not be removed: {refusals}")


def removals(versions: Sequence[dict[str, Any]]) -> list[tuple[str, str]]:
    """Which taint went with which version; it fails if one came back."""
    found = []
    before: set[str] = set()
    for number, node in enumerate(versions):
        keys = {taint["key"] for taint in node["spec"].get("taints") or [] if is_foreign(taint)}
        assert number == 0 or keys <= before, f"came back: {keys - before}"
        found += [(key, node["metadata"]["resourceVersion"]) for key in before - keys]
        before = keys
    return found


def test_each_of_three_agents_removes_its_own_taint_from_a_node_that_joins(
    lab: Lab, images: Images, stack: Stack, kubectl: Kubectl
) -> None:
    data = {"bin/sleep": program(lab.busybox), "data": noise(20_000_000, seed=images.prefix)}
    image = images.push(image=Image((layer(data),)))
    stack.up({"images": [image], "startup_taint": OURS, "timeout": "3m"})
    # It tolerates none of the taints, and nobody pulls its image for it.
    pod = pod_for(f"{lab.name}-agents", [image], name="workload", namespace=stack.namespace, pull_policy="Never")
    lab.cluster.kubectl("create", "--filename=-", stdin=json.dumps(pod).encode())
    since = Node(lab, lab.cluster.control_plane).read()["metadata"]["resourceVersion"]

    node = Node(lab, lab.nodes.join("agents", taints=TAINTS))
    try:
        there = (PODS, f"--field-selector=spec.nodeName={node.name}")
        # At this moment, ours is about to remove its taint.
        eventually("the image is there", lambda: node.name in images.nodes_with(image), 120)
        both_have_read = Barrier(2, timeout=60)
        agents = (Agent(CILIUM, CILIUM_WAITS), Agent(EBS, EBS_WAITS))
        with ThreadPoolExecutor(len(agents)) as pool:
            made = dict(
                zip(
                    (agent.key for agent in agents),
                    pool.map(lambda agent: agent.remove(node, both_have_read), agents),
                    strict=True,
                )
            )
        kubectl("wait", "--for=condition=Ready", "pod/workload", "--timeout=120s")
        kubectl("wait", "--for=condition=Ready", "pods", *there, "--timeout=120s")

        versions = list(node.versions(since))
        assert node.taint_keys() == []
        assert {taint["key"] for taint in versions[0]["spec"]["taints"] if is_foreign(taint)} == {OURS, CILIUM, EBS}
        gone = removals(versions)
        assert sorted(key for key, _ in gone) == sorted([OURS, CILIUM, EBS])
        versions_of = dict(gone)
        assert len(set(versions_of.values())) == 3
        assert {key: versions_of[key] for key in made} == made

        [ours] = kubectl("get", "pods", *there, "--output=json")["items"]
        said = kubectl("logs", ours["metadata"]["name"], "--container=untaint")
        assert f"{node.name} has lost the taint {OURS}" in said
        state = {each["name"]: each["state"]["terminated"] for each in ours["status"]["initContainerStatuses"]}
        assert at(state["pull"]["finishedAt"]) <= at(state["untaint"]["startedAt"])
        # It ran at once, although the kubelet could not have pulled its image.
        assert "ErrImageNeverPull" not in kubectl("get", "events", "--output=yaml")
    finally:
        lab.nodes.remove(node.name)
