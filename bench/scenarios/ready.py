"""The benefit: the time until a workload is ready on nodes with its images, and on nodes without."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from lightkube.resources.core_v1 import Pod
from prepull.manifests import render

from bench.instruments.api import NAMESPACE, Api
from bench.instruments.clean import clean
from bench.report.results import Comparison
from lab.cluster.pods import pod_for

if TYPE_CHECKING:
    from bench.compared.image_sets import ImageSet
    from lab import Lab

DEADLINE_SECONDS = 600
WITHOUT, WITH = "without: the workload pulls its image itself", "with PrePullDaemonSet: the image is there"


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
                others = 0
                if form == WITH:
                    others = len(lab.cluster.base_nodes)
                    api.create(component(references))
                    wait_for_pods(api, others)
                began = time.monotonic()
                api.create([workload(references, node)])
                wait_for_pods(api, others + 1)
                took = time.monotonic() - began
            say(f"round {number} of {rounds}: {took:6.2f} s  {form}")
            if number:
                seconds[form].append(took)
    clean(lab, references)
    title = f"A workload becomes ready ({images.title})"
    return Comparison(f"ready-{images}", title, "s", seconds, base=WITHOUT, note="From its creation.")


def component(references: Sequence[str]) -> list[dict[str, Any]]:
    """The component's objects, with its defaults."""
    given = {"images": list(references), "wait_for": "nothing"}
    return list(render.manifests("bench", given, NAMESPACE).values())


def workload(references: Sequence[str], node: str) -> dict[str, Any]:
    """A pod for a node, with a container of each image."""
    tolerated = [{"key": "node-role.kubernetes.io/control-plane", "operator": "Exists"}]
    return pod_for(node, references, name="workload", namespace=NAMESPACE, tolerations=tolerated)


def wait_for_pods(api: Api, number: int) -> None:
    """Wait until so many pods are ready."""
    ready: set[str] = set()
    for _, pod in api.client.watch(Pod, namespace=NAMESPACE, server_timeout=DEADLINE_SECONDS):
        if is_ready(pod):
            ready.add(str(pod.metadata.name if pod.metadata else ""))
        if len(ready) >= number:
            return
    raise TimeoutError(f"{number - len(ready)} pods are not ready after {DEADLINE_SECONDS} s")


def is_ready(pod: Pod) -> bool:
    """Whether a pod is ready."""
    conditions = (pod.status.conditions if pod.status else None) or []
    return any(each.type == "Ready" and each.status == "True" for each in conditions)
