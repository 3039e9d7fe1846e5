"""A node that joins tainted gets its images first: only then does it lose the taint, and work comes to it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from lab import Lab
from lab.cluster.pods import pod_for

from ..conftest import PULLER_IMAGE, Images, Stack
from ..times import at

pytestmark = pytest.mark.alone

Kubectl = Callable[..., Any]
TAINT = "prepull.dev/not-ready"
OTHER_TAINT = "example.com/dedicated"
INSTANCE = "--selector=app.kubernetes.io/name=prepull,app.kubernetes.io/instance=images"


def taints_of(lab: Lab, node: str) -> set[str]:
    """The keys of a node's taints that are not Kubernetes' own."""
    taints = json.loads(lab.cluster.kubectl("get", "node", node, "--output=json"))["spec"].get("taints", [])
    return {taint["key"] for taint in taints if "kubernetes.io/" not in taint["key"]}


def test_a_tainted_node_is_opened_once_its_images_are_there(
    lab: Lab, images: Images, stack: Stack, kubectl: Kubectl
) -> None:
    image = images.push(size=20_000_000)
    stack.up({"images": [image], "startup_taint": TAINT, "timeout": "3m"})
    tolerated = [{"key": OTHER_TAINT, "operator": "Exists"}]
    pod = pod_for(
        f"{lab.name}-tainted", [PULLER_IMAGE], name="waiting", namespace=stack.namespace, tolerations=tolerated
    )
    lab.cluster.kubectl("create", "--filename=-", stdin=json.dumps(pod).encode())

    node = lab.nodes.join("tainted", taints=[f"{TAINT}:NoSchedule", f"{OTHER_TAINT}:NoSchedule"])
    try:
        kubectl("wait", "--for=condition=Ready", "pod/waiting", "--timeout=120s")

        assert node in images.nodes_with(image)
        assert taints_of(lab, node) == {OTHER_TAINT}
        there = f"--field-selector=spec.nodeName={node}"
        [ours] = kubectl("get", "pods", INSTANCE, there, "--output=json")["items"]
        waiting = kubectl("get", "pod", "waiting", "--output=json")
        [pulled] = [status for status in ours["status"]["initContainerStatuses"] if status["name"] == "pull"]
        [scheduled] = [each for each in waiting["status"]["conditions"] if each["type"] == "PodScheduled"]
        assert at(scheduled["lastTransitionTime"]) >= at(pulled["state"]["terminated"]["finishedAt"])
    finally:
        lab.nodes.remove(node)


def test_the_right_to_change_nodes_is_there_only_where_it_is_used(lab: Lab, images: Images, stack: Stack) -> None:
    def rights() -> list[str]:
        kinds = (
            "clusterroles,clusterrolebindings,serviceaccounts,"
            "validatingadmissionpolicies,validatingadmissionpolicybindings"
        )
        found = json.loads(lab.cluster.kubectl("get", kinds, "--all-namespaces", INSTANCE, "--output=json"))["items"]
        return sorted(item["kind"] for item in found if item["metadata"]["name"].startswith("images-untaint"))

    def accounts() -> set[str]:
        pods = lab.cluster.kubectl("get", "pods", "--namespace", stack.namespace, INSTANCE, "--output=json")
        return {pod["spec"]["serviceAccountName"] for pod in json.loads(pods)["items"]}

    args = {"images": [images.push()], "timeout": "3m"}
    stack.up(args)
    assert rights() == []
    assert accounts() == {"default"}

    stack.up({**args, "startup_taint": TAINT})
    assert rights() == [
        "ClusterRole",
        "ClusterRoleBinding",
        "ServiceAccount",
        "ValidatingAdmissionPolicy",
        "ValidatingAdmissionPolicyBinding",
    ]
    [account] = accounts()
    subject = f"--as=system:serviceaccount:{stack.namespace}:{account}"
    may = lab.cluster.kubectl("auth", "can-i", "--list", "--no-headers", subject)
    assert [line.split() for line in may.splitlines() if line.startswith("nodes")] == [
        ["nodes", "[]", "[]", "[get", "patch]"]
    ]

    stack.up(args)
    assert rights() == []
    # Pods of an account that is gone could not be made on the next node that joins.
    assert accounts() == {"default"}
