"""The benefit: the time until a workload is ready on nodes with its images, and on nodes without.

Also the time that a pod waits on a new node, with and without a startup taint.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lightkube.resources.core_v1 import Pod
from prepull.manifests import render
from prepull.status.times import moment

from bench.instruments.api import NAMESPACE, Api
from bench.instruments.clean import clean
from bench.report.results import Comparison

if TYPE_CHECKING:
    from bench.compared.image_sets import ImageSet
    from lab import Lab

_NEW_NODE = "bench"
TAINT = "prepull.dev/not-ready"
DEADLINE_SECONDS = 600
WITHOUT, WITH = "without: the workload pulls its image itself", "with PrePullDaemonSet: the image is there"
NEW_WITHOUT = "without"
NEW_WITH = "with PrePullDaemonSet"
NEW_TAINTED = "with PrePullDaemonSet and startup_taint"


def measure_workload(lab: Lab, images: ImageSet, rounds: int, say: Callable[[str], None]) -> Comparison:
    """Measure the time from the creation of a pod until it is ready, on a node with its images and on a node without.

    Args:
        lab: a lab that is up.
        images: the images; the pod has a container of each.
        rounds: number of rounds. One more round before them warms up.
        say: called with a message for each round.
    """
    seconds: dict[str, list[float]] = {WITHOUT: [], WITH: []}
    references = images.push(lab)
    api = Api(lab)
    node = lab.cluster.base_nodes[-1]
    for number in range(rounds + 1):
        for form in (WITHOUT, WITH) if number % 2 else (WITH, WITHOUT):
            clean(lab, references, [node])
            with api.namespace():
                if form == WITH:
                    api.create(_component(references))
                    _wait_for_component(api, len(lab.cluster.base_nodes))
                took = _ready(api, _workload(references, node)).seconds
            say(f"round {number} of {rounds}: {took:6.2f} s  {form}")
            if number:
                seconds[form].append(took)
    clean(lab, references)
    title = f"A workload becomes ready ({images.title})"
    return Comparison(f"ready-{images}", title, "s", seconds, base=WITHOUT, note="From its creation.")


def measure_new_node(lab: Lab, images: ImageSet, rounds: int, say: Callable[[str], None]) -> list[Comparison]:
    """Measure, for a node that joins, how long a pod on it waits, and when the pod is ready after the join."""
    waits: dict[str, list[float]] = {NEW_WITHOUT: [], NEW_WITH: [], NEW_TAINTED: []}
    joins: dict[str, list[float]] = {form: [] for form in waits}
    references = images.push(lab)
    api = Api(lab)
    for number in range(rounds):
        forms = list(waits)
        for form in forms[number % 3 :] + forms[: number % 3]:
            found = _joined(lab, api, references, form)
            say(f"round {number + 1} of {rounds}: {found.seconds:6.2f} s, {found.waited:.2f} s on the node  {form}")
            waits[form].append(found.waited)
            joins[form].append(found.seconds)
    title = f"A new node ({images.title})"
    return [
        Comparison(f"new-node-{images}-wait", f"{title}: a pod waits on it", "s", waits, base=NEW_WITHOUT,
                   note="From its being scheduled there to its being ready."),
        Comparison(f"new-node-{images}-join", f"{title}: from joining to a ready pod", "s", joins, base=NEW_WITHOUT,
                   note="From the node's registration; its disk has nothing but what the node image has."),
    ]  # fmt: skip


@dataclass(frozen=True)
class _Times:
    seconds: float
    waited: float


def _joined(lab: Lab, api: Api, references: Sequence[str], form: str) -> _Times:
    taint = {"startup_taint": TAINT} if form == NEW_TAINTED else {}
    component = [] if form == NEW_WITHOUT else _component(references, **taint)
    # The component has cluster-wide objects too.
    with api.namespace(), api.removed_after(component):
        api.create(component)
        if component:
            _wait_for_component(api, len(lab.cluster.base_nodes))
        api.create([_workload(references, f"{lab.name}-{_NEW_NODE}")])
        with _new_node(lab, tainted=bool(taint)) as registered:
            pod = _wait_until_ready(api)
    at = {each.type: each.lastTransitionTime.timestamp() for each in pod.status.conditions}
    return _Times(at["Ready"] - registered, at["Ready"] - at["PodScheduled"])


@contextmanager
def _new_node(lab: Lab, *, tainted: bool) -> Iterator[float]:
    """Add a node for the block. Yields the time of its registration, in seconds since the epoch."""
    name = lab.nodes.join(_NEW_NODE, taints=[f"{TAINT}:NoSchedule"] if tainted else [])
    try:
        [made] = [
            node["metadata"]["creationTimestamp"] for node in lab.cluster.nodes() if node["metadata"]["name"] == name
        ]
        yield moment(made)
    finally:
        lab.nodes.remove(name)


def _component(references: Sequence[str], **args: Any) -> list[dict[str, Any]]:
    given = {"images": list(references), "wait_for": "nothing", **args}
    return list(render.manifests("bench", given, NAMESPACE).values())


def _workload(references: Sequence[str], node: str) -> dict[str, Any]:
    containers = [
        {"name": f"app-{index}", "image": image, "imagePullPolicy": "IfNotPresent", "command": ["/bin/sleep", "3600"]}
        for index, image in enumerate(references)
    ]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "workload", "namespace": NAMESPACE},
        "spec": {
            "nodeSelector": {"kubernetes.io/hostname": node},
            "terminationGracePeriodSeconds": 0,
            "tolerations": [{"key": "node-role.kubernetes.io/control-plane", "operator": "Exists"}],
            "containers": containers,
        },
    }


def _ready(api: Api, workload: dict[str, Any]) -> _Times:
    began = time.monotonic()
    api.create([workload])
    _wait_until_ready(api)
    took = time.monotonic() - began
    return _Times(took, took)


def _wait_until_ready(api: Api) -> Any:
    for _, pod in api.client.watch(
        Pod, namespace=NAMESPACE, fields={"metadata.name": "workload"}, server_timeout=DEADLINE_SECONDS
    ):
        conditions = (pod.status.conditions if pod.status else None) or []
        if any(each.type == "Ready" and each.status == "True" for each in conditions):
            return pod
    raise TimeoutError(f"the workload is not ready after {DEADLINE_SECONDS} s")


def _wait_for_component(api: Api, nodes: int) -> None:
    labels: dict[str, Any] = {"app.kubernetes.io/name": "prepull"}
    ready: set[str] = set()
    for _, pod in api.client.watch(Pod, namespace=NAMESPACE, labels=labels, server_timeout=DEADLINE_SECONDS):
        conditions = (pod.status.conditions if pod.status else None) or []
        if any(each.type == "Ready" and each.status == "True" for each in conditions):
            ready.add(str(pod.metadata.name if pod.metadata else ""))
        if len(ready) >= nodes:
            return
    raise TimeoutError(f"the component is not ready after {DEADLINE_SECONDS} s")
