"""What is read from one pod, to the last field."""

from __future__ import annotations

import pytest
from prepull.status import observe
from prepull.status.observe import FAILED, PRESENT, PULLING, WAITING, Image, names_of
from prepull.status.times import seconds_of

from ..cluster.objects import (
    DIGEST,
    FINISHED,
    HELD,
    KUBELET,
    LIST,
    MOUNTED,
    NAMES,
    Data,
    daemon_set,
    ended,
    event,
    pod,
    read_pod,
    read_set,
    reported,
    waiting,
)

NOW = seconds_of(FINISHED) or 0.0
LATER = "2026-01-01T00:01:30Z"


def images_of(item: Data) -> list[Image]:
    return list(read_pod(item).images)


def after(run: Data, backoff: str = "back-off 40s restarting failed container=pull pod=x") -> Data:
    """A pod whose puller has run, and waits to run again."""
    status = {**waiting("pull", "CrashLoopBackOff", backoff), "lastState": run}
    return pod("a", initContainerStatuses=[status])


# ---------------------------------------------------------------- the puller's report


def test_what_stops_all_images_is_final_and_says_when_the_kubelet_tries_again() -> None:
    stopped = after(ended("prepull 1 error no container runtime socket found"))
    reason = "no container runtime socket found"
    assert images_of(stopped) == [Image(FAILED, reason=reason, next_try=NOW + 40, final=True)] * 2


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"reason": "OOMKilled"}, "the puller ended without a report: OOMKilled, code 137"),
        ({}, "the puller ended without a report: Error, code 137"),
    ],
)
@pytest.mark.parametrize("message", [None, "", "some other words"])
def test_a_run_without_a_report_is_not_final(more: Data, why: str, message: str | None) -> None:
    item = after(ended(message, code=137, **more), "back-off 5m0s restarting failed container=pull pod=x")
    assert images_of(item) == [Image(FAILED, reason=why, next_try=NOW + 300)] * 2


def test_a_run_that_succeeded_has_put_every_image_there_whatever_became_of_its_report() -> None:
    item = pod("a", initContainerStatuses=[{"name": "pull", "state": ended("cut off", code=0)}])
    assert images_of(item) == [Image(PRESENT)] * 2


def test_a_failure_has_all_that_the_report_says() -> None:
    failed, present = images_of(after(reported_run("0 failed 5 30.400 timed out", f"1 present {DIGEST} 7 0.500 2")))
    assert failed == Image(
        FAILED, seconds=30.4, attempts=5, of_attempts=5, reason="timed out", next_try=NOW + 40, final=True
    )
    assert present == Image(PRESENT, DIGEST, 7, 0.5, 2)


def reported_run(*lines: str) -> Data:
    state: Data = reported("a", *lines, code=1)["status"]["initContainerStatuses"][0]["state"]
    return state


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        # All are there, and the lines that say so had no room.
        ("prepull 1 images=2 present=2 failed=0 seconds=1.000", Image(PRESENT)),
        (
            "prepull 1 images=2 present=1 failed=1 seconds=1.000",
            Image(FAILED, reason="not in the report", next_try=NOW + 40),
        ),
        (
            "prepull 1 images=2 present=2 failed=0 seconds=1.000\nmore...",
            Image(FAILED, reason="not in the report", next_try=NOW + 40),
        ),
    ],
)
def test_an_image_that_the_report_does_not_name(message: str, expected: Image) -> None:
    assert images_of(after(ended(message))) == [expected] * 2


def test_there_is_no_next_try_where_the_kubelet_names_none() -> None:
    item = after(ended(code=137), "restarting failed container")
    assert [image.next_try for image in images_of(item)] == [None, None]


def test_a_run_that_was_ended_from_outside_leaves_the_report_of_the_one_before() -> None:
    runs = {"state": ended(code=143), "lastState": ended("prepull 1 images=2 present=2 failed=0 seconds=1.000", code=0)}
    assert images_of(pod("a", initContainerStatuses=[{"name": "pull", **runs}])) == [Image(PRESENT)] * 2


# ---------------------------------------------------------------- the kubelet's own pulls


def test_the_kubelet_pulls_one_after_another_each_from_the_end_of_the_one_before() -> None:
    first = {"name": "pull-0", "imageID": f"docker.io/library/nginx@{DIGEST}", **state(ended(code=0))}
    first["state"]["terminated"]["finishedAt"] = LATER
    item = pod("a", KUBELET, startTime=FINISHED, initContainerStatuses=[first, waiting("pull-1", "PodInitializing")])
    assert images_of(item) == [Image(PRESENT, DIGEST), Image(PULLING, since=NOW + 90)]


def state(of: Data) -> Data:
    return {"state": of}


def test_the_first_is_pulled_from_the_pods_start_and_the_others_wait_for_it() -> None:
    statuses = [waiting("pull-0", "PodInitializing"), waiting("pull-1", "PodInitializing")]
    item = pod("a", KUBELET, startTime=FINISHED, initContainerStatuses=statuses)
    assert images_of(item) == [Image(PULLING, since=NOW), Image(WAITING)]


