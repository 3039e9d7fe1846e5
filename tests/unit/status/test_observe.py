"""What is read from a whole pod, a DaemonSet and an event."""

from __future__ import annotations

import pytest
from prepull.status import observe
from prepull.status.times import seconds_of

from ..cluster.objects import FINISHED, LATER, Data, daemon_set, ended, event, pod, waiting
from ..cluster.pods import MOUNTED_CONDITION, stuck, unplaced
from ..cluster.reading import NOW, read_pod, read_set


def ended_again(name: str, end: Data) -> Data:
    """A container that has ended twice, and that the kubelet starts again after a while."""
    return {"name": name, "state": end, "lastState": ended(code=1), "ready": False}


def test_a_pod_that_fits_nowhere_names_its_node_and_why() -> None:
    condition = {"type": "PodScheduled", "status": "False", "message": "Insufficient cpu."}

    observed = read_pod(unplaced("node-7", conditions=[condition]))

    assert observed.node == "node-7"
    assert observed.problem == "the pod cannot be scheduled: Insufficient cpu."


def test_a_pod_without_a_node_is_of_the_one_that_it_is_made_for() -> None:
    assert read_pod(pod("")).node == ""
    other = {"matchFields": [{"key": "metadata.uid", "operator": "In", "values": ["x"]}]}
    assert read_pod(unplaced("node-7", other)).node == "node-7"


def test_a_helper_image_that_is_missing_is_the_pods_problem() -> None:
    item = stuck("pull", "ErrImagePull", 'pull "p": not found', "p:1")
    assert read_pod(item).problem == "image p:1: manifest unknown", "whatever name it is quoted under"
    item = stuck("pull", "ErrImagePull", 'pull "p:1": not found', "p:1")
    assert read_pod(item).problem == "image p:1: manifest unknown"


@pytest.mark.parametrize(
    ("status", "problem", "final"),
    [
        (
            {"conditions": [{"type": "PodScheduled", "status": "False", "message": "0/3 nodes  are available"}]},
            "the pod cannot be scheduled: 0/3 nodes are available",
            True,
        ),
        (
            {"phase": "Failed", "reason": "Evicted", "message": "low on  memory"},
            "the pod has failed: Evicted: low on memory",
            False,
        ),
        (
            {"initContainerStatuses": [waiting("pull", "ErrImagePull", "", "puller:1")]},
            "image puller:1: ErrImagePull",
            False,
        ),
        (
            {"containerStatuses": [waiting("pause", "ImagePullBackOff", "x: not found", "pause:1")]},
            "image pause:1: manifest unknown",
            True,
        ),
        (
            {"initContainerStatuses": [waiting("pull", "CreateContainerError", "no  such thing")]},
            "container pull cannot start: no such thing",
            True,
        ),
        (
            {"initContainerStatuses": [waiting("pull", "CreateContainerError", "context deadline exceeded")]},
            "container pull cannot start: context deadline exceeded",
            False,
        ),
        (
            {"phase": "Failed", "reason": "OutOfcpu", "message": "Node didn't have enough resource: cpu"},
            "the pod has failed: OutOfcpu: Node didn't have enough resource: cpu",
            False,
        ),
        (
            {"phase": "Running", "reason": "NodeLost", "message": "Node a is unresponsive"},
            "the pod has failed: NodeLost: Node a is unresponsive",
            False,
        ),
        (
            {"conditions": [{"type": "PodScheduled", "status": "False", "reason": "SchedulerError", "message": "no"}]},
            "the pod cannot be scheduled: no",
            False,
        ),
        (
            {
                "initContainerStatuses": [
                    waiting("pull", "SignatureValidationFailed", "image rejected by policy", "puller:1")
                ]
            },
            "image puller:1: image rejected by policy",
            False,
        ),
        (
            {"initContainerStatuses": [waiting("pull", "PreStartHookError", "no  device")]},
            "container pull cannot start: no device",
            False,
        ),
        (
            {"initContainerStatuses": [waiting("pull", "CreateContainerConfigError")]},
            "container pull cannot start: CreateContainerConfigError",
            True,
        ),
        (
            {
                "initContainerStatuses": [
                    {
                        **waiting("programs", "CrashLoopBackOff"),
                        "lastState": ended("exec: no  such file", 128, reason="StartError"),
                    }
                ]
            },
            "container programs cannot start: StartError, code 128: exec: no such file",
            False,
        ),
        (
            {"initContainerStatuses": [{**waiting("programs", "CrashLoopBackOff"), "lastState": ended("said", 1)}]},
            "container programs cannot start: Error, code 1",
            False,
        ),
        ({"initContainerStatuses": [{**waiting("pull", "CrashLoopBackOff"), "lastState": ended()}]}, None, False),
        (
            {"initContainerStatuses": [ended_again("programs", ended("exec: no  file", 128, reason="StartError"))]},
            "container programs cannot start: StartError, code 128: exec: no file",
            False,
        ),
        (
            {"containerStatuses": [ended_again("pause", ended(code=0, reason="Completed"))]},
            "container pause cannot start: Completed, code 0",
            False,
        ),
        ({"initContainerStatuses": [ended_again("pull", ended(code=1))]}, None, False),
        ({"initContainerStatuses": [{**ended_again("programs", ended(code=0)), "ready": True}]}, None, False),
        ({"initContainerStatuses": [{"name": "programs", "state": ended(code=1), "ready": False}]}, None, False),
        ({"phase": "Failed"}, None, False),
        ({"phase": "Pending", "reason": "Evicted"}, None, False),
        ({"initContainerStatuses": [waiting("pull", "PodInitializing")]}, None, False),
    ],
)
def test_what_keeps_the_whole_pod_from_starting(status: Data, problem: str | None, final: bool) -> None:
    found = read_pod(pod("a", **status))
    assert (found.problem, found.problem_final) == (problem, final)


