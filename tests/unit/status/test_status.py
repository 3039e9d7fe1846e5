"""The status from DaemonSets, pods, events and logs, by tables of cases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from prepull.status import observe
from prepull.status.nodes import Status, status
from prepull.status.observe import FAILED, PRESENT, PULLING, WAITING, Image
from prepull.status.progress import Progress, with_log
from prepull.status.times import seconds_of
from prepull.status.verdict import FAIL, GO, WAIT, Judge, judge, needed

from ..cluster.objects import (
    DIGEST,
    FINISHED,
    HELD,
    KUBELET,
    MOUNTED,
    NAMES,
    Data,
    daemon_set,
    event,
    pod,
    read_pod,
    read_set,
    reported,
    running,
    there,
    waiting,
)

NOW = seconds_of(FINISHED) or 0.0
BACKOFF = waiting("pull", "CrashLoopBackOff", "back-off 2m40s restarting failed container=pull pod=x")["state"]
PROGRAMS = {"name": "programs", "state": {"terminated": {"exitCode": 0, "finishedAt": FINISHED}}}


def images_of(item: Data) -> list[Image]:
    return list(read_pod(item).images)


def seen(
    *pods: Data,
    desired: int = 3,
    args: Data | None = None,
    steps: Mapping[str, Any] | None = None,
    events: Sequence[Data] = (),
) -> Status:
    found = [with_log(read_pod(each), (steps or {}).get(each["metadata"]["name"], {})) for each in pods]
    told = [observe.event(each) for each in events]
    return status(read_set(daemon_set(args, desired=desired)), found, told)


# ---------------------------------------------------------------- runtimes with a socket


def test_a_report_gives_digest_size_seconds_and_attempts() -> None:
    assert images_of(there("a")) == [
        Image(PRESENT, DIGEST, 70212345, 0.84, 1),
        Image(PRESENT, DIGEST, 52428800, 2.11, 2),
    ]


def test_a_failure_has_its_reason_and_the_next_run() -> None:
    item = reported("a", "1 failed 5 30.400 manifest unknown", f"0 present {DIGEST} 1 0.500 1", code=1)
    [container] = item["status"]["initContainerStatuses"]
    container["lastState"], container["state"] = container["state"], BACKOFF

    present, failed = images_of(item)

    assert present.state == PRESENT
    assert (failed.state, failed.reason, failed.attempts, failed.final) == (FAILED, "manifest unknown", 5, True)
    assert failed.next_try == NOW + 160


def test_a_shortened_report_says_less() -> None:
    present, failed = images_of(reported("a", "0 present", "1 failed unauthorized", code=1))
    assert present == Image(PRESENT)
    assert (failed.state, failed.reason, failed.attempts) == (FAILED, "unauthorized", None)


def test_what_stops_all_images_is_the_reason_of_each() -> None:
    ended = {"exitCode": 1, "finishedAt": FINISHED, "message": "prepull 1 error no container runtime socket found\n"}
    item = pod("a", initContainerStatuses=[{"name": "pull", "state": {"terminated": ended}}])
    assert [image.reason for image in images_of(item)] == ["no container runtime socket found"] * 2


def test_a_puller_that_was_killed_leaves_no_report() -> None:
    ended = {"exitCode": 137, "reason": "OOMKilled", "finishedAt": FINISHED}
    item = pod("a", initContainerStatuses=[{"name": "pull", "state": {"terminated": ended}}])
    for image in images_of(item):
        assert (image.state, image.final) == (FAILED, False)
        assert image.reason == "the puller ended without a report: OOMKilled, code 137"


def test_a_puller_that_runs_is_pulling_and_in_its_second_run_what_failed() -> None:
    assert images_of(running("a")) == [Image(PULLING, since=NOW)] * 2
    before = reported("a", "1 failed 5 30.400 timed out", f"0 present {DIGEST} 1 0.500 1", code=1)
    last = before["status"]["initContainerStatuses"][0]["state"]
    again = images_of(running("a", lastState=last))
    assert again == [Image(PRESENT, DIGEST, 1, 0.5, 1), Image(PULLING, since=NOW)]


def test_a_pod_without_status_waits() -> None:
    assert images_of(pod("a")) == [Image(WAITING)] * 2
    assert images_of(pod("a", initContainerStatuses=[waiting("pull", "PodInitializing")])) == [Image(WAITING)] * 2


def test_the_log_of_a_running_puller_says_which_image() -> None:
    progress = Progress()
    for second, line in enumerate(
        [
            "using crictl on /run/containerd/containerd.sock",
            f"pulling {NAMES[0]} (attempt 1 of 5)",
            f"pulling {NAMES[1]} (attempt 1 of 5)",
            f"pulled {NAMES[0]} in 1.250 s",
            f"failed {NAMES[1]} (attempt 1 of 5): too many requests; next attempt in 4.100 s",
            "    some words of the client",
        ]
    ):
        progress.read(line, NOW + second)

    [node] = seen(running("a"), steps={"images-a": progress.steps}).nodes

    assert node.pod.images[0] == Image(PRESENT, seconds=1.25)
    failed = node.pod.images[1]
    assert (failed.state, failed.reason, failed.attempts, failed.of_attempts) == (FAILED, "too many requests", 1, 5)
    assert failed.next_try == NOW + 4 + 4.1
    assert not failed.final


def test_a_node_counts_once_its_puller_has_reported() -> None:
    progress = Progress()
    for second, name in enumerate(NAMES):
        progress.read(f"pulled {name} in 0.100 s", NOW + second)

    found = seen(running("a"), steps={"images-a": progress.steps}, desired=1)

    assert [image.state for image in found.nodes[0].pod.images] == [PRESENT, PRESENT]
    assert found.complete == 0
    assert judge(found, "100%", settled=True, late=False).outcome == WAIT
    assert judge(seen(there("a"), desired=1), "100%", settled=True, late=False).outcome == GO


def test_a_log_that_has_not_named_an_image_yet_leaves_it_waiting() -> None:
    progress = Progress()
    progress.read(f"pulling {NAMES[0]} (attempt 2 of 5)", NOW + 3)
    [node] = seen(running("a"), steps={"images-a": progress.steps}).nodes
    assert node.pod.images == (Image(PULLING, since=NOW + 3, attempts=2, of_attempts=5), Image(WAITING))


def test_the_log_of_an_earlier_run_is_forgotten() -> None:
    progress = Progress()
    progress.read(f"failed {NAMES[0]} after 5 attempts in 9.000 s: disk full", NOW)
    assert progress.steps[NAMES[0]].next_try is None
    progress.read("using docker on /var/run/docker.sock", NOW + 9)
    assert progress.steps == {}


# ---------------------------------------------------------------- the kubelet's runtimes


def pull(index: int, **state: Any) -> Data:
    return {"name": f"pull-{index}", "image": NAMES[index], "imageID": f"quay.io/x@{DIGEST}", "state": state}


ENDED = {"terminated": {"exitCode": 0, "finishedAt": FINISHED}}


@pytest.mark.parametrize(
    ("args", "status_", "expected"),
    [
        (KUBELET, {"initContainerStatuses": [PROGRAMS, pull(0, **ENDED), pull(1, **ENDED)]}, [PRESENT, PRESENT]),
        (
            KUBELET,
            {"initContainerStatuses": [PROGRAMS, pull(0, **ENDED), waiting("pull-1", "PodInitializing")]},
            [PRESENT, PULLING],
        ),
        (
            KUBELET,
            {"initContainerStatuses": [waiting("programs", "PodInitializing"), waiting("pull-0", "PodInitializing")]},
            [WAITING, WAITING],
        ),
        (
            KUBELET,
            {
                "initContainerStatuses": [
                    PROGRAMS,
                    waiting("pull-0", "ImagePullBackOff", 'Back-off pulling image "x": not found'),
                    waiting("pull-1", "PodInitializing"),
                ]
            },
            [FAILED, WAITING],
        ),
        (
            HELD,
            {
                "initContainerStatuses": [PROGRAMS],
                "containerStatuses": [
                    waiting("hold-0", "ContainerCreating"),
                    {"name": "hold-1", "imageID": DIGEST, "state": {"running": {}}},
                    waiting("pause", "ContainerCreating"),
                ],
            },
            [PULLING, PRESENT],
        ),
        (MOUNTED, {"containerStatuses": [{"name": "pause", "state": {"running": {}}}]}, [PRESENT, PRESENT]),
        (
            MOUNTED,
            {"startTime": FINISHED, "containerStatuses": [waiting("pause", "ContainerCreating")]},
            [PULLING, PULLING],
        ),
        (
            MOUNTED,
            {
                "startTime": FINISHED,
                "containerStatuses": [
                    waiting("pause", "ImagePullBackOff", f'Back-off pulling image "{NAMES[1]}": manifest unknown', "p")
                ],
            },
            [PULLING, FAILED],
        ),
    ],
)
def test_the_states_of_the_kubelets_runtimes(args: Data, status_: Data, expected: list[str]) -> None:
    observed = read_pod(pod("a", args, **status_))
    assert observed.names == tuple(NAMES)
    assert [image.state for image in observed.images] == expected
    assert observed.problem is None


def test_the_kubelets_images_have_the_digest_that_it_pulled() -> None:
    [image, _] = images_of(pod("a", KUBELET, initContainerStatuses=[PROGRAMS, pull(0, **ENDED)]))
    assert image.digest == DIGEST


@pytest.mark.parametrize(
    ("message", "reason", "final"),
    [
        ('failed to resolve reference "x": x: not found', "manifest unknown", True),
        ("authorization failed: insufficient_scope", "unauthorized, or no such repository", True),
        ("401 Unauthorized", "unauthorized", True),
        ("dial tcp: lookup nowhere.invalid: no such host", "host not found", True),
        ("net/http: TLS handshake\n timeout", "net/http: TLS handshake timeout", False),
        ("", "ErrImagePull", False),
    ],
)
def test_what_the_kubelet_says_is_told_in_the_pullers_words(message: str, reason: str, final: bool) -> None:
    [image, _] = images_of(
        pod("a", KUBELET, initContainerStatuses=[PROGRAMS, waiting("pull-0", "ErrImagePull", message)])
    )
    assert (image.state, image.reason, image.final) == (FAILED, reason, final)


# ---------------------------------------------------------------- pods that cannot start


def test_a_pod_that_fits_nowhere_names_its_node_and_why() -> None:
    item = pod("", conditions=[{"type": "PodScheduled", "status": "False", "message": "Insufficient cpu."}])
    field = {"key": "metadata.name", "operator": "In", "values": ["node-7"]}
    required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [{"matchFields": [field]}]}}
    item["spec"]["affinity"] = {"nodeAffinity": required}

    observed = read_pod(item)

    assert observed.node == "node-7"
    assert observed.problem == "the pod cannot be scheduled: Insufficient cpu."


def test_a_helper_image_that_is_missing_is_the_pods_problem() -> None:
    item = pod("a", initContainerStatuses=[waiting("pull", "ErrImagePull", 'pull "p": not found', "p:1")])
    assert read_pod(item).problem == "image p:1: manifest unknown", "whatever name it is quoted under"
    item = pod("a", initContainerStatuses=[waiting("pull", "ErrImagePull", 'pull "p:1": not found', "p:1")])
    assert read_pod(item).problem == "image p:1: manifest unknown"


def test_an_event_says_that_the_socket_is_missing_until_the_pod_has_started() -> None:
    no_socket = "hostPath type check failed: /run/x.sock is not a socket file"
    events = [event(no_socket, "images-a"), event("old", "images-b"), event("old", "images-c")]
    mounted = pod("c", conditions=[{"type": "PodReadyToStartContainers", "status": "True"}])
    a, b, c = seen(pod("a"), there("b"), mounted, events=events).nodes
    assert a.pod.problem == "the pod cannot start: socket missing: /run/x.sock is not a socket file"
    assert b.pod.problem is None
    assert c.pod.problem is None


# ---------------------------------------------------------------- the whole


def test_totals_count_every_node_that_is_wanted() -> None:
    found = seen(there("a"), running("b"), desired=4)
    assert found.totals == {PRESENT: 2, PULLING: 2, WAITING: 4, FAILED: 0}
    assert (found.complete, found.desired) == (1, 4)
    assert [node.name for node in found.nodes] == ["a", "b"]


def test_a_pod_of_an_earlier_list_is_outdated_and_counts_for_nothing() -> None:
    old = reported("a", f"0 present {DIGEST} 1 0.500 1", args={"images": ["nginx:1.26"]})
    found = seen(old, desired=1)
    assert found.nodes[0].outdated
    assert (found.complete, found.totals[WAITING]) == (0, 2)
    for both in ([old, there("a")], [there("a"), old]):
        both[0]["metadata"]["name"] += "-x"
        [node] = seen(*both, desired=1).nodes
        assert not node.outdated


def test_pods_of_another_component_are_left_out() -> None:
    assert seen(pod("a", owner="others")).nodes == ()


def test_the_nodes_are_not_counted_while_the_status_is_of_an_earlier_generation() -> None:
    assert read_set(daemon_set(counted=False)).desired is None


# ---------------------------------------------------------------- the verdict


@pytest.mark.parametrize(
    ("min_ready", "desired", "expected"),
    [("100%", 3, 3), ("90%", 3, 3), ("50%", 3, 2), ("34%", 3, 2), ("1%", 3, 1), ("7%", 100, 7), ("2", 3, 2)],
)
def test_a_share_is_rounded_up(min_ready: str, desired: int, expected: int) -> None:
    assert needed(min_ready, desired) == expected


NEVER = ("0 failed 2 9.000 manifest unknown", "1 failed 2 9.000 unauthorized")


def test_enough_nodes_let_go() -> None:
    verdict = judge(seen(there("a"), there("b"), reported("c", *NEVER, code=1)), "60%", settled=False, late=False)
    assert (verdict.outcome, verdict.lines) == (GO, ("2 of 3 nodes have all 2 images",))


def test_it_fails_once_too_many_nodes_are_lost_and_names_them() -> None:
    verdict = judge(seen(there("a"), running("b"), reported("c", *NEVER, code=1)), "100%", settled=False, late=False)
    assert verdict.outcome == FAIL
    assert verdict.lines == (
        "1 of 3 nodes have all images, and 3 are needed",
        f"image {NAMES[0]}: manifest unknown (1 of 3 nodes: c)",
        f"image {NAMES[1]}: unauthorized (1 of 3 nodes: c)",
    )


def test_it_waits_for_what_is_tried_again() -> None:
    progress = Progress()
    progress.read(f"failed {NAMES[0]} (attempt 1 of 5): timed out; next attempt in 4.000 s", NOW)
    found = seen(there("a"), there("b"), running("c"), steps={"images-c": progress.steps})
    assert judge(found, "100%", settled=True, late=False).outcome == WAIT


def test_when_the_time_is_up_it_says_who_is_silent() -> None:
    verdict = judge(seen(there("a"), running("b"), running("c")), "100%", settled=True, late=True)
    assert verdict.outcome == FAIL
    assert verdict.lines[-1] == "no word yet from 2 nodes: b, c"


def test_what_looks_certain_too_early_waits() -> None:
    found = seen(pod("a"), desired=1, events=[event("hostPath type check failed: /x is not a socket file")])
    assert judge(found, "100%", settled=False, late=False).outcome == WAIT
    verdict = judge(found, "100%", settled=True, late=False)
    assert verdict.outcome == FAIL
    assert verdict.lines[1].startswith("the pod cannot start: socket missing: /x")


@pytest.mark.parametrize(
    ("of", "problem"),
    [
        ("images-a", "failed to sync configmap cache: timed out waiting for the condition"),
        ("images", "Internal error occurred: failed calling webhook: connection refused"),
    ],
)
def test_what_busy_nodes_and_api_servers_get_over_waits_and_is_then_told(of: str, problem: str) -> None:
    pods = [pod("a")] if of == "images-a" else []
    found = seen(*pods, desired=1, events=[event(problem, of)])
    assert judge(found, "100%", settled=True, late=False).outcome == WAIT
    verdict = judge(found, "100%", settled=True, late=True)
    assert verdict.outcome == FAIL
    assert problem in verdict.lines[1]


def test_no_node_is_a_failure_that_says_so() -> None:
    assert judge(seen(desired=0), "100%", settled=False, late=False).outcome == WAIT
    verdict = judge(seen(desired=0), "100%", settled=True, late=False)
    assert verdict.lines == ("no node matches: the node selector, the affinity and the tolerations leave none",)


def test_pods_that_are_refused_count_as_lost() -> None:
    refusal = 'pods "images-x" is forbidden: violates PodSecurity "restricted:latest": hostPath volumes'
    verdict = judge(seen(events=[event(refusal, "images", reason="FailedCreate")]), "100%", settled=True, late=False)
    assert verdict.outcome == FAIL
    assert verdict.lines[1] == f"the pod was refused: {refusal} (1 of 3 nodes: 3 without a pod)"


def test_at_most_ten_lines_and_five_names() -> None:
    args = {"images": [f"quay.io/x/y:{index}" for index in range(20)]}
    lines = [f"{index} failed 1 1.000 reason {index}" for index in range(20)]
    pods = [reported(f"n{index}", *lines, args=args, code=1) for index in range(9)]
    verdict = judge(seen(*pods, desired=9, args=args), "100%", settled=True, late=False)
    assert len(verdict.lines) == 10
    assert verdict.lines[1].endswith("(9 of 9 nodes: n0, n1, n2, n3, n4, ...)")
    assert verdict.lines[-1] == "and 12 more"


def test_five_names_are_all_of_five() -> None:
    pods = [reported(f"n{index}", *NEVER, code=1) for index in range(5)]
    verdict = judge(seen(*pods, desired=5), "100%", settled=True, late=False)
    assert verdict.lines[1].endswith("(5 of 5 nodes: n0, n1, n2, n3, n4)")


def test_what_a_puller_found_before_it_was_started_again_is_told_when_the_time_is_up() -> None:
    last = reported("a", "0 failed 2 9.000 timed out", "1 present", code=1)["status"]["initContainerStatuses"][0][
        "state"
    ]
    found = seen(running("a", lastState=last), desired=1)
    assert judge(found, "100%", settled=True, late=False).outcome == WAIT
    verdict = judge(found, "100%", settled=True, late=True)
    assert verdict.lines[1:] == (f"image {NAMES[0]}: timed out (1 of 1 nodes: a)",)
    # Who knows since when it counts need not wait for this run.
    assert judge(found, "100%", settled=True, late=False, since=NOW).outcome == FAIL
    assert judge(found, "100%", settled=True, late=False, since=NOW + 1).outcome == WAIT


# ---------------------------------------------------------------- the verdict over time


def course(*looks: tuple[float, Status], min_ready: str = "100%", timeout: float = 600) -> list[str]:
    """The decision at each moment."""
    decides = Judge(min_ready, timeout)
    return [decides.decide([found], passed).outcome for passed, found in looks]


def lost(*names: str) -> Status:
    """Two nodes, of which these have failed."""
    return seen(*(reported(name, *NEVER, code=1) if name in names else running(name) for name in ("a", "b")), desired=2)


def counted(ready: int, *, pods_ready: int = 3, desired: int = 3) -> Status:
    """Three nodes with every image, of which the DaemonSet's controller counts so many as ready."""
    pods = [there(name) for name in ("a", "b", "c")]
    for item in pods[:pods_ready]:
        item["status"]["conditions"] = [{"type": "Ready", "status": "True"}]
    return status(read_set(daemon_set(desired=desired, ready=ready)), [read_pod(each) for each in pods])


