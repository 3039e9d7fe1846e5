"""What keeps the gate's own pod from running: the update ends and says what, and so do `prepull wait` and `status`."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lab import Lab, LabError

from ..conftest import Images, Stack, failed_up
from ..eventually import eventually
from ..faulty_registry import Fault, FaultyRegistry
from ..meanwhile import meanwhile

Kubectl = Callable[..., Any]
PREPULL = Path(sys.executable).with_name("prepull")
GATE = "app.kubernetes.io/name=prepull-gate"
OVER = "[DeadlineExceeded]"


def prepull(*arguments: str) -> str:
    """What the command says on either stream, whatever the outcome."""
    ran = subprocess.run([PREPULL, *arguments], check=False, capture_output=True, text=True, timeout=240)
    assert "Traceback" not in ran.stderr
    return ran.stdout + ran.stderr


def limit_range(**limits: Any) -> dict[str, Any]:
    return {"kind": "LimitRange", "spec": {"limits": [{"type": "Container", **limits}]}}


def quota(**hard: str) -> dict[str, Any]:
    return {"kind": "ResourceQuota", "spec": {"hard": hard}}


@pytest.mark.parametrize(
    ("manifest", "told"),
    [
        (limit_range(min={"cpu": "8"}), "minimum cpu usage per Container is 8"),
        (limit_range(max={"memory": "1Mi"}), "maximum memory usage per Container is 1Mi"),
        (quota(pods="0"), "exceeded quota: ours"),
    ],
)
def test_a_refused_gate_is_told_and_ends_the_update(
    lab: Lab, stack: Stack, kubectl: Kubectl, manifest: dict[str, Any], told: str
) -> None:
    made = {"apiVersion": "v1", **manifest, "metadata": {"name": "ours", "namespace": stack.namespace}}
    lab.cluster.kubectl("apply", "--filename=-", stdin=json.dumps(made).encode())

    def wait_says_so() -> bool:
        said = prepull("wait", "--namespace", stack.namespace, "--timeout", "5s")
        return "images: the gate does not run: the pod was refused: " in said and told in said

    with meanwhile(lambda: eventually("prepull wait says so", wait_says_so)):
        screen = failed_up(stack, {"images": ["a"], "timeout": "1m"})

    assert OVER in screen
    assert "FailedCreate: Error creating: pods " in screen
    assert told in screen
    assert kubectl("get", "pods", f"--selector={GATE}", "--output=name") == ""
    assert told in prepull("status", "--namespace", stack.namespace)


@pytest.fixture
def no_gates(lab: Lab, namespace: str) -> Iterator[None]:
    """An admission policy that refuses the gate's pod and no other."""
    policy = {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": namespace},
        "spec": {
            "matchConstraints": {
                "objectSelector": {"matchLabels": dict([GATE.split("=")])},
                "resourceRules": [
                    {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}
                ],
            },
            "validations": [{"expression": "false", "message": "no gates here"}],
        },
    }
    binding = {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": namespace},
        "spec": {
            "policyName": namespace,
            "validationActions": ["Deny"],
            "matchResources": {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}}},
        },
    }
    items = json.dumps({"apiVersion": "v1", "kind": "List", "items": [policy, binding]}).encode()
    lab.cluster.kubectl("apply", "--filename=-", stdin=items)
    eventually("the policy refuses such a pod", lambda: refuses(lab, namespace))
    yield
    lab.cluster.kubectl("delete", "--filename=-", stdin=items)


def refuses(lab: Lab, namespace: str) -> bool:
    command = ("run", "probe", "--image=a", f"--labels={GATE}", "--dry-run=server", f"--namespace={namespace}")
    try:
        lab.cluster.kubectl(*command)
    except LabError as error:
        return "no gates here" in str(error)
    return False


