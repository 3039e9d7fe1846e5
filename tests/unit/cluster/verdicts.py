"""The objects of a cluster, and the verdict on them that the gate and `prepull wait` share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from .objects import DIGEST, KUBELET, LATER, LIST, MOUNTED, NAMES, Data, ended, event, pod, waiting
from .pods import MANY, left, many, mounted, reported, run_of, running, stuck, there

CONTINUE = {**LIST, "on_failure": "continue"}
NO_SOCKET = 'failed for volume "socket" : hostPath type check failed: /run/x.sock is not a socket file'
BUSY = 'failed for volume "scripts" : failed to sync configmap cache: timed out waiting for the condition'
OVER_QUOTA = 'pods "images-x" is forbidden: exceeded quota: prepull'
NOWHERE = (
    "no node matches: the node selector, the affinity and the tolerations leave none; "
    "min_ready: 0 lets a pool be at zero"
)
NONE = "0 of 1 nodes have all images, and 1 are needed"
AWAY = "Internal error occurred: failed calling webhook: connection refused"


NO_ADDRESS = "Failed to create pod sandbox: {}: add cmd: failed to assign an IP address to container"
NO_NETWORK = "network is not ready: container runtime network not ready: cni plugin not initialized"


def sandbox(number: int, about: str = "images-a") -> Data:
    """A warning about a sandbox that could not be made; each has an ID of its own."""
    said = NO_ADDRESS.format(f'rpc error: code = Unknown desc = "{number:064x}"')
    return event(said, about, reason="FailedCreatePodSandBox")


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


def goes(*pods: Data, **more: Any) -> Case:
    """One node, which has both images."""
    return Case(["1 of 1 nodes have all 2 images"], 0, pods, **more)


def fails(why: str, *pods: Data, **more: Any) -> Case:
    """One node, which lacks an image for this reason."""
    return Case([NONE, why], 1, pods, **more)


def failed(name: str, why: str, nodes: str = "a", of: int = 1) -> str:
    return f"{name}: {why} ({len(nodes.split(', '))} of {of} nodes: {nodes})"


WAY_OUT = "unauthorized: set image_pull_secrets; for nodes' own credentials, credential_provider or runtime: kubelet"
TWO_FAILURES = ("0 failed 2 9.000 manifest unknown", "1 failed 2 9.000 unauthorized")
GOING = {
    "all there": Case(["2 of 2 nodes have all 2 images"], 0, [there("a"), there("b")], desired=2),
    "one image": Case(
        ["1 of 1 nodes have the image"], 0, [reported("a", "0 present", args={"images": ["a"]})], args={"images": ["a"]}
    ),
    "enough of them": Case(
        ["1 of 2 nodes have all 2 images"], 0, [there("a"), running("b")], desired=2, min_ready="50%"
    ),
    "no node, and none is needed": Case(["no node matches, and none is needed"], 0, desired=0, min_ready="0"),
    "no share of no node": Case(["no node matches, and none is needed"], 0, desired=0, min_ready="0%"),
    "all of them, and none is needed": goes(there("a"), min_ready="0"),
    "none of them, and none is needed": Case(
        ["1 of 3 nodes have all images, and none is needed"],
        0,
        [there("a"), running("b"), pod("c")],
        desired=3,
        min_ready="0",
    ),
    "failures where no node is needed": Case(
        [
            "0 of 2 nodes have all images, and none is needed",
            "warning: " + failed(f"image {NAMES[0]}", "manifest unknown", "a, b", 2),
            "warning: " + failed(f"image {NAMES[1]}", "unauthorized", "a, b", 2),
        ],
        0,
        [reported("a", *TWO_FAILURES, code=1), reported("b", *TWO_FAILURES, code=1)],
        desired=2,
        min_ready="0%",
    ),
    "pods that are refused where no node is needed": Case(
        [
            "0 of 3 nodes have all images, and none is needed",
            f"warning: the pod was refused: {OVER_QUOTA} (1 of 3 nodes: 3 without a pod)",
        ],
        0,
        [],
        [event(OVER_QUOTA, "images", reason="FailedCreate")],
        desired=3,
        min_ready="0",
    ),
    "there again": goes(*replaced()),
    "the report of a puller that runs once more": goes(running("a", lastState=run_of(there("a")))),
    "a report without room": goes(left("prepull 1 images=2 present=2 failed=0 seconds=1.000", 0)),
    "a puller that ended well": goes(left("cut off", 0)),
    "pulled by the kubelet": goes(
        pod(
            "a",
            KUBELET,
            containerStatuses=[{"name": f"hold-{index}", "state": {"running": {}}} for index in (0, 1)],
        ),
        args=KUBELET,
    ),
    "volumes": goes(pod("a", MOUNTED, containerStatuses=[{"name": "pause", "state": {"running": {}}}]), args=MOUNTED),
}
FAILING = {
    "two images": Case(
        [
            "0 of 2 nodes have all images, and 2 are needed",
            failed(f"image {NAMES[0]}", "manifest unknown", "a, b", 2),
            failed(f"image {NAMES[1]}", "unauthorized", "a, b", 2),
            WAY_OUT,
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
    "what goes on all the same": fails(
        failed(f"image {NAMES[1]}", "disk full"),
        reported("a", "1 failed 1 1.000 disk full", "0 present", args=CONTINUE),
        args=CONTINUE,
    ),
    "all at once": fails(
        failed("no image was pulled", "no container runtime socket found"),
        left("prepull 1 error no container runtime socket found"),
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
    "a long reason": fails(
        failed("container pull cannot start", "x" * 100 + "..." + "x" * 188 + "the cause"),
        stuck("pull", "CreateContainerError", "x" * 1000 + "the cause"),
    ),
    "the kubelet finds no image": fails(
        failed(f"image {NAMES[0]}", "manifest unknown"),
        stuck("hold-0", "ErrImagePull", "x: not found", NAMES[0], KUBELET),
        args=KUBELET,
    ),
    "nor for a volume": fails(
        failed(f"image {NAMES[1]}", "manifest unknown"),
        stuck("pause", "ImagePullBackOff", f'Back-off pulling image "{NAMES[1]}": not found', "pause:1", MOUNTED),
        args=MOUNTED,
    ),
    "an image of ours": fails(
        failed("image puller:1", "unauthorized"), stuck("pull", "ErrImagePull", "401 Unauthorized", "puller:1")
    ),
    "no socket": fails(
        failed("the pod cannot start", "socket missing: /run/x.sock is not a socket file"),
        pod("a"),
        events=[event(NO_SOCKET)],
    ),
    "no socket, and busy before": fails(
        failed("the pod cannot start", "socket missing: /run/x.sock is not a socket file"),
        pod("a"),
        events=[event(BUSY), event(NO_SOCKET)],
    ),
    "no socket, and busy since": fails(
        failed("the pod cannot start", "socket missing: /run/x.sock is not a socket file"),
        pod("a"),
        events=[event(NO_SOCKET), event(BUSY)],
    ),
    "nothing to start": fails(
        failed("container pull cannot start", "no command specified"),
        stuck("pull", "CreateContainerError", "no command specified"),
    ),
    "no room": fails(
        failed("the pod cannot be scheduled", "0/1 nodes are available: Insufficient cpu."),
        pod(
            "a",
            conditions=[
                {
                    "type": "PodScheduled",
                    "status": "False",
                    "message": "0/1 nodes are  available: Insufficient cpu.",
                }
            ],
        ),
    ),
    "not allowed": fails(
        failed("the pod was refused", "pods are forbidden: exceeded quota", "1 without a pod"),
        events=[event("pods are forbidden: exceeded quota", "images", reason="FailedCreate")],
    ),
    "no node": Case([NOWHERE], 1, desired=0),
    "no node of some": Case([NOWHERE], 1, desired=0, min_ready="1%"),
}
LATE = {
    "still pulling": fails("no word yet from 1 nodes: a", running("a")),
    "evicted": fails(failed("the pod has failed", "Evicted: The node was low on resource: memory."), evicted()),
    "killed": fails(
        "the puller ended without a report: OOMKilled, code 137 (1 of 1 nodes: a)", left(None, 137, reason="OOMKilled")
    ),
    "going on whatever happens, without a report": fails(
        "the puller ended without a report: Completed, code 0 (1 of 1 nodes: a)",
        left("cut off", 0, CONTINUE, reason="Completed"),
        args=CONTINUE,
    ),
    "a kubelet that tries again": fails(
        failed(f"image {NAMES[0]}", "timed out"),
        stuck("hold-0", "ErrImagePull", "dial tcp: i/o timeout", NAMES[0], KUBELET),
        args=KUBELET,
    ),
    "a web page": fails(
        failed(f"image {NAMES[0]}", "a web page, not an image"),
        stuck(
            "hold-0", "ErrImagePull", "unexpected media type text/html for sha256:04a7: not found", NAMES[0], KUBELET
        ),
        args=KUBELET,
    ),
    "a layer that is not there": fails(
        failed(f"image {NAMES[0]}", "a layer is missing in the node's store"),
        stuck(
            "hold-0", "ErrImagePull", "failed to unpack image: content digest sha256:0c18: not found", NAMES[0], KUBELET
        ),
        args=KUBELET,
    ),
    "no address": fails(
        failed("the pod cannot start", NO_ADDRESS.format("...")), pod("a"), events=[sandbox(1), sandbox(2)]
    ),
    "no address on any node": Case(
        [
            "0 of 2 nodes have all images, and 2 are needed",
            failed("the pod cannot start", NO_ADDRESS.format("..."), "a, b", 2),
        ],
        1,
        [pod("a"), pod("b")],
        [sandbox(1), sandbox(2, "images-b")],
        desired=2,
    ),
    "no network yet": fails(
        failed("the pod cannot start", NO_NETWORK), pod("a"), events=[event(NO_NETWORK, reason="NetworkNotReady")]
    ),
    "no network after a slow start": fails(
        failed("the pod cannot start", NO_NETWORK),
        pod("a"),
        events=[event(NO_NETWORK, reason="NetworkNotReady", at=LATER), event(BUSY)],
    ),
    "a node that does not have what the pod needs": fails(
        failed("the pod has failed", "OutOfcpu: Node didn't have enough resource: cpu"),
        pod("a", phase="Failed", reason="OutOfcpu", message="Node didn't have enough resource: cpu"),
    ),
    "a program that does not run": fails(
        failed("container programs cannot start", "Error, code 1"),
        pod("a", KUBELET, containerStatuses=[{**waiting("programs", "CrashLoopBackOff"), "lastState": ended(code=1)}]),
        args=KUBELET,
    ),
    "a busy node": fails(failed("the pod cannot start", BUSY), pod("a"), events=[event(BUSY)]),
    "a busy runtime": fails(
        failed("container pull cannot start", "context deadline exceeded"),
        stuck("pull", "CreateContainerError", "context deadline exceeded"),
    ),
    "a webhook that is away": fails(
        failed("the pod was refused", AWAY, "1 without a pod"), events=[event(AWAY, "images", reason="FailedCreate")]
    ),
    "what is over": fails("no word yet from 1 nodes: a", mounted(), events=[event(NO_SOCKET)]),
    "a pod of an earlier list": fails("no word yet from 1 nodes: a", of_another_list()),
    "a pod of another stack": Case([NONE], 1, [of_another_stack()]),
    "nobody has counted": Case(
        ["the nodes are not counted yet: the DaemonSet's controller has not seen the latest change"],
        1,
        more={"counted": False},
    ),
}
CASES = {**GOING, **FAILING, **{name: Case(**{**vars(case), "late": True}) for name, case in LATE.items()}}