@pytest.mark.parametrize(
    ("status", "mounted"),
    [
        ({}, False),
        ({"conditions": [MOUNTED_CONDITION]}, True),
        ({"conditions": [{**MOUNTED_CONDITION, "status": "False"}]}, False),
        ({"initContainerStatuses": [waiting("pull", "PodInitializing")]}, False),
        ({"initContainerStatuses": [{"name": "pull", "state": {"running": {"startedAt": FINISHED}}}]}, True),
        ({"initContainerStatuses": [{"name": "pull", "lastState": ended()}]}, True),
        ({"containerStatuses": [{"name": "pause", "state": ended()}]}, True),
    ],
)
def test_volumes_are_mounted_once_the_sandbox_is_there_or_a_container_has_run(status: Data, mounted: bool) -> None:
    assert read_pod(pod("a", **status)).mounted is mounted


@pytest.mark.parametrize(("condition", "ready"), [("True", True), ("False", False), ("Unknown", False)])
def test_a_pod_is_ready_by_its_condition(condition: str, ready: bool) -> None:
    assert read_pod(pod("a", conditions=[{"type": "Ready", "status": condition}])).ready is ready


def test_a_pod_names_its_owner_and_a_stray_one_none() -> None:
    item = pod("a", owner="others")
    assert read_pod(item).owner == "uid-of-others"
    del item["metadata"]["ownerReferences"]
    assert read_pod(item).owner == ""


def test_a_daemon_set_is_its_components_under_whatever_name_of_its_own() -> None:
    item = daemon_set()
    item["metadata"]["name"] = "images-1a2b3c4d"
    found = read_set(item)
    assert (found.name, found.component, found.desired) == ("images-1a2b3c4d", "images", 3)
    del item["status"]["desiredNumberScheduled"]
    assert read_set(item).desired == 0


def test_a_daemon_set_counts_the_ready_pods_of_the_latest_change_only() -> None:
    assert read_set(daemon_set(ready=2)).ready == 2
    assert read_set(daemon_set(ready=2, counted=False)).ready == 0
    assert read_set(daemon_set()).uid == "uid-of-images"


def test_the_nodes_are_not_counted_while_the_status_is_of_an_earlier_generation() -> None:
    assert read_set(daemon_set(counted=False)).desired is None


def test_an_event_says_of_what_it_is_why_and_when() -> None:
    found = observe.event(event("hostPath type check failed: /run/x.sock is not a socket file", "images-a", at=LATER))
    assert found == observe.Event("images-a", "socket missing: /run/x.sock is not a socket file", False, NOW + 90)
    busy = observe.event(event("timed out waiting for the condition"))
    assert busy is not None
    assert busy.passing
    bare = {"eventTime": "2026-01-01T00:00:00.250000Z", "reason": "FailedCreatePodSandBox"}
    assert observe.event(bare) == observe.Event("", "FailedCreatePodSandBox", True, NOW + 0.25)


@pytest.mark.parametrize(
    ("reason", "passing"),
    [("FailedMount", False), ("FailedCreate", False), ("FailedCreatePodSandBox", True), ("NetworkNotReady", True)],
)
def test_a_sandbox_and_a_network_may_come_up_later(reason: str, passing: bool) -> None:
    found = observe.event(event("oddly wrong", reason=reason))
    assert found is not None
    assert (found.why, found.passing) == ("oddly wrong", passing)


def test_an_event_that_says_nothing_of_a_start_is_left_out() -> None:
    assert observe.event(event("back-off restarting failed container", reason="BackOff")) is None
    other = event("Error creating: forbidden", reason="FailedCreate")
    other["involvedObject"]["kind"] = "ReplicaSet"
    assert observe.event(other) is None


@pytest.mark.parametrize(
    ("time", "seconds"), [("1970-01-01T00:01:00Z", 60), ("1970-01-01T00:01:00.25Z", 60.25), (None, None), ("", None)]
)
def test_times_are_read_with_fractions_and_without(time: str | None, seconds: float | None) -> None:
    assert seconds_of(time) == seconds
