"""DaemonSets, pods and events as the API server returns them, made from the component's own manifests."""

from __future__ import annotations

import copy
from typing import Any

from prepull.manifests import render

Data = dict[str, Any]
DIGEST = "sha256:" + "a" * 64
LIST = {"images": ["nginx:1.27", "quay.io/org/app:2"]}
KUBELET = {**LIST, "runtime": "kubelet"}
MOUNTED = {**LIST, "runtime": "image-volume"}
NAMES = ["docker.io/library/nginx:1.27", "quay.io/org/app:2"]
FINISHED, LATER = "2026-01-01T00:00:00Z", "2026-01-01T00:01:30Z"


def daemon_set(
    args: Data | None = None,
    *,
    desired: int = 3,
    name: str = "images",
    counted: bool = True,
    ready: int | None = None,
) -> Data:
    """A DaemonSet with its status; by default its controller counts every node as ready."""
    item = copy.deepcopy(render.manifests(name, args or LIST, "here")["daemon-set"])
    item["metadata"] |= {"generation": 2, "resourceVersion": "7", "uid": f"uid-of-{name}"}
    item["status"] = {
        "observedGeneration": 2 if counted else 1,
        "desiredNumberScheduled": desired,
        "numberReady": desired if ready is None else ready,
    }
    return item


def pod(node: str, args: Data | None = None, *, owner: str = "images", **status: Any) -> Data:
    """A pod of the DaemonSet on a node, with the given status."""
    template = copy.deepcopy(render.manifests(owner, args or LIST, "here")["daemon-set"]["spec"]["template"])
    metadata = {
        **template["metadata"],
        "name": f"{owner}-{node}",
        "namespace": "here",
        "resourceVersion": "8",
        "ownerReferences": [{"apiVersion": "apps/v1", "kind": "DaemonSet", "name": owner, "uid": f"uid-of-{owner}"}],
    }
    return {"metadata": metadata, "spec": {**template["spec"], "nodeName": node}, "status": status}


def gate_job(*conditions: Data, args: Data | None = None) -> Data:
    """The gate's Job, with the conditions that its controller has set."""
    item = copy.deepcopy(render.manifests("images", args or LIST, "here")["gate-job"])
    item["metadata"] |= {"name": "gate", "resourceVersion": "7", "uid": "uid-of-gate", "creationTimestamp": FINISHED}
    item["status"] = {"conditions": list(conditions)}
    return item


def gate_pod(**status: Any) -> Data:
    """The pod of the gate, on no node yet."""
    job = gate_job()
    metadata = {
        **job["spec"]["template"]["metadata"],
        "name": "gate-x1",
        "namespace": "here",
        "resourceVersion": "8",
        "ownerReferences": [{"apiVersion": "batch/v1", "kind": "Job", "name": "gate", "uid": "uid-of-gate"}],
    }
    return {"metadata": metadata, "spec": job["spec"]["template"]["spec"], "status": status}


def condition(kind: str, *, is_so: bool = True, reason: str = "", message: str = "") -> Data:
    """A condition of an object's status."""
    return {"type": kind, "status": str(is_so), "reason": reason, "message": message}


def ended(message: str | None = None, code: int = 1, **more: object) -> Data:
    """The state of a container that has ended, with what it left as its message."""
    said = {} if message is None else {"message": message}
    return {"terminated": {"exitCode": code, "finishedAt": FINISHED, **said, **more}}


def event(message: str, about: str = "images-a", *, reason: str = "FailedMount", at: str = FINISHED) -> Data:
    """A warning about a pod or a DaemonSet."""
    metadata = {"name": f"{about}.{abs(hash((message, at))):x}", "resourceVersion": "9"}
    told = {"type": "Warning", "reason": reason, "message": message, "lastTimestamp": at}
    return {"metadata": metadata, "involvedObject": {"name": about}, **told}


def waiting(name: str, reason: str, message: str = "", image: str = "") -> Data:
    """The status of a waiting container."""
    return {"name": name, "image": image, "state": {"waiting": {"reason": reason, "message": message}}}
