"""What a namespace asks of pods, an account of the user's own, and a pool of nodes that is at zero."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pulumi_kubernetes as k8s
import pytest
from prepull import PrePullDaemonSet

from lab import Lab

from ..conftest import PULLER_IMAGE, Images, Stack, failed_up

Kubectl = Callable[..., Any]
PODS = "--selector=app.kubernetes.io/name in (prepull, prepull-gate)"
NOBODY = {"node_selector": {"pool": "nobody-has-this"}}
TAINT = "prepull.dev/never-set"
# Every container that there is with a runtime's socket.
EVERYTHING = {"hold": True, "refresh": "1h", "startup_taint": TAINT, "timeout": "3m"}


def accounts(kubectl: Kubectl) -> set[str]:
    return {pod["spec"]["serviceAccountName"] for pod in kubectl("get", "pods", PODS, "--output=json")["items"]}


@pytest.mark.parametrize("args", [EVERYTHING, {"runtime": "kubelet", "timeout": "3m"}], ids=["socket", "kubelet"])
def test_a_quota_on_processors_and_memory_admits_all_pods(
    stack: Stack, images: Images, kubectl: Kubectl, args: dict[str, Any]
) -> None:
    hard = "limits.cpu=8,limits.memory=8Gi,requests.cpu=2,requests.memory=2Gi"
    kubectl("create", "quota", "everything", f"--hard={hard}")

    assert stack.up({"images": [images.push()], **args}).outputs["ready_nodes"] == 3

    used = kubectl("get", "quota", "everything", "--output=json")["status"]["used"]
    assert all(amount != "0" for amount in used.values()), used


def test_helpers_meet_a_minimum_that_their_defaults_do_not(
    lab: Lab, stack: Stack, images: Images, kubectl: Kubectl
) -> None:
    least = {"cpu": "50m", "memory": "48Mi"}
    limits = {
        "apiVersion": "v1",
        "kind": "LimitRange",
        "metadata": {"name": "least", "namespace": stack.namespace},
        "spec": {"limits": [{"type": "Container", "min": least}]},
    }
    lab.cluster.kubectl("create", "--filename=-", stdin=json.dumps(limits).encode())

    given = {"resources": {"requests": least}, "helper_resources": {"requests": least}}
    assert stack.up({"images": [images.push()], **given, **EVERYTHING}).outputs["ready_nodes"] == 3

    for pod in kubectl("get", "pods", PODS, "--output=json")["items"]:
        for container in (*pod["spec"].get("initContainers", []), *pod["spec"]["containers"]):
            assert container["resources"]["requests"] == least


def test_an_account_of_the_programs_own_is_that_of_all_pods(
    lab: Lab, stack: Stack, images: Images, kubectl: Kubectl
) -> None:
    image = images.push()

    def program() -> None:
        account = k8s.core.v1.ServiceAccount("ours", metadata={"namespace": stack.namespace})
        args: Any = {
            "images": [image],
            "namespace": stack.namespace,
            "puller_image": PULLER_IMAGE,
            "gate_image": PULLER_IMAGE,
            "service_account_name": account.metadata.name,
            **EVERYTHING,
        }
        PrePullDaemonSet("images", args)

    stack.up(program)

    [ours] = accounts(kubectl)
    assert ours.startswith("ours-")
    made = {item["metadata"]["name"] for item in kubectl("get", "serviceaccounts", "--output=json")["items"]}
    assert made == {"default", ours}
    may = lab.cluster.kubectl("auth", "can-i", "patch", "nodes", f"--as=system:serviceaccount:{stack.namespace}:{ours}")
    assert may.strip() == "yes"


@pytest.mark.parametrize("min_ready", ["0", "0%"])
def test_a_pool_that_is_at_zero_is_no_failure(stack: Stack, images: Images, min_ready: str) -> None:
    outputs = stack.up({"images": [images.push()], "min_ready": min_ready, "timeout": "2m", **NOBODY}).outputs

    assert (outputs["ready_nodes"], outputs["desired_nodes"]) == (0, 0)


def test_a_pool_that_is_at_zero_is_named_where_nodes_are_needed(stack: Stack, images: Images) -> None:
    screen = failed_up(stack, {"images": [images.push()], "min_ready": "1", **NOBODY})

    assert "no node matches: " in screen
    assert "min_ready: 0" in screen


def test_where_no_node_is_needed_failures_are_warnings(lab: Lab, stack: Stack, kubectl: Kubectl) -> None:
    missing = f"{lab.registry.address}/nobody/has-this:v1"

    stack.up({"images": [missing], "attempts": 1, "min_ready": "0", "timeout": "2m"})

    said = kubectl("logs", "--selector=app.kubernetes.io/name=prepull-gate")
    assert "nodes have all images, and none is needed" in said
    assert f"warning: image {missing}: manifest unknown (" in said