def test_one_that_ended_badly_keeps_the_next_one_waiting_and_is_there() -> None:
    statuses = [{"name": "pull-0", **state(ended(code=1))}, waiting("pull-1", "PodInitializing")]
    item = pod("a", KUBELET, startTime=FINISHED, initContainerStatuses=statuses)
    assert images_of(item) == [Image(PRESENT), Image(WAITING)]


def test_with_hold_all_are_pulled_from_the_pods_start() -> None:
    statuses = [waiting("hold-0", "ContainerCreating"), waiting("hold-1", "ContainerCreating")]
    item = pod("a", HELD, startTime=FINISHED, containerStatuses=statuses)
    assert images_of(item) == [Image(PULLING, since=NOW)] * 2


@pytest.mark.parametrize("identity", ["", "docker.io/library/nginx:1.27", "sha512:0123"])
@pytest.mark.parametrize("seen", [{"state": {"running": {}}}, {"lastState": ended(code=0)}])
def test_a_container_that_has_started_has_its_image_with_a_digest_or_without(identity: str, seen: Data) -> None:
    item = pod("a", KUBELET, initContainerStatuses=[{"name": "pull-0", "imageID": identity, **seen}])
    assert images_of(item)[0] == Image(PRESENT)


@pytest.mark.parametrize(
    ("reason", "message", "expected"),
    [
        ("ErrImagePull", "x: not found", Image(FAILED, reason="manifest unknown", final=True)),
        ("ErrImagePull", "dial tcp: i/o  timeout", Image(FAILED, reason="dial tcp: i/o timeout")),
        ("ImagePullBackOff", "", Image(FAILED, reason="ImagePullBackOff")),
        (
            "CreateContainerError",
            "no  such thing",
            Image(FAILED, reason="its container cannot start: no such thing", final=True),
        ),
    ],
)
def test_what_keeps_a_container_from_its_image(reason: str, message: str, expected: Image) -> None:
    item = pod("a", KUBELET, startTime=FINISHED, initContainerStatuses=[waiting("pull-0", reason, message)])
    assert images_of(item) == [expected, Image(WAITING)]


def test_a_container_of_no_image_in_the_list_is_nobodys() -> None:
    item = pod("a", KUBELET, initContainerStatuses=[waiting("pull-7", "ErrImagePull", "x: not found")])
    assert images_of(item) == [Image(WAITING)] * 2


# ---------------------------------------------------------------- image volumes


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (
            f'Back-off pulling image "{NAMES[1]}": i/o timeout',
            'Back-off pulling image "quay.io/org/app:2": i/o timeout',
        ),
        (f'Failed to pull image "{NAMES[1]}": manifest unknown', "manifest unknown"),
    ],
)
def test_a_volume_whose_image_fails_is_named_in_the_message(message: str, expected: str) -> None:
    item = pod("a", MOUNTED, startTime=FINISHED, containerStatuses=[waiting("pause", "ImagePullBackOff", message)])
    final = expected == "manifest unknown"
    assert images_of(item) == [Image(PULLING, since=NOW), Image(FAILED, reason=expected, final=final)]


def test_volumes_wait_until_the_pod_has_started() -> None:
    assert images_of(pod("a", MOUNTED)) == [Image(WAITING)] * 2


# ---------------------------------------------------------------- the whole pod


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
        ({"phase": "Failed"}, None, False),
        ({"phase": "Pending", "reason": "Evicted"}, None, False),
        ({"initContainerStatuses": [waiting("pull", "PodInitializing")]}, None, False),
    ],
)
def test_what_keeps_the_whole_pod_from_starting(status: Data, problem: str | None, final: bool) -> None:
    found = read_pod(pod("a", **status))
    assert (found.problem, found.problem_final) == (problem, final)


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


@pytest.mark.parametrize(
    ("time", "seconds"), [("1970-01-01T00:01:00Z", 60), ("1970-01-01T00:01:00.25Z", 60.25), (None, None), ("", None)]
)
def test_times_are_read_with_fractions_and_without(time: str | None, seconds: float | None) -> None:
    assert seconds_of(time) == seconds


# ---------------------------------------------------------------- names


def test_names_are_in_the_order_of_their_numbers_and_others_are_left_out() -> None:
    containers = [{"name": f"pull-{index}", "image": f"image-{index}"} for index in (10, 2, 0)]
    others = [{"name": "programs", "image": "x"}, {"name": "7", "image": "x"}, {"name": "pull-x", "image": "x"}, {}]
    assert names_of({"initContainers": [*containers, *others]}) == ("image-0", "image-2", "image-10")


# ---------------------------------------------------------------- what the verdict needs beside it


def test_a_failure_says_when_it_was_found_out() -> None:
    made = pod("a", KUBELET, initContainerStatuses=[waiting("pull-0", "ImagePullBackOff", "x: not found")])
    made["metadata"]["creationTimestamp"] = LATER
    [backing_off, _] = read_pod(made).images
    made["status"]["initContainerStatuses"] = [waiting("pull-0", "ErrImagePull", "x: not found")]
    [just_now, _] = read_pod(made).images
    [_, reported_] = images_of(after(reported_run(f"0 present {DIGEST} 1 0.1 1", "1 failed 5 1.0 disk full")))
    assert (backing_off.at, just_now.at, reported_.at) == (NOW + 90, None, NOW)


