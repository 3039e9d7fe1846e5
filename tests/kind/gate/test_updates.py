"""What changes later, what may fail, what is waited for, and what the API server makes of labels and priorities."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
from prepull.status import report

from lab import Lab

from ..conftest import Images, Stack, UpFailed
from ..eventually import eventually
from ..times import at

Kubectl = Callable[..., Any]
PODS = "--selector=app.kubernetes.io/name=prepull"
# Tried twice, with half of it to all of it between.
TWO_SLOW_ATTEMPTS = {"attempts": 2, "backoff": "8s"}


def pods(kubectl: Kubectl) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = kubectl("get", "pods", PODS, "--output=json")["items"]
    return [pod for pod in items if "deletionTimestamp" not in pod["metadata"]]


def became_ready(pod: dict[str, Any]) -> datetime | None:
    for condition in pod["status"].get("conditions", []):
        if condition["type"] == "Ready" and condition["status"] == "True":
            return at(condition["lastTransitionTime"])
    return None


def all_ready(kubectl: Kubectl) -> bool:
    found = pods(kubectl)
    return len(found) == 3 and all(became_ready(pod) for pod in found)


@pytest.fixture
def missing(lab: Lab, images: Images) -> str:
    """A reference that no registry has anything for."""
    return f"{lab.registry.address}/{images.prefix}/nobody/has-this:v1"


def test_a_changed_list_reaches_all_nodes_at_once(
    lab: Lab, images: Images, missing: str, stack: Stack, kubectl: Kubectl
) -> None:
    one, two = images.push("one"), images.push("two")
    # An image that is tried for a while makes each pod take longer than it takes to make one.
    slow = {"on_failure": "continue", "wait_for": "pods", "timeout": "3m", **TWO_SLOW_ATTEMPTS}
    stack.up({"images": [one], **slow})

    stack.up({"images": [one, two, missing], **slow})

    assert images.nodes_with(one) == images.nodes_with(two) == set(lab.cluster.base_nodes)
    renewed = pods(kubectl)
    ready = [became_ready(pod) for pod in renewed]
    created = [at(pod["metadata"]["creationTimestamp"]) for pod in renewed]
    assert len(created) == 3
    assert max(created) < min(moment for moment in ready if moment)


def test_with_continue_the_pods_become_ready_and_the_report_names_what_failed(
    lab: Lab, images: Images, missing: str, stack: Stack, kubectl: Kubectl
) -> None:
    image = images.push()
    args = {"images": [missing, image], "on_failure": "continue", "attempts": 1, "timeout": "3m"}

    # Whoever waits for the images is told.
    with pytest.raises(UpFailed, match=r"nobody/has-this:v1: manifest unknown \(3 of 3 nodes"):
        stack.up(args)

    # Whoever waits for the pods goes on.
    result = stack.up({**args, "wait_for": "pods"})
    assert result.outputs["ready_nodes"] == 3
    assert images.nodes_with(image) == set(lab.cluster.base_nodes)
    for pod in pods(kubectl):
        told = report.of_pod(pod)
        assert (told[missing].present, told[missing].reason) == (False, "manifest unknown")
        assert told[image].present


def test_waiting_for_pods_ends_when_they_are_ready(
    images: Images, missing: str, stack: Stack, kubectl: Kubectl
) -> None:
    result = stack.up({"images": [images.push()], "wait_for": "pods", "timeout": "3m"})

    assert (result.outputs["ready_nodes"], result.outputs["desired_nodes"]) == (3, 3)
    assert all_ready(kubectl)
    assert kubectl("get", "jobs", "--output=name") == ""

    with pytest.raises(UpFailed, match=r"DaemonSet|timed out|timeout"):
        stack.up({"images": [missing], "wait_for": "pods", "attempts": 1, "timeout": "15s"})


def test_waiting_for_nothing_waits_for_nothing(
    lab: Lab, images: Images, missing: str, stack: Stack, kubectl: Kubectl
) -> None:
    image = images.push()

    stack.up({"images": [image, missing], "wait_for": "nothing"})

    assert kubectl("get", "jobs", "--output=name") == ""
    eventually("the image is there all the same", lambda: images.nodes_with(image) == set(lab.cluster.base_nodes))
    assert not any(became_ready(pod) for pod in pods(kubectl))


@pytest.fixture
def priority_class(lab: Lab, namespace: str) -> Iterator[str]:
    """A PriorityClass of the test's own."""
    lab.cluster.kubectl("create", "priorityclass", namespace, "--value=1000")
    yield namespace
    lab.cluster.kubectl("delete", "priorityclass", namespace)


def test_labels_annotations_and_priority_reach_the_pods(
    images: Images, stack: Stack, priority_class: str, kubectl: Kubectl
) -> None:
    labels = {"example.com/team": "platform", "cost-center": "42", "empty": "", "app.kubernetes.io/name": "mine"}
    annotations = {"example.com/owner": 'someone: "quoted" ü, and a\nline break'}

    result = stack.up(
        {
            "images": [images.push()],
            "labels": labels,
            "annotations": annotations,
            "priority_class_name": priority_class,
            "timeout": "3m",
        }
    )

    assert result.outputs["ready_nodes"] == 3
    for pod in pods(kubectl):
        # The component's own labels are what selects its pods.
        assert pod["metadata"]["labels"].items() >= {**labels, "app.kubernetes.io/name": "prepull"}.items()
        assert pod["metadata"]["annotations"].items() >= annotations.items()
        assert pod["spec"]["priority"] == 1000
    [job] = kubectl("get", "jobs", "--output=json")["items"]
    assert job["metadata"]["labels"]["example.com/team"] == "platform"
    [daemon_set] = kubectl("get", "daemonsets", "--output=json")["items"]
    assert json.dumps(annotations["example.com/owner"]) in json.dumps(daemon_set["metadata"]["annotations"])
