"""Nodes that join: when they have their images, when they are ready, and how long a pod waits on them.

All forms are there before the node. The clock starts at its registration, when a watch of the API server sees the node.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from lightkube.resources.core_v1 import Pod
from prepull.status.times import moment

from bench.compared.forms import HELPERS, Cluster, Form, one_init_container_of_each_image, prepull
from bench.instruments.api import NAMESPACE, Api
from bench.instruments.arrivals import arrivals
from bench.instruments.clean import fetch
from bench.instruments.registration import OPEN, READY, REGISTERED, Registration, registration
from bench.instruments.shells import told_to_pull
from bench.report.results import Comparison
from bench.scenarios.ready import DEADLINE_SECONDS, is_ready, wait_for_pods, workload
from bench.scenarios.turns import turns

if TYPE_CHECKING:
    from bench.compared.image_sets import ImageSet
    from lab import Lab

_NAME = "bench"
_TAINT = "prepull.dev/not-ready"

LIMIT = "limit: crictl pull of all images at once, when the node is registered"
WITHOUT = "without"
WITH = "with PrePullDaemonSet"
TAINTED = "with PrePullDaemonSet and startup_taint"
OPENED = f"{TAINTED}: until the taint is gone"
VOLUMES = "with PrePullDaemonSet, image-volume"
JUPYTERHUB = "with one init container an image (JupyterHub)"

FORMS: Mapping[str, Form] = {
    WITH: prepull("containerd"),
    TAINTED: prepull("containerd", startup_taint=_TAINT),
    VOLUMES: prepull("image-volume"),
    JUPYTERHUB: one_init_container_of_each_image,
}
_PARTS = (
    "registration until the pod's sandbox runs",
    "until the puller runs",
    "until the last image is there",
)


def measure_images(lab: Lab, images: ImageSet, rounds: int, say: Callable[[str], None]) -> list[Comparison]:
    """Measure when a node that joins has its images, what this time is made of, and when the node is ready.

    The images that the forms themselves run are on the node, as in a node's image.

    Args:
        lab: a lab that is up.
        images: the images to pull.
        rounds: number of rounds.
        say: called with a message for each node.
    """
    there: dict[str, list[float]] = {form: [] for form in (LIMIT, WITH, TAINTED, OPENED, VOLUMES, JUPYTERHUB)}
    ready: dict[str, list[float]] = {form: [] for form in (WITHOUT, WITH, TAINTED, VOLUMES, JUPYTERHUB)}
    parts: dict[str, list[float]] = {part: [] for part in _PARTS}
    references = images.push(lab)
    for number, form in turns([LIMIT, WITHOUT, WITH, TAINTED, VOLUMES, JUPYTERHUB], rounds):
        found = _Joined(lab, form, references).images()
        say(f"round {number} of {rounds}: {found}  {form}")
        if found.there is not None:
            there[form].append(found.there)
        if form == TAINTED:
            there[OPENED].append(found.open)
        if form in ready:
            ready[form].append(found.ready)
        if form == WITH:
            for part, took in zip(_PARTS, found.parts, strict=True):
                parts[part].append(took)
    title = f"A new node ({images.title}, helper images there)"
    return [
        Comparison(f"new-node-{images}-images", f"{title}: from registration to its images", "s", there, base=LIMIT),
        Comparison(f"new-node-{images}-ready", f"{title}: from registration until it is ready", "s", ready,
                   base=WITHOUT, note="The node, not its pods."),
        Comparison(f"new-node-{images}-parts", f"{title}: what the time to its images is made of", "s", parts,
                   note=f"{WITH[0].upper()}{WITH[1:]}, without startup_taint."),
    ]  # fmt: skip


def measure_wait(lab: Lab, images: ImageSet, rounds: int, say: Callable[[str], None]) -> list[Comparison]:
    """Measure how long a pod waits on a node that joins, and when it is ready.

    The node has nothing but what the node image has. The arguments are those of `measure_images`.
    """
    waits: dict[str, list[float]] = {form: [] for form in (WITHOUT, WITH, TAINTED)}
    joins: dict[str, list[float]] = {form: [] for form in waits}
    references = images.push(lab)
    for number, form in turns(list(waits), rounds):
        joined, waited = _Joined(lab, form, references).pod()
        say(f"round {number} of {rounds}: {joined:6.2f} s, {waited:.2f} s on the node  {form}")
        waits[form].append(waited)
        joins[form].append(joined)
    title = f"A new node ({images.title})"
    return [
        Comparison(f"new-node-{images}-wait", f"{title}: a pod waits on it", "s", waits, base=WITHOUT,
                   note="From its being scheduled there to its being ready."),
        Comparison(f"new-node-{images}-join", f"{title}: from joining to a ready pod", "s", joins, base=WITHOUT,
                   note="From the node's registration; its disk has nothing but what the node image has."),
    ]  # fmt: skip


@dataclass(frozen=True)
class _Found:
    ready: float
    open: float
    there: float | None = None
    parts: Sequence[float] = ()

    def __str__(self) -> str:
        there = "" if self.there is None else f", images {self.there:.2f} s"
        made_of = f" ({' + '.join(f'{part:.2f}' for part in self.parts)})" if self.parts else ""
        return f"ready {self.ready:.2f} s, open {self.open:.2f} s{there}{made_of}"


class _Joined:
    """One node that joins, with one form."""

    def __init__(self, lab: Lab, form: str, references: Sequence[str]) -> None:
        self._lab = lab
        self._form = form
        self._references = references
        self._api = Api(lab)

    def images(self) -> _Found:
        with self._deployed(), self._machine() as node, ExitStack() as stack:
            fetch(self._lab, HELPERS, [node])
            heard = stack.enter_context(arrivals(self._lab, [node]))
            start: Callable[[], None] = lambda: None  # noqa: E731
            if self._form == LIMIT:
                start = stack.enter_context(told_to_pull(self._lab, [node], self._references))
            seen = stack.enter_context(self._registered(node, start))
            registered, ready, opened = (seen.wait(event, DEADLINE_SECONDS) for event in (REGISTERED, READY, OPEN))
            found = _Found(ready - registered, opened - registered)
            if self._form == WITHOUT:
                return found
            last = heard.wait(self._references, DEADLINE_SECONDS)
            found = replace(found, there=last - registered)
            if self._form != WITH:
                return found
            sandbox, puller = self._starts(node)
            return replace(found, parts=(sandbox - registered, puller - sandbox, last - puller))

    def pod(self) -> tuple[float, float]:
        with self._deployed(), self._machine() as node:
            self._api.create([workload(self._references, node)])
            with self._registered(node, lambda: None) as seen:
                scheduled, ready = self._times_of_pod()
                return ready - seen.wait(REGISTERED, 0), ready - scheduled

    @contextmanager
    def _deployed(self) -> Iterator[None]:
        """The form is on all base nodes during the block."""
        lab, api = self._lab, self._api
        made = FORMS.get(self._form)
        objects = made(Cluster(NAMESPACE, self._references, lab.cluster.base_nodes)) if made else []
        # The component has cluster-wide objects too.
        with api.namespace(), api.removed_after(objects):
            api.create(objects)
            if objects:
                wait_for_pods(api, len(lab.cluster.base_nodes))
            yield

    @contextmanager
    def _machine(self) -> Iterator[str]:
        """A machine that is no node yet. Afterwards it is gone, node or not."""
        node = self._lab.nodes.prepare(_NAME)
        try:
            yield node
        finally:
            self._lab.nodes.remove(node)

    @contextmanager
    def _registered(self, node: str, start: Callable[[], None]) -> Iterator[Registration]:
        """Let the machine join beside the block."""
        taints = [f"{_TAINT}:NoSchedule"] if self._form == TAINTED else []
        with registration(self._api, node, start) as seen, ThreadPoolExecutor(1) as pool:
            joining = pool.submit(self._lab.nodes.register, node, taints)
            yield seen
            joining.result()

    def _times_of_pod(self) -> tuple[float, float]:
        scheduled = None
        for _, pod in self._api.client.watch(
            Pod, namespace=NAMESPACE, fields={"metadata.name": "workload"}, server_timeout=DEADLINE_SECONDS
        ):
            if scheduled is None and pod.spec and pod.spec.nodeName:
                scheduled = time.time()
            if scheduled is not None and is_ready(pod):
                return scheduled, time.time()
        raise TimeoutError(f"the workload is not ready after {DEADLINE_SECONDS} s")

    def _starts(self, node: str) -> tuple[float, float]:
        """When the sandbox of the component's pod ran, and when its puller did, as the node's runtime says."""
        [sandbox] = self._ask(node, "pods", "--namespace", NAMESPACE, "--output", "json")["items"]
        listed = self._ask(node, "ps", "--all", "--pod", sandbox["id"], "--output", "json")["containers"]
        [puller] = [each["id"] for each in listed if each["metadata"]["name"] == "pull"]
        return int(sandbox["createdAt"]) / 1e9, moment(self._ask(node, "inspect", puller)["status"]["startedAt"])

    def _ask(self, node: str, *arguments: str) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(self._lab.nodes.exec(node, "crictl", *arguments))
        return answer
