"""Pods in the states that matter: pulling, done, failed in one way or another."""

from __future__ import annotations

from typing import Any

from .objects import DIGEST, FINISHED, Data, ended, pod, waiting

MANY: Data = {"images": [f"quay.io/x/y:{index}" for index in range(20)]}
MOUNTED_CONDITION = {"type": "PodReadyToStartContainers", "status": "True"}


def left(message: str | None = None, code: int = 1, args: Data | None = None, *, node: str = "a", **more: Any) -> Data:
    """A pod whose puller has ended, with what it left as its message; `more` is for its state."""
    return pod(node, args, initContainerStatuses=[{"name": "pull", "state": ended(message, code, **more)}])


def reported(node: str, *lines: str, args: Data | None = None, code: int = 0) -> Data:
    """A pod whose puller has ended, with a report."""
    failed = sum(" failed " in line for line in lines)
    header = f"prepull 1 images={len(lines)} present={len(lines) - failed} failed={failed} seconds=3.250"
    return left("\n".join([header, *lines]), code, args, node=node)


def there(node: str) -> Data:
    """A pod that has pulled both images."""
    return reported(node, f"0 present {DIGEST} 70212345 0.840 1", f"1 present {DIGEST} 52428800 2.110 2")


def many(node: str) -> Data:
    """A pod that has failed to pull each of MANY, for a reason of its own."""
    return reported(node, *(f"{index} failed 1 1.000 reason {index}" for index in range(20)), args=MANY, code=1)


def running(node: str, **more: Any) -> Data:
    """A pod whose puller is running; `more` is for the status of its container, such as lastState."""
    return pod(node, initContainerStatuses=[{"name": "pull", "state": {"running": {"startedAt": FINISHED}}, **more}])


def run_of(item: Data) -> Data:
    """The state of a pod's puller."""
    state: Data = item["status"]["initContainerStatuses"][0]["state"]
    return state


def backing_off(
    run: Data, message: str = "back-off 40s restarting failed container=pull pod=x", *, node: str = "a"
) -> Data:
    """A pod whose puller has run, and waits to run again."""
    return pod(node, initContainerStatuses=[{**waiting("pull", "CrashLoopBackOff", message), "lastState": run}])


def stuck(name: str, reason: str, message: str = "", image: str = "", args: Data | None = None, **status: Any) -> Data:
    """A pod one of whose containers waits."""
    which = "containerStatuses" if name == "pause" or name.startswith("hold-") else "initContainerStatuses"
    return pod("a", args, **{**status, which: [waiting(name, reason, message, image)]})


def mounted(node: str = "a") -> Data:
    """A pod whose volumes are mounted."""
    return pod(node, conditions=[MOUNTED_CONDITION])


def unplaced(node: str, *others: Data, **status: Any) -> Data:
    """A pod that is on no node yet, made for this one; `others` are further terms of its affinity."""
    item = pod("", **status)
    field = {"key": "metadata.name", "operator": "In", "values": [node]}
    terms = [*others, {"matchFields": [field]}]
    required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}
    item["spec"]["affinity"] = {"nodeAffinity": required}
    return item
