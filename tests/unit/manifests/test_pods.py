"""Where the pods run, and what the cluster asks of them."""

from __future__ import annotations

from typing import Any

import pytest

from ...plans import built, plan_of
from .parts import TAINT, environment, pod_of


def test_the_taint_is_removed_after_the_images_are_there() -> None:
    pod = pod_of(startup_taint=TAINT, hold=True, tolerations=[])
    assert [container["name"] for container in pod["initContainers"]] == ["pull", "untaint"]
    untaint = pod["initContainers"][-1]
    assert environment(untaint) == {
        "PREPULL_NODE": {"fieldRef": {"fieldPath": "spec.nodeName"}},
        "PREPULL_TAINT": TAINT,
    }
    assert pod["tolerations"] == [{"key": TAINT, "operator": "Exists"}]


@pytest.mark.parametrize("hold", [False, True])
def test_the_taint_waits_for_the_mark_of_each_image_that_the_kubelet_pulls_for_a_container(hold: bool) -> None:
    pod = pod_of(runtime="kubelet", hold=hold, startup_taint=TAINT)
    _, *held, _, untaint = pod["containers"]
    awaited = environment(untaint)
    assert (awaited["PREPULL_AWAIT"], awaited["PREPULL_TAINT"]) == ("3", TAINT)
    assert sum(map(int, awaited["PREPULL_LOOKS"].split())) == 600
    marks = awaited["PREPULL_MARKS"]
    for index, container in enumerate(held):
        assert container["command"][-1].startswith(f": >{marks}/{index};")
        assert container["volumeMounts"][-1] == {"name": "marks", "mountPath": marks}
    assert untaint["volumeMounts"][-1] == {"name": "marks", "mountPath": marks, "readOnly": True}
    # Nothing runs before the images are pulled.
    assert "initContainers" not in pod


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


def schedules(pod: dict[str, Any], *taints: str) -> bool:
    """Whether the scheduler may put a pod on a node with these taints, after the API server has completed the pod."""
    tolerations = list(pod.get("tolerations", []))
    for key in DOWN:
        # As the admission plugin DefaultTolerationSeconds does.
        given = [each for each in tolerations if each.get("key") in (key, None)]
        if not any(each.get("effect") in (None, "NoExecute") for each in given):
            tolerations.append({"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300})

    def tolerated(taint: str) -> bool:
        what, _, effect = taint.rpartition(":")
        key, _, value = what.partition("=")
        return effect == "PreferNoSchedule" or any(
            each.get("key") in (key, None)
            and each.get("effect") in (effect, None)
            and (each.get("operator") == "Exists" or each.get("value", "") == value)
            for each in tolerations
        )

    return all(map(tolerated, taints))


DOWN = ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")
# The control plane gives such nodes the taint with both effects.
DEAD = [(f"{key}:NoSchedule", f"{key}:NoExecute") for key in DOWN]
# (what the pods tolerate; the taints of a node; whether the pullers and the gate may run there)
PLACES: list[tuple[list[dict[str, Any]] | None, tuple[str, ...], bool, bool]] = [
    (None, (), True, True),
    (None, ("node-role.kubernetes.io/control-plane:NoSchedule",), True, True),
    (None, ("dedicated=gpu:NoSchedule",), True, True),
    (None, ("dedicated=gpu:NoSchedule", "team:NoSchedule"), True, True),
    (None, ("DeletionCandidateOfClusterAutoscaler=1:PreferNoSchedule",), True, True),
    *((None, dead, True, False) for dead in DEAD),
    *((None, ("dedicated=gpu:NoSchedule", *dead), True, False) for dead in DEAD),
    (None, ("node.kubernetes.io/out-of-service=now:NoExecute",), True, False),
    ([], (), True, True),
    ([], ("dedicated=gpu:NoSchedule",), False, False),
    ([{"key": "dedicated", "operator": "Exists"}], ("dedicated=gpu:NoSchedule",), True, True),
    ([{"key": "dedicated", "operator": "Exists"}], ("dedicated=gpu:NoExecute",), True, True),
    ([{"key": "dedicated", "value": "gpu"}], ("dedicated=cpu:NoSchedule",), False, False),
    *(
        ([{"key": "dedicated", "operator": "Exists"}], ("dedicated=gpu:NoExecute", *dead), False, False)
        for dead in DEAD
    ),
    # A taint of the effect NoExecute on every node is named beside the one for all.
    (
        [{"operator": "Exists"}, {"key": "dedicated", "operator": "Exists"}],
        ("dedicated=gpu:NoExecute", "team:NoSchedule"),
        True,
        True,
    ),
    ([{"operator": "Exists", "effect": "NoSchedule"}], ("dedicated=gpu:NoSchedule",), True, True),
    ([{"operator": "Exists", "effect": "NoExecute"}], ("dedicated=gpu:NoExecute",), True, True),
    *(([{"operator": "Exists", "effect": "NoExecute"}], dead, False, False) for dead in DEAD),
    *(([{"key": key, "operator": "Exists"} for key in DOWN], dead, True, False) for dead in DEAD),
    *(
        ([{"key": key, "operator": "Exists", "effect": "NoSchedule"}], (f"{key}:NoSchedule",), True, False)
        for key in (
            "node.kubernetes.io/unschedulable",
            "node.kubernetes.io/disk-pressure",
            "ToBeDeletedByClusterAutoscaler",
            "karpenter.sh/disrupted",
        )
    ),
]


@pytest.mark.parametrize(("tolerations", "taints", "puller_runs", "gate_runs"), PLACES)
def test_the_gate_runs_wherever_the_pullers_do_but_on_nodes_that_are_down(
    tolerations: list[dict[str, Any]] | None, taints: tuple[str, ...], puller_runs: bool, gate_runs: bool
) -> None:
    found = built(plan_of(tolerations=tolerations))
    puller, gate = (found[key]["spec"]["template"]["spec"] for key in ("daemon-set", "gate-job"))
    assert (schedules(puller, *taints), schedules(gate, *taints)) == (puller_runs, gate_runs)


@pytest.mark.parametrize("effect", ["NoSchedule", "NoExecute"])
@pytest.mark.parametrize("tolerations", [None, [], [{"key": "dedicated", "operator": "Exists"}]])
def test_nodes_that_wait_for_their_images_may_have_the_gate(
    tolerations: list[dict[str, Any]] | None, effect: str
) -> None:
    found = built(plan_of(startup_taint=TAINT, tolerations=tolerations))
    assert schedules(found["gate-job"]["spec"]["template"]["spec"], f"{TAINT}:{effect}")


def test_the_gate_is_bound_to_no_pool_and_stays_off_virtual_nodes() -> None:
    pod = built(plan_of(node_selector={"pool": "gpu"}))["gate-job"]["spec"]["template"]["spec"]
    assert pod["nodeSelector"] == {"kubernetes.io/os": "linux"}
    [term] = pod["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
    assert {each["key"]: each["operator"] for each in term["matchExpressions"]} == {
        "type": "NotIn",
        "eks.amazonaws.com/compute-type": "NotIn",
    }
