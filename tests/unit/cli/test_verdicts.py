"""The verdict on objects: the same from the gate in the cluster and from `prepull wait`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from prepull.status import verdict

from ..cluster.fake_api import FakeApi
from ..cluster.objects import (
    DIGEST,
    KUBELET,
    LIST,
    MOUNTED,
    NAMES,
    Data,
    daemon_set,
    ended,
    event,
    pod,
    reported,
    running,
    there,
    waiting,
)
from ..gate.gates import Gate, own_pod
from .conftest import Prepull

CONTINUE = {**LIST, "on_failure": "continue"}
NO_SOCKET = 'failed for volume "socket" : hostPath type check failed: /run/x.sock is not a socket file'
BUSY = 'failed for volume "scripts" : failed to sync configmap cache: timed out waiting for the condition'
AWAY = "Internal error occurred: failed calling webhook: connection refused"
NONE_OF_ONE = "0 of 1 nodes have all images, and 1 are needed"


def left(message: str | None = None, code: int = 1, args: Data | None = None, **more: str) -> Data:
    """A pod whose puller has ended."""
    return pod("a", args, initContainerStatuses=[{"name": "pull", "state": ended(message, code, **more)}])


def stuck(name: str, reason: str, message: str, image: str = "", args: Data | None = None) -> Data:
    """A pod with a waiting container."""
    waits = [waiting(name, reason, message, image)]
    return pod("a", args, containerStatuses=waits) if name == "pause" else pod("a", args, initContainerStatuses=waits)


def mounted() -> Data:
    return pod("a", conditions=[{"type": "PodReadyToStartContainers", "status": "True"}])


def evicted() -> Data:
    return pod("a", phase="Failed", reason="Evicted", message="The node was low on resource: memory. ")


def replaced() -> list[Data]:
    """An evicted pod, and the pod that replaced it."""
    new = there("a")
    new["metadata"]["name"] += "-2"
    return [evicted(), new]


def of_another_list() -> Data:
    return reported("a", f"0 present {DIGEST} 1 0.500 1", args={"images": ["nginx:1.26"]})


def of_another_stack() -> Data:
    item = there("a")
    item["metadata"]["ownerReferences"][0]["uid"] = "of-another"
    return item


MANY = {"images": [f"quay.io/x/y:{index}" for index in range(20)]}


def many(node: str) -> Data:
    return reported(node, *(f"{index} failed 1 1.000 reason {index}" for index in range(20)), args=MANY, code=1)


@dataclass(frozen=True)
class Case:
    """The objects of a cluster, and the expected verdict."""

    lines: Sequence[str]
    code: int
    pods: Sequence[Data] = ()
    events: Sequence[Data] = ()
    desired: int = 1
    min_ready: str = "100%"
    late: bool = False
    """Whether the verdict comes only after the timeout."""
    args: Data | None = None
    more: Data = field(default_factory=dict)


def failed(name: str, why: str, nodes: str = "a", of: int = 1) -> str:
    return f"{name}: {why} ({len(nodes.split(', '))} of {of} nodes: {nodes})"


TWO_FAILURES = ("0 failed 2 9.000 manifest unknown", "1 failed 2 9.000 unauthorized")
GOING = {
    "all there": Case(["2 of 2 nodes have all 2 images"], 0, [there("a"), there("b")], desired=2),
    "one image": Case(
        ["1 of 1 nodes have the image"], 0, [reported("a", "0 present", args={"images": ["a"]})], args={"images": ["a"]}
    ),
    "enough of them": Case(
        ["1 of 2 nodes have all 2 images"], 0, [there("a"), running("b")], desired=2, min_ready="50%"
    ),
    "there again": Case(["1 of 1 nodes have all 2 images"], 0, replaced()),
    "the report of a puller that runs once more": Case(
        ["1 of 1 nodes have all 2 images"],
        0,
        [running("a", lastState=there("a")["status"]["initContainerStatuses"][0]["state"])],
    ),
    "a report without room": Case(
        ["1 of 1 nodes have all 2 images"], 0, [left("prepull 1 images=2 present=2 failed=0 seconds=1.000", 0)]
    ),
    "a puller that ended well": Case(["1 of 1 nodes have all 2 images"], 0, [left("cut off", 0)]),
    "pulled by the kubelet": Case(
        ["1 of 1 nodes have all 2 images"],
        0,
        [
            pod(
                "a",
                KUBELET,
                initContainerStatuses=[
                    {"name": f"pull-{index}", "state": {"terminated": {"exitCode": 0}}} for index in (0, 1)
                ],
            )
        ],
        args=KUBELET,
    ),
    "volumes": Case(
        ["1 of 1 nodes have all 2 images"],
        0,
        [pod("a", MOUNTED, containerStatuses=[{"name": "pause", "state": {"running": {}}}])],
        args=MOUNTED,
    ),
}
FAILING = {
    "two images": Case(
        [
            "0 of 2 nodes have all images, and 2 are needed",
            failed(f"image {NAMES[0]}", "manifest unknown", "a, b", 2),
            failed(f"image {NAMES[1]}", "unauthorized", "a, b", 2),
        ],
        1,
        [reported("a", *TWO_FAILURES, code=1), reported("b", *TWO_FAILURES, code=1)],
        desired=2,
    ),
    "one node is one too many": Case(
        ["1 of 2 nodes have all images, and 2 are needed", failed(f"image {NAMES[1]}", "disk full", "b", 2)],
        1,
        [there("a"), reported("b", "1 failed 1 1.000 disk full", f"0 present {DIGEST} 1 0.500 1", code=1)],
        desired=2,
    ),
    "what goes on all the same": Case(
        [NONE_OF_ONE, failed(f"image {NAMES[1]}", "disk full")],
        1,
        [reported("a", "1 failed 1 1.000 disk full", "0 present", args=CONTINUE)],
        args=CONTINUE,
    ),
    "all at once": Case(
        [NONE_OF_ONE, failed("no image was pulled", "no container runtime socket found")],
        1,
        [left("prepull 1 error no container runtime socket found")],
    ),
    "more than has room": Case(
        [
            "0 of 9 nodes have all images, and 9 are needed",
            *(f"image quay.io/x/y:{n}: reason {n} (9 of 9 nodes: n0, n1, n2, n3, n4, ...)" for n in range(8)),
            "and 12 more",
        ],
        1,
        [many(f"n{index}") for index in range(9)],
        desired=9,
        args=MANY,
    ),
    "a long reason": Case(
        [NONE_OF_ONE, failed("container pull cannot start", "x" * 297 + "...")],
        1,
        [stuck("pull", "CreateContainerError", "x" * 1000)],
    ),
    "the kubelet finds no image": Case(
        [NONE_OF_ONE, failed(f"image {NAMES[0]}", "manifest unknown")],
        1,
        [stuck("pull-0", "ErrImagePull", "x: not found", NAMES[0], KUBELET)],
        args=KUBELET,
    ),
    "nor for a volume": Case(
        [NONE_OF_ONE, failed(f"image {NAMES[1]}", "manifest unknown")],
        1,
        [stuck("pause", "ImagePullBackOff", f'Back-off pulling image "{NAMES[1]}": not found', "pause:1", MOUNTED)],
        args=MOUNTED,
    ),
    "an image of ours": Case(
        [NONE_OF_ONE, failed("image puller:1", "unauthorized")],
        1,
        [stuck("pull", "ErrImagePull", "401 Unauthorized", "puller:1")],
    ),
    "no socket": Case(
        [NONE_OF_ONE, failed("the pod cannot start", "socket missing: /run/x.sock is not a socket file")],
        1,
        [pod("a")],
        [event(NO_SOCKET)],
    ),
    "no socket, and busy before": Case(
        [NONE_OF_ONE, failed("the pod cannot start", "socket missing: /run/x.sock is not a socket file")],
        1,
        [pod("a")],
        [event(BUSY), event(NO_SOCKET)],
    ),
    "no socket, and busy since": Case(
        [NONE_OF_ONE, failed("the pod cannot start", "socket missing: /run/x.sock is not a socket file")],
        1,
        [pod("a")],
        [event(NO_SOCKET), event(BUSY)],
    ),
    "nothing to start": Case(
        [NONE_OF_ONE, failed("container pull cannot start", "no command specified")],
        1,
        [stuck("pull", "CreateContainerError", "no command specified")],
    ),
    "no room": Case(
        [NONE_OF_ONE, failed("the pod cannot be scheduled", "0/1 nodes are available: Insufficient cpu.")],
        1,
        [
            pod(
                "a",
                conditions=[
                    {
                        "type": "PodScheduled",
                        "status": "False",
                        "message": "0/1 nodes are  available: Insufficient cpu.",
                    }
                ],
            )
        ],
    ),
    "not allowed": Case(
        [NONE_OF_ONE, failed("the pod was refused", "pods are forbidden: exceeded quota", "1 without a pod")],
        1,
        [],
        [event("pods are forbidden: exceeded quota", "images", reason="FailedCreate")],
    ),
    "no node": Case(["no node matches: the node selector, the affinity and the tolerations leave none"], 1, desired=0),
}
LATE = {
    "still pulling": Case([NONE_OF_ONE, "no word yet from 1 nodes: a"], 1, [running("a")]),
    "evicted": Case(
        [NONE_OF_ONE, failed("the pod has failed", "Evicted: The node was low on resource: memory.")], 1, [evicted()]
    ),
    "killed": Case(
        [NONE_OF_ONE, "the puller ended without a report: OOMKilled, code 137 (1 of 1 nodes: a)"],
        1,
        [left(None, 137, reason="OOMKilled")],
    ),
    "going on whatever happens, without a report": Case(
        [NONE_OF_ONE, "the puller ended without a report: Completed, code 0 (1 of 1 nodes: a)"],
        1,
        [left("cut off", 0, CONTINUE, reason="Completed")],
        args=CONTINUE,
    ),
    "a kubelet that tries again": Case(
        [NONE_OF_ONE, failed(f"image {NAMES[0]}", "dial tcp: i/o timeout")],
        1,
        [stuck("pull-0", "ErrImagePull", "dial tcp: i/o timeout", NAMES[0], KUBELET)],
        args=KUBELET,
    ),
    "a busy node": Case([NONE_OF_ONE, failed("the pod cannot start", BUSY)], 1, [pod("a")], [event(BUSY)]),
    "a busy runtime": Case(
        [NONE_OF_ONE, failed("container pull cannot start", "context deadline exceeded")],
        1,
        [stuck("pull", "CreateContainerError", "context deadline exceeded")],
    ),
    "a webhook that is away": Case(
        [NONE_OF_ONE, failed("the pod was refused", AWAY, "1 without a pod")],
        1,
        [],
        [event(AWAY, "images", reason="FailedCreate")],
    ),
    "what is over": Case([NONE_OF_ONE, "no word yet from 1 nodes: a"], 1, [mounted()], [event(NO_SOCKET)]),
    "a pod of an earlier list": Case([NONE_OF_ONE, "no word yet from 1 nodes: a"], 1, [of_another_list()]),
    "a pod of another stack": Case([NONE_OF_ONE], 1, [of_another_stack()]),
    "nobody has counted": Case(
        ["the nodes are not counted yet: the DaemonSet's controller has not seen the latest change"],
        1,
        more={"counted": False},
    ),
}
CASES = {**GOING, **FAILING, **{name: Case(**{**vars(case), "late": True}) for name, case in LATE.items()}}
TIMEOUT_S = 1
every_case = pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())


@pytest.fixture
def found(api: FakeApi, case: Case) -> FakeApi:
    """The cluster of a case."""
    api.items["daemonsets"] = [daemon_set(case.args, desired=case.desired, **case.more)]
    api.items["pods"] = [*case.pods, own_pod()]
    api.items["events"] = list(case.events)
    return api


def lines_of(case: Case) -> list[str]:
    first, *rest = case.lines
    return [f"timed out after {TIMEOUT_S} s: {first}" if case.late else first, *rest]


@every_case
def test_the_gate_decides(case: Case, found: FakeApi, tmp_path: Path) -> None:
    plan = found.items["daemonsets"][0]["spec"]["template"]["metadata"]["labels"]["prepull.dev/plan"]
    gate = Gate.made(tmp_path / "gate")
    timeout_s = TIMEOUT_S if case.late else 60

    code, message = gate.end(
        found, min_ready=case.min_ready, timeout_s=timeout_s, PREPULL_PLAN=f"prepull.dev/plan={plan}"
    )

    assert (code, message.splitlines()) == (case.code, lines_of(case))


@every_case
def test_wait_decides_the_same(case: Case, found: FakeApi, prepull: Prepull, monkeypatch: pytest.MonkeyPatch) -> None:
    assert found.items["daemonsets"]
    for name in ("SETTLE_SECONDS", "SECOND_LOOK_SECONDS", "COUNT_SECONDS"):
        monkeypatch.setattr(verdict, name, 0)

    ran = prepull("wait", "--min-ready", case.min_ready, "--timeout", f"{TIMEOUT_S}s" if case.late else "60s")

    told = ran.out if case.code == 0 else ran.err
    assert told.splitlines()[-len(case.lines) :] == lines_of(case)
    assert ran.code == (3 if case.late else case.code)
