"""A component that changes, goes, or has a neighbour while it pulls: what counts is what was said last."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Any, cast

import pulumi
import pytest
from prepull import PrePullDaemonSet, PrePullDaemonSetArgs
from prepull.status import report

from lab import Lab

from ..conftest import PULLER_IMAGE, Images, Stack
from ..eventually import eventually
from ..faulty_registry import Fault, FaultyRegistry

Kubectl = Callable[..., Any]
PODS = "--selector=app.kubernetes.io/name=prepull"
OURS = "daemonsets,jobs,configmaps,serviceaccounts,roles,rolebindings,controllerrevisions,pods"
# What is in every namespace.
THEIRS = {"configmap/kube-root-ca.crt", "serviceaccount/default"}


def objects(kubectl: Kubectl) -> set[str]:
    """What there is in the namespace beside Kubernetes' own."""
    return {name for name in kubectl("get", OURS, "--output=name").split() if name not in THEIRS}


def pods(kubectl: Kubectl) -> list[dict[str, Any]]:
    """The pods that are there to stay."""
    items: list[dict[str, Any]] = kubectl("get", "pods", PODS, "--output=json")["items"]
    return [pod for pod in items if "deletionTimestamp" not in pod["metadata"]]


def test_an_update_while_it_still_pulls_needs_no_more_than_its_own_list(
    lab: Lab, stack: Stack, images: Images, registry: FaultyRegistry, kubectl: Kubectl
) -> None:
    held, wanted = images.push_faulty("held"), images.push("wanted")
    registry.faults["held"] = Fault(silent=True)
    stack.up({"images": [held], "wait_for": "nothing"})
    registry.wait_until_met("held", 3)

    result = stack.up({"images": [wanted], "timeout": "4m"})

    assert result.outputs["ready_nodes"] == 3
    assert images.nodes_with(wanted) == set(lab.cluster.base_nodes)
    assert images.nodes_with(held) == set()
    assert [set(report.of_pod(pod)) for pod in pods(kubectl)] == [{wanted}] * 3


def test_destroyed_while_it_pulls_it_leaves_nothing(
    stack: Stack, images: Images, registry: FaultyRegistry, kubectl: Kubectl
) -> None:
    held = images.push_faulty("held")
    registry.faults["held"] = Fault(silent=True)
    stack.up({"images": [held], "wait_for": "nothing", "startup_taint": "example.com/images"})
    registry.wait_until_met("held", 3)

    stack.destroy()

    eventually("everything is gone", lambda: objects(kubectl) == set(), 120)
    policies = "validatingadmissionpolicies,validatingadmissionpolicybindings"
    assert stack.namespace not in kubectl("get", f"clusterroles,clusterrolebindings,{policies}", "--output=yaml")


def test_components_with_images_in_common_do_not_hinder_each_other(
    lab: Lab, stack: Stack, images: Images, kubectl: Kubectl
) -> None:
    one, both, two = (images.push(name, size=3_000_000) for name in ("one", "both", "two"))
    ours = {"namespace": stack.namespace, "puller_image": PULLER_IMAGE, "gate_image": PULLER_IMAGE, "timeout": "4m"}

    def component(name: str, *listed: str) -> None:
        made = PrePullDaemonSet(name, cast(PrePullDaemonSetArgs, {**ours, "images": listed}))
        pulumi.export(name, made.ready_nodes)

    def program() -> None:
        component("first", one, both)
        component("second", both, two)

    result = stack.up(program)

    assert result.outputs == {"first": 3, "second": 3}
    everywhere = set(lab.cluster.base_nodes)
    assert images.nodes_with(one) == images.nodes_with(both) == images.nodes_with(two) == everywhere

    # What one of them goes on needing stays when the other one goes.
    result = stack.up(lambda: component("second", both, two))
    assert result.outputs == {"second": 3}
    assert images.nodes_with(both) == everywhere
    assert {pod["metadata"]["labels"]["app.kubernetes.io/instance"] for pod in pods(kubectl)} == {"second"}


@pytest.mark.timeout(3600, func_only=True)
def test_after_many_updates_in_a_row_only_the_last_one_is_left(stack: Stack, images: Images, kubectl: Kubectl) -> None:
    """Ten of them; a hundred take several minutes on two cores, and are made with PREPULL_TEST_UPDATES=100."""
    updates = int(os.environ.get("PREPULL_TEST_UPDATES", "10"))
    pool = [images.push(f"app-{number}") for number in range(7)]
    lists = [pool[number % 7 :] + pool[: number % 5] for number in range(updates)]
    for listed in lists:
        stack.up({"images": listed, "wait_for": "nothing"})

    final = [pool[6], pool[0], pool[3]]
    result = stack.up({"images": final, "timeout": "5m"})

    assert result.outputs["images"] == final
    assert result.outputs["ready_nodes"] == 3
    eventually("the pods of older lists are gone", lambda: len(pods(kubectl)) == 3, 120)
    [daemon_set] = kubectl("get", "daemonsets", "--output=json")["items"]
    plan = daemon_set["spec"]["template"]["metadata"]["labels"]["prepull.dev/plan"]
    for pod in pods(kubectl):
        assert pod["metadata"]["labels"]["prepull.dev/plan"] == plan
        told = report.of_pod(pod)
        assert set(told) == set(final)
        assert all(result.present for result in told.values())
    kinds = [name.partition("/")[0] for name in kubectl("get", "jobs,configmaps,daemonsets", "--output=name").split()]
    assert sorted(kinds) == [*["configmap"] * 3, "daemonset.apps", "job.batch"]
    scripts = [
        item for item in kubectl("get", "configmaps", "--output=json")["items"] if "puller.sh" in item.get("data", {})
    ]
    assert json.dumps(daemon_set["spec"]).count(scripts[0]["metadata"]["name"]) == 1
