"""The verdict on a status, and over time."""

from __future__ import annotations

import pytest
from prepull.status.nodes import Status, status
from prepull.status.progress import Progress
from prepull.status.verdict import FAIL, GO, LINE_LENGTH, WAIT, Judge, judge, needed

from ..cluster.objects import KUBELET, NAMES, daemon_set, event, pod
from ..cluster.pods import MANY, many, reported, run_of, running, stuck, there
from ..cluster.reading import NOW, read_pod, read_set, seen
from ..cluster.verdicts import NOWHERE


@pytest.mark.parametrize(
    ("min_ready", "desired", "expected"),
    [("100%", 3, 3), ("90%", 3, 3), ("50%", 3, 2), ("34%", 3, 2), ("1%", 3, 1), ("7%", 100, 7), ("2", 3, 2)],
)
def test_a_share_is_rounded_up(min_ready: str, desired: int, expected: int) -> None:
    assert needed(min_ready, desired) == expected


WAY_OUT = "unauthorized: set image_pull_secrets; for nodes' own credentials, credential_provider or runtime: kubelet"
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
        WAY_OUT,
    )


OF_PLATFORM = (
    "no image for this platform: set kubernetes.io/arch in node_selector, or build the image for these nodes too"
)


def test_nodes_of_another_architecture_are_told_how_to_leave_them_out() -> None:
    never = ("0 failed 2 9.000 no image for this platform", "1 failed 2 9.000 manifest unknown")
    verdict = judge(seen(there("a"), running("b"), reported("c", *never, code=1)), "100%", settled=False, late=False)
    assert verdict.lines[1:] == (
        f"image {NAMES[0]}: no image for this platform (1 of 3 nodes: c)",
        f"image {NAMES[1]}: manifest unknown (1 of 3 nodes: c)",
        OF_PLATFORM,
    )
    item = stuck("hold-0", "ErrImagePull", "no match for platform in manifest: not found", NAMES[0], KUBELET)
    verdict = judge(seen(item, desired=1, args=KUBELET), "100%", settled=True, late=False)
    assert OF_PLATFORM in verdict.lines


def test_the_kubelet_has_its_own_credentials_so_only_the_puller_is_helped() -> None:
    item = stuck("hold-1", "ErrImagePull", "401 Unauthorized", NAMES[1], KUBELET)
    verdict = judge(seen(item, desired=1, args=KUBELET), "100%", settled=True, late=False)
    assert verdict.lines[1:] == (f"image {NAMES[1]}: unauthorized (1 of 1 nodes: a)",)


def test_a_long_name_leaves_room_for_the_reason_and_the_nodes() -> None:
    name, node = "registry.example/" + "x/" * 110 + "y:1", "node-" + "x" * 100
    item = reported(node, "0 failed 1 1.000 manifest unknown", args={"images": [name]}, code=1)
    others = [
        reported(f"{node}{index}", "0 failed 1 1.000 manifest unknown", args={"images": [name]}, code=1)
        for index in range(4)
    ]
    verdict = judge(seen(item, *others, desired=5, args={"images": [name]}), "100%", settled=True, late=False)
    line = verdict.lines[1]
    assert len(line) <= LINE_LENGTH
    assert line.startswith("image registry.example/x/")
    assert "y:1: manifest unknown (5 of 5 nodes: node-x" in line


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
    assert verdict.lines == (NOWHERE,)


@pytest.mark.parametrize("min_ready", ["0", "0%", "000"])
def test_where_no_node_is_needed_it_goes_on_once_the_nodes_are_counted(min_ready: str) -> None:
    uncounted = status(read_set(daemon_set(desired=0, counted=False)), [])
    assert judge(uncounted, min_ready, settled=True, late=False).outcome == WAIT
    assert judge(seen(desired=0), min_ready, settled=False, late=False).outcome == GO


def test_where_no_node_is_needed_failures_have_a_moment_to_show() -> None:
    failed = reported("c", *NEVER, code=1)
    found = seen(there("a"), running("b"), failed)
    assert judge(found, "0", settled=False, late=False).outcome == WAIT
    for settled, late in ((True, False), (False, True)):
        verdict = judge(found, "0", settled=settled, late=late)
        assert verdict.outcome == GO
        assert verdict.lines == (
            "1 of 3 nodes have all images, and none is needed",
            f"warning: image {NAMES[0]}: manifest unknown (1 of 3 nodes: c)",
            f"warning: image {NAMES[1]}: unauthorized (1 of 3 nodes: c)",
        )
    # Nothing more can come.
    assert judge(seen(there("a"), failed, desired=2), "0", settled=False, late=False).outcome == GO


def test_pods_that_are_refused_count_as_lost() -> None:
    refusal = 'pods "images-x" is forbidden: violates PodSecurity "restricted:latest": hostPath volumes'
    verdict = judge(seen(events=[event(refusal, "images", reason="FailedCreate")]), "100%", settled=True, late=False)
    assert verdict.outcome == FAIL
    assert verdict.lines[1] == f"the pod was refused: {refusal} (1 of 3 nodes: 3 without a pod)"


def test_at_most_ten_lines_and_five_names() -> None:
    pods = [many(f"n{index}") for index in range(9)]
    verdict = judge(seen(*pods, desired=9, args=MANY), "100%", settled=True, late=False)
    assert len(verdict.lines) == 10
    assert verdict.lines[1].endswith("(9 of 9 nodes: n0, n1, n2, n3, n4, ...)")
    assert verdict.lines[-1] == "and 12 more"


def test_five_names_are_all_of_five() -> None:
    pods = [reported(f"n{index}", *NEVER, code=1) for index in range(5)]
    verdict = judge(seen(*pods, desired=5), "100%", settled=True, late=False)
    assert verdict.lines[1].endswith("(5 of 5 nodes: n0, n1, n2, n3, n4)")


def test_what_a_puller_found_before_it_was_started_again_is_told_when_the_time_is_up() -> None:
    last = run_of(reported("a", "0 failed 2 9.000 timed out", "1 present", code=1))
    found = seen(running("a", lastState=last), desired=1)
    assert judge(found, "100%", settled=True, late=False).outcome == WAIT
    verdict = judge(found, "100%", settled=True, late=True)
    assert verdict.lines[1:] == (f"image {NAMES[0]}: timed out (1 of 1 nodes: a)",)
    # Who knows since when it counts need not wait for this run.
    assert judge(found, "100%", settled=True, late=False, since=NOW).outcome == FAIL
    assert judge(found, "100%", settled=True, late=False, since=NOW + 1).outcome == WAIT


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
        # Where no node is needed, nobody waits for the count.
        ([(1, counted(0)), (2, counted(0))], "0", [GO, GO]),
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
