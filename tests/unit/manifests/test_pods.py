"""Where the pods run, and what the cluster asks of them."""

from __future__ import annotations

from typing import Any

import pytest

from ...plans import built, plan_of
from .parts import TAINT, environment, pod_of


def test_the_taint_is_removed_after_the_images_are_there() -> None:
    pod = pod_of(startup_taint=TAINT, hold=True, tolerations=[])
    assert [container["name"] for container in pod["initContainers"]] == ["pull", "programs", "untaint"]
    untaint = pod["initContainers"][-1]
    assert environment(untaint) == {
        "PREPULL_NODE": {"fieldRef": {"fieldPath": "spec.nodeName"}},
        "PREPULL_TAINT": TAINT,
    }
    assert pod["tolerations"] == [{"key": TAINT, "operator": "Exists"}]


@pytest.mark.parametrize("hold", [False, True])
def test_the_taint_waits_for_the_images_that_the_kubelet_pulls_by_containers(hold: bool) -> None:
    pod = pod_of(runtime="kubelet", hold=hold, startup_taint=TAINT, pull_policy="Always")
    names = [container["name"] for container in pod["initContainers"]]
    assert names == ["programs", "pull-0", "pull-1", "pull-2", "untaint"]
    held = [container for container in pod["containers"] if container["name"].startswith("hold-")]
    # The registry has been asked by then.
    assert [each["imagePullPolicy"] for each in held] == (["IfNotPresent"] * 3 if hold else [])


def test_the_taint_waits_for_the_images_that_the_kubelet_mounts() -> None:
    # The kubelet starts a container once it has the images that this container mounts, and no others.
    pod = pod_of(runtime="image-volume", startup_taint=TAINT)
    [untaint], [pause, _] = pod["initContainers"], pod["containers"]
    images = [mount for mount in untaint["volumeMounts"] if mount["name"].startswith("image-")]
    assert len(images) == 3
    assert images == pause["volumeMounts"]


def test_another_container_looks_again_for_ten_minutes() -> None:
    pod = pod_of(startup_taint=TAINT)
    untaint, [_, again] = pod["initContainers"][-1], pod["containers"]
    looks = environment(again).pop("PREPULL_LOOKS").split()
    assert sum(map(int, looks)) == 600
    assert (again["command"], again["image"]) == (untaint["command"], untaint["image"])
    assert environment(again) == {**environment(untaint), "PREPULL_LOOKS": " ".join(looks)}
    assert [container["name"] for container in pod_of()["containers"]] == ["pause"]


@pytest.mark.parametrize(
    ("args", "field", "value"),
    [
        ({"priority_class_name": "high"}, "priorityClassName", "high"),
        ({"image_pull_secrets": ["b", "a"]}, "imagePullSecrets", [{"name": "b"}, {"name": "a"}]),
    ],
)
def test_the_pods_of_both_get_what_the_cluster_asks_of_pods(args: dict[str, Any], field: str, value: Any) -> None:
    with_it, without = built(plan_of(**args)), built(plan_of(tolerations=[]))
    for key in ("daemon-set", "gate-job"):
        assert with_it[key]["spec"]["template"]["spec"][field] == value
        assert field not in without[key]["spec"]["template"]["spec"]


OPEN_CONTROL_PLANE = {"key": "node-role.kubernetes.io/control-plane", "operator": "Exists", "effect": "NoSchedule"}


@pytest.mark.parametrize(
    ("tolerations", "on_nodes", "at_the_gate"),
    [
        (None, [{"operator": "Exists"}], [OPEN_CONTROL_PLANE]),
        ([], None, []),
        ([{"key": "a"}], [{"key": "a"}], [{"key": "a"}]),
    ],
)
def test_the_pods_go_wherever_they_are_let_and_the_gate_stays_off_nodes_that_are_gone(
    tolerations: Any, on_nodes: Any, at_the_gate: list[Any]
) -> None:
    found = built(plan_of(tolerations=tolerations))
    assert found["daemon-set"]["spec"]["template"]["spec"].get("tolerations") == on_nodes
    *own, not_ready, unreachable = found["gate-job"]["spec"]["template"]["spec"]["tolerations"]
    assert own == at_the_gate
    for toleration, state in ((not_ready, "not-ready"), (unreachable, "unreachable")):
        assert toleration["key"] == f"node.kubernetes.io/{state}"
        assert toleration["effect"] == "NoExecute"
        assert 0 < toleration["tolerationSeconds"] < 300
