"""DaemonSets and pods as the API server returns them, made from the component's own manifests."""

from __future__ import annotations

import copy
from typing import Any

from prepull.labels import INSTANCE_LABEL, PLAN_LABEL
from prepull.manifests import render
from prepull.status import observe

Data = dict[str, Any]
DIGEST = "sha256:" + "a" * 64
LIST = {"images": ["nginx:1.27", "quay.io/org/app:2"]}
KUBELET = {**LIST, "runtime": "kubelet"}
HELD = {**KUBELET, "hold": True}
MOUNTED = {**LIST, "runtime": "image-volume"}
NAMES = ["docker.io/library/nginx:1.27", "quay.io/org/app:2"]
FINISHED = "2026-01-01T00:00:00Z"


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


def ended(message: str | None = None, code: int = 1, **more: object) -> Data:
    """The state of a container that has ended, with what it left as its message."""
    said = {} if message is None else {"message": message}
    return {"terminated": {"exitCode": code, "finishedAt": FINISHED, **said, **more}}


def reported(node: str, *lines: str, args: Data | None = None, code: int = 0, **more: Any) -> Data:
    """A pod whose puller has ended, with a report."""
    failed = sum(" failed " in line for line in lines)
    header = f"prepull 1 images={len(lines)} present={len(lines) - failed} failed={failed} seconds=3.250"
    state = ended("\n".join([header, *lines]), code)
    return pod(node, args, initContainerStatuses=[{"name": "pull", "state": state, **more}])


def there(node: str) -> Data:
    """A pod that has pulled both images."""
    return reported(node, f"0 present {DIGEST} 70212345 0.840 1", f"1 present {DIGEST} 52428800 2.110 2")


def running(node: str, **more: Any) -> Data:
    """A pod whose puller is running."""
    return pod(node, initContainerStatuses=[{"name": "pull", "state": {"running": {"startedAt": FINISHED}}, **more}])


def event(message: str, about: str = "images-a", *, reason: str = "FailedMount", at: str = FINISHED) -> Data:
    """A warning about a pod or a DaemonSet."""
    metadata = {"name": f"{about}.{abs(hash((message, at))):x}", "resourceVersion": "9"}
    told = {"type": "Warning", "reason": reason, "message": message, "lastTimestamp": at}
    return {"metadata": metadata, "involvedObject": {"name": about}, **told}


def waiting(name: str, reason: str, message: str = "", image: str = "") -> Data:
    """The status of a waiting container."""
    return {"name": name, "image": image, "state": {"waiting": {"reason": reason, "message": message}}}


def read_set(item: Data) -> observe.DaemonSet:
    """A DaemonSet, read with the component's labels."""
    return observe.daemon_set(item, plan_label=PLAN_LABEL, component_label=INSTANCE_LABEL)


def read_pod(item: Data, *, brief: bool = False) -> observe.Pod:
    """A pod, read with the component's labels."""
    return observe.pod(item, plan_label=PLAN_LABEL, brief=brief)