@pytest.mark.parametrize(
    ("looks", "expected"),
    [
        # Nodes that are behind are waited for, to be named as well.
        ([(10, lost("a")), (17, lost("a")), (18, lost("a"))], [WAIT, WAIT, FAIL]),
        ([(10, lost("a")), (11, lost("a", "b")), (12, lost("a", "b"))], [WAIT, WAIT, FAIL]),
        # A failure that is taken back begins anew.
        ([(10, lost("a")), (12, lost()), (17, lost("a")), (24, lost("a")), (25, lost("a"))], [WAIT] * 4 + [FAIL]),
        ([(600, lost("a"))], [FAIL]),
        ([(7, seen(desired=0)), (8, seen(desired=0)), (10, seen(desired=0))], [WAIT, WAIT, FAIL]),
    ],
)
def test_what_is_certain_has_to_stand_for_a_moment(looks: list[tuple[float, Status]], expected: list[str]) -> None:
    assert course(*looks) == expected


@pytest.mark.parametrize(
    ("looks", "min_ready", "expected"),
    [
        ([(1, counted(0)), (2, counted(2)), (3, counted(3))], "100%", [WAIT, WAIT, GO]),
        # Not for more than is needed.
        ([(1, counted(0)), (2, counted(2))], "2", [WAIT, GO]),
        # A count that never comes.
        ([(1, counted(2)), (120, counted(2)), (121, counted(2))], "100%", [WAIT, WAIT, GO]),
        # A pod that has pulled and does not become ready.
        (
            [(1, counted(2, pods_ready=2)), (8, counted(2, pods_ready=2)), (9, counted(2, pods_ready=2))],
            "100%",
            [WAIT, WAIT, GO],
        ),
        # When the time is up, the images are what counts.
        ([(600, counted(0))], "100%", [GO]),
    ],
)
def test_it_lets_through_once_the_daemon_set_counts_the_nodes_too(
    looks: list[tuple[float, Status]], min_ready: str, expected: list[str]
) -> None:
    assert course(*looks, min_ready=min_ready) == expected


def test_each_component_has_to_have_its_images_and_one_that_fails_is_enough() -> None:
    there_, failed, pulling = counted(3), lost("a", "b"), seen(running("a"), desired=1)
    for both, expected in (([there_, pulling], WAIT), ([there_, there_], GO), ([there_, failed], FAIL)):
        judged = Judge("100%", 600)
        judged.decide(both, 10)
        assert judged.decide(both, 20).outcome == expected