@pytest.mark.parametrize(
    ("message", "cause"),
    [
        ("prepull 1 error no socket", "no image was pulled: no socket"),
        ("other words", "the puller ended without a report: Error, code 1"),
    ],
)
def test_what_befell_all_images_is_one_cause(message: str, cause: str) -> None:
    found = images_of(after(ended(message)))
    assert [(image.cause, image.at) for image in found] == [(cause, NOW)] * 2


def test_a_puller_that_runs_again_keeps_how_it_failed_before() -> None:
    last = reported_run(f"0 present {DIGEST} 7 0.500 2", "1 failed 5 30.400 disk full")
    status = {"name": "pull", "state": {"running": {"startedAt": LATER}}, "lastState": last}
    present, again = images_of(pod("a", initContainerStatuses=[status]))
    assert (present.state, present.earlier) == (PRESENT, None)
    assert (again.state, again.since) == (PULLING, NOW + 90)
    assert again.earlier == Image(FAILED, seconds=30.4, attempts=5, of_attempts=5, reason="disk full", final=True)


def test_where_a_report_names_every_failure_what_had_no_room_is_there() -> None:
    text = "prepull 1 images=2 present=1 failed=1 seconds=1.000\n0 failed disk full\nmore..."
    assert [image.state for image in images_of(after(ended(text)))] == [FAILED, PRESENT]


@pytest.mark.parametrize(("on_failure", "state"), [("retry", PRESENT), ("continue", FAILED)])
def test_a_good_end_without_a_report_says_something_only_of_a_puller_that_insists(on_failure: str, state: str) -> None:
    args = {**LIST, "on_failure": on_failure}
    item = pod("a", args, initContainerStatuses=[{"name": "pull", "state": ended("cut off", code=0)}])
    found = read_pod(item)
    assert [image.state for image in found.images] == [state] * 2
    assert found.complete is (state == PRESENT)


@pytest.mark.parametrize(
    ("status", "mounted"),
    [
        ({}, False),
        ({"conditions": [{"type": "PodReadyToStartContainers", "status": "True"}]}, True),
        ({"conditions": [{"type": "PodReadyToStartContainers", "status": "False"}]}, False),
        ({"initContainerStatuses": [waiting("pull", "PodInitializing")]}, False),
        ({"initContainerStatuses": [{"name": "pull", "state": {"running": {"startedAt": FINISHED}}}]}, True),
        ({"initContainerStatuses": [{"name": "pull", "lastState": ended()}]}, True),
        ({"containerStatuses": [{"name": "pause", "state": ended()}]}, True),
    ],
)
def test_volumes_are_mounted_once_the_sandbox_is_there_or_a_container_has_run(status: Data, mounted: bool) -> None:
    assert read_pod(pod("a", **status)).mounted is mounted


def test_a_pod_without_a_node_is_of_the_one_that_it_is_made_for() -> None:
    item = pod("")
    assert read_pod(item).node == ""
    field = {"key": "metadata.name", "operator": "In", "values": ["node-7"]}
    other = {"key": "metadata.uid", "operator": "In", "values": ["x"]}
    terms = [{"matchFields": [other]}, {"matchFields": [field]}]
    required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}
    item["spec"]["affinity"] = {"nodeAffinity": required}
    assert read_pod(item).node == "node-7"


@pytest.mark.parametrize(("args", "reports"), [(LIST, True), (KUBELET, False), (MOUNTED, False)])
def test_only_a_puller_reports(args: Data, reports: bool) -> None:
    assert read_pod(pod("a", args)).reports is reports


def test_who_judges_needs_no_digests() -> None:
    item = reported("a", f"0 present {DIGEST} 1 0.5 1", f"1 present {DIGEST} 1 0.5 1")
    assert read_pod(item, brief=True).images == (Image(PRESENT),) * 2
    failed = reported("a", f"0 present {DIGEST} 1 0.5 1", "1 failed 1 0.5 disk full", code=1)
    assert read_pod(failed, brief=True) == read_pod(failed)


def test_an_event_says_of_what_it_is_why_and_when() -> None:
    found = observe.event(event("hostPath type check failed: /run/x.sock is not a socket file", "images-a", at=LATER))
    assert found == observe.Event("images-a", "socket missing: /run/x.sock is not a socket file", False, NOW + 90)
    assert observe.event(event("timed out waiting for the condition")).passing
    bare = {"eventTime": "2026-01-01T00:00:00.250000Z"}
    assert observe.event(bare) == observe.Event("", "", False, NOW + 0.25)


def test_a_daemon_set_counts_the_ready_pods_of_the_latest_change_only() -> None:
    assert read_set(daemon_set(ready=2)).ready == 2
    assert read_set(daemon_set(ready=2, counted=False)).ready == 0
    assert read_set(daemon_set()).uid == "uid-of-images"