@pytest.mark.usefixtures("no_gates")
def test_where_only_the_gate_is_refused_the_images_are_there_and_the_update_fails_all_the_same(
    lab: Lab, stack: Stack, images: Images
) -> None:
    image = images.push()

    screen = failed_up(stack, {"images": [image], "timeout": "20s"})

    assert OVER in screen
    assert "no gates here" in screen
    assert images.nodes_with(image) == set(lab.cluster.base_nodes)
    said = prepull("wait", "--namespace", stack.namespace)
    assert "3 of 3 nodes have the image" in said
    assert "images: the gate does not run: the pod was refused: " in said


# ---------------------------------------------------------------- tainted nodes


@pytest.fixture
def tainted(lab: Lab) -> Iterator[None]:
    """Every node has a taint of its own."""
    lab.cluster.kubectl("taint", "nodes", "--all", "dedicated=ours:NoSchedule")
    yield
    lab.cluster.kubectl("taint", "nodes", "--all", "dedicated-")


@pytest.mark.alone
@pytest.mark.usefixtures("tainted")
def test_where_every_node_is_tainted_the_gate_runs_beside_the_pullers(stack: Stack, images: Images) -> None:
    assert stack.up({"images": [images.push()], "timeout": "2m"}).outputs["ready_nodes"] == 3


@pytest.mark.alone
@pytest.mark.usefixtures("tainted")
def test_where_every_node_is_tainted_the_gate_stays_off_one_that_is_off(
    lab: Lab, stack: Stack, images: Images, kubectl: Kubectl
) -> None:
    node = lab.cluster.base_nodes[-1]
    lab.nodes.stop(node)
    try:
        lab.cluster.kubectl("wait", "--for=condition=Ready=Unknown", f"node/{node}", "--timeout=120s")
        for _ in range(3):
            result = stack.up({"images": [images.push()], "min_ready": "2", "timeout": "2m"})
            assert result.outputs["ready_nodes"] == 2
            [gate] = kubectl("get", "pods", f"--selector={GATE}", "--output=json")["items"]
            assert gate["spec"]["nodeName"] != node
    finally:
        lab.nodes.start(node)


@pytest.mark.alone
@pytest.mark.usefixtures("tainted")
def test_a_gate_that_gets_no_place_ends_the_update(stack: Stack) -> None:
    def wait_says_so() -> bool:
        said = prepull("wait", "--namespace", stack.namespace, "--timeout", "2s")
        return "images: the gate does not run: the pod cannot be scheduled: 0/3 nodes are available" in said

    with meanwhile(lambda: eventually("prepull wait says so", wait_says_so)):
        screen = failed_up(stack, {"images": ["a"], "tolerations": [], "timeout": "1m"})

    assert OVER in screen


@pytest.mark.alone
def test_a_gate_whose_node_is_emptied_begins_anew(
    lab: Lab, stack: Stack, images: Images, registry: FaultyRegistry, kubectl: Kubectl
) -> None:
    image = images.push_faulty("held")
    registry.faults["held"] = Fault(silent=True)

    def gates() -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = kubectl("get", "pods", f"--selector={GATE}", "--output=json")["items"]
        return [item for item in items if item["status"]["phase"] == "Running"]

    def empty_its_node() -> None:
        registry.wait_until_met("held", len(lab.cluster.base_nodes))
        eventually("the gate runs", lambda: len(gates()) == 1)
        [gate] = gates()
        node = gate["spec"]["nodeName"]
        lab.cluster.kubectl("drain", node, f"--pod-selector={GATE}", "--timeout=60s")
        lab.cluster.kubectl("uncordon", node)
        renewed = lambda: [item["metadata"]["name"] for item in gates()] not in ([], [gate["metadata"]["name"]])  # noqa: E731
        eventually("another gate runs", renewed, 120)
        registry.faults.clear()

    with meanwhile(empty_its_node):
        result = stack.up({"images": [image], "image_timeout": "10m", "timeout": "8m"})

    assert result.outputs["ready_nodes"] == 3
