"""`prepull wait`: exit codes, the lines of a script's log, and watches that break."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from prepull.status import verdict

from ..cluster.fake_api import FakeApi
from ..cluster.objects import DIGEST, NAMES, Data, condition, daemon_set, event, gate_job, gate_pod, waiting
from ..cluster.pods import reported, running, there
from .conftest import Prepull

Meanwhile = Callable[..., None]


def start(api: FakeApi, desired: int = 2) -> None:
    api.items["daemonsets"] = [daemon_set(desired=desired)]
    api.items["pods"] = [running("node-a"), running("node-b")]


def watched(api: FakeApi, times: int = 1) -> Callable[[], bool]:
    return lambda: api.times("/pods?", "watch") >= times


def test_there_already(api: FakeApi, prepull: Prepull) -> None:
    start(api)
    api.items["pods"] = [there("node-a"), there("node-b")]
    ran = prepull("wait", "images")
    assert (ran.code, ran.out, ran.err) == (0, "2 of 2 nodes have all 2 images\n", "")


def test_it_ends_when_the_last_node_has_them(api: FakeApi, prepull: Prepull, meanwhile: Meanwhile) -> None:
    start(api)
    for node in ("node-a", "node-b"):
        meanwhile(watched(api), lambda node=node: api.send("pods", "MODIFIED", there(node)))
    ran = prepull("wait", "--timeout", "20s")
    assert (ran.code, ran.out) == (0, "2 of 2 nodes have all 2 images\n")
    assert ran.err.splitlines()[0].startswith("images: 0 of 2 nodes have all images, and 2 are needed; 4 pulling")


def test_fewer_nodes_are_enough_where_that_is_said(api: FakeApi, prepull: Prepull) -> None:
    start(api)
    api.items["pods"] = [there("node-a"), running("node-b")]
    assert prepull("wait", "--min-ready", "50%").code == 0
    assert prepull("wait", "--min-ready", "1").code == 0


def test_a_certain_failure_says_what_failed_where_and_why(api: FakeApi, prepull: Prepull, meanwhile: Meanwhile) -> None:
    start(api)
    failures = ("0 failed 2 9.000 manifest unknown", "1 failed 2 9.000 unauthorized")
    for node in ("node-a", "node-b"):
        meanwhile(watched(api), lambda node=node: api.send("pods", "MODIFIED", reported(node, *failures, code=1)))
    ran = prepull("wait", "--timeout", "1m")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.splitlines()[-4:] == [
        "0 of 2 nodes have all images, and 2 are needed",
        f"image {NAMES[0]}: manifest unknown (2 of 2 nodes: node-a, node-b)",
        f"image {NAMES[1]}: unauthorized (2 of 2 nodes: node-a, node-b)",
        "unauthorized: set image_pull_secrets; for nodes' own credentials, credential_provider or runtime: kubelet",
    ]


def test_a_node_that_is_behind_is_named_as_well(api: FakeApi, prepull: Prepull, meanwhile: Meanwhile) -> None:
    failed = ("0 failed 2 9.000 manifest unknown", f"1 present {DIGEST} 1 2.110 1")
    start(api)
    api.items["pods"][0] = reported("node-a", *failed, code=1)
    meanwhile(
        watched(api), lambda: time.sleep(4), lambda: api.send("pods", "MODIFIED", reported("node-b", *failed, code=1))
    )
    ran = prepull("wait", "--timeout", "1m")
    assert ran.code == 1
    assert ran.err.endswith(f"image {NAMES[0]}: manifest unknown (2 of 2 nodes: node-a, node-b)\n")


def test_a_node_that_says_nothing_for_long_is_not_waited_for(
    api: FakeApi, prepull: Prepull, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verdict, "SETTLE_SECONDS", 1)
    start(api)
    api.items["pods"][0] = reported("node-a", "0 failed 2 9.000 manifest unknown", "1 present", code=1)
    ran = prepull("wait", "--timeout", "1m")
    assert ran.code == 1
    assert ran.err.endswith(f"image {NAMES[0]}: manifest unknown (1 of 2 nodes: node-a)\n")


def test_the_time_is_up(api: FakeApi, prepull: Prepull) -> None:
    start(api)
    ran = prepull("wait", "--timeout", "500ms")
    assert ran.code == 3
    assert ran.err.splitlines()[-2:] == [
        "timed out after 0.5 s: 0 of 2 nodes have all images, and 2 are needed",
        "no word yet from 2 nodes: node-a, node-b",
    ]


def test_no_node_matches(api: FakeApi, prepull: Prepull, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verdict, "SETTLE_SECONDS", 0)
    api.items["daemonsets"] = [daemon_set(desired=0)]
    ran = prepull("wait")
    assert ran.code == 1
    assert "no node matches: the node selector, the affinity and the tolerations leave none" in ran.err
    assert "min_ready: 0" in ran.err

    ran = prepull("wait", "--min-ready", "0")
    assert (ran.code, ran.out) == (0, "no node matches, and none is needed\n")


def test_a_watch_that_breaks_or_expires_is_taken_up_again(api: FakeApi, prepull: Prepull, meanwhile: Meanwhile) -> None:
    start(api)
    meanwhile(watched(api), lambda: api.cut("pods"))
    meanwhile(watched(api, 2), lambda: api.send("pods", "MODIFIED", there("node-a")), lambda: api.expire("pods"))
    meanwhile(watched(api, 3), lambda: api.send("pods", "MODIFIED", there("node-b")))
    ran = prepull("wait", "--timeout", "30s")
    assert (ran.code, ran.out) == (0, "2 of 2 nodes have all 2 images\n")
    assert api.times("/pods?", "limit=500") == 3


def test_a_component_that_goes_away_is_not_waited_for(api: FakeApi, prepull: Prepull, meanwhile: Meanwhile) -> None:
    start(api)
    meanwhile(watched(api), lambda: api.send("daemonsets", "DELETED", daemon_set()))
    ran = prepull("wait")
    assert ran.code == 4
    assert ran.err.endswith("prepull: the component has been deleted meanwhile\n")


QUOTA = 'Error creating: pods "gate-x1" is forbidden: failed quota: q: must specify limits.cpu for: gate'
LIMIT = 'Error creating: pods "gate-x1" is forbidden: minimum cpu usage per Container is 1, but request is 10m'
NO_PLACE = condition("PodScheduled", is_so=False, reason="Unschedulable", message="0/2 nodes are available")
OVERDUE = condition("Failed", reason="DeadlineExceeded", message="Job was active longer than specified deadline")
Obstacle = tuple[list[Data], list[Data], list[Data], str]
OBSTACLES: dict[str, Obstacle] = {
    "quota": (
        [gate_job()],
        [],
        [event(QUOTA, "gate", reason="FailedCreate")],
        f"the gate does not run: the pod was refused: {QUOTA}",
    ),
    "limit range": (
        [gate_job()],
        [],
        [event(LIMIT, "gate", reason="FailedCreate")],
        f"the gate does not run: the pod was refused: {LIMIT}",
    ),
    "refused until its time was up": (
        [gate_job(OVERDUE)],
        [],
        [event(QUOTA, "gate", reason="FailedCreate")],
        f"the gate does not run: the pod was refused: {QUOTA}",
    ),
    "no place": (
        [gate_job()],
        [gate_pod(conditions=[NO_PLACE])],
        [],
        "the gate does not run: the pod cannot be scheduled: 0/2 nodes are available",
    ),
    "no image": (
        [gate_job()],
        [gate_pod(containerStatuses=[waiting("gate", "ImagePullBackOff", "x: not found", "gate:1")])],
        [],
        "the gate does not run: image gate:1: manifest unknown",
    ),
    "no program": (
        [gate_job()],
        [gate_pod()],
        [event('configmap "images-gate-program" not found', "gate-x1")],
        'the gate does not run: the pod cannot start: configmap "images-gate-program" not found',
    ),
    "nothing but the end of its time": (
        [gate_job(OVERDUE)],
        [],
        [],
        "the gate did not run, or gave no verdict, before its time was up",
    ),
}


def show(api: FakeApi, obstacle: Obstacle) -> str:
    """Put it on the cluster, beside pods that have every image; the result is what is to be said."""
    jobs, pods, events, told = obstacle
    start(api)
    api.items |= {"jobs": jobs, "pods": [there("node-a"), there("node-b"), *pods], "events": events}
    return f"images: {told}"


@pytest.mark.parametrize("obstacle", OBSTACLES.values(), ids=OBSTACLES)
def test_what_keeps_the_gate_from_running_is_told_at_once(api: FakeApi, prepull: Prepull, obstacle: Obstacle) -> None:
    told = show(api, obstacle)
    ran = prepull("wait")
    assert (ran.code, ran.out, ran.err) == (0, "2 of 2 nodes have all 2 images\n", f"{told}\n")


@pytest.mark.parametrize("obstacle", OBSTACLES.values(), ids=OBSTACLES)
@pytest.mark.parametrize("form", ["table", "wide"])
def test_status_says_so_as_well(api: FakeApi, prepull: Prepull, form: str, obstacle: Obstacle) -> None:
    told = show(api, obstacle)
    ran = prepull("status", "--output", form)
    assert (ran.code, ran.out.splitlines()[-1]) == (0, told)


def test_an_obstacle_that_comes_later_is_told_while_it_waits(
    api: FakeApi, prepull: Prepull, meanwhile: Meanwhile
) -> None:
    start(api)
    api.items["jobs"] = [gate_job()]
    refused = event(QUOTA, "gate", reason="FailedCreate")
    events_watched = lambda: api.times("/events?", "watch") > 0  # noqa: E731 - a condition
    meanwhile(events_watched, lambda: api.send("events", "ADDED", refused), lambda: time.sleep(2))
    ran = prepull("wait", "--timeout", "6s")
    assert ran.code == 3
    assert ran.err.count(f"images: the gate does not run: the pod was refused: {QUOTA}\n") == 1


RUNNING = {"containerStatuses": [{"name": "gate", "state": {"running": {}}}]}
OTHER = {"images": ["another"]}


@pytest.mark.parametrize(
    ("jobs", "pods", "events"),
    [
        ([], [], [event(QUOTA, "gate", reason="FailedCreate")]),
        ([gate_job()], [gate_pod(**RUNNING)], [event(QUOTA, "gate", reason="FailedCreate")]),
        ([gate_job(condition("Complete"))], [], [event(QUOTA, "gate", reason="FailedCreate")]),
        ([gate_job(condition("Failed", reason="BackoffLimitExceeded"))], [], []),
        ([gate_job(OVERDUE, args=OTHER)], [], []),
    ],
    ids=["no gate", "it runs now", "it has passed", "it has said why itself", "a gate of another list"],
)
def test_of_a_gate_that_runs_or_has_run_nothing_is_told(
    api: FakeApi, prepull: Prepull, jobs: list[Data], pods: list[Data], events: list[Data]
) -> None:
    show(api, (jobs, pods, events, ""))
    ran = prepull("wait")
    assert (ran.code, ran.err) == (0, "")


def test_without_the_right_to_read_jobs_the_rest_is_told(api: FakeApi, prepull: Prepull) -> None:
    show(api, OBSTACLES["quota"])
    api.refuse = {"jobs": (403, "jobs.batch is forbidden")}
    ran = prepull("wait")
    assert (ran.code, ran.err) == (0, "")


@pytest.mark.parametrize("name", ["images", "prefix-images"])
def test_a_component_is_found_whatever_tools_call_it(api: FakeApi, prepull: Prepull, name: str) -> None:
    start(api)
    [item] = api.items["daemonsets"]
    item["metadata"]["name"] = "prefix-images"
    item["metadata"]["labels"]["app.kubernetes.io/name"] = "of-the-tool"
    api.items["pods"] = [there("node-a"), there("node-b")]
    assert prepull("wait", name).code == 0


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--timeout", "10", "'10' is not a duration; write a number with a unit"),
        ("--min-ready", "-1", "'-1' is neither a number of nodes nor a share"),
        ("--min-ready", "101%", "'101%' is neither a number of nodes nor a share"),
    ],
)
def test_wrong_usage(api: FakeApi, prepull: Prepull, option: str, value: str, message: str) -> None:
    ran = prepull("wait", option, value)
    assert ran.code == 2
    assert message in ran.err
    assert api.asked == []
