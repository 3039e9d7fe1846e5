"""The costs of the component: for the registry, for the API server, and for an idle node."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from bench.compared.forms import FORMS, HELPERS, OURS, Cluster, Form, prepull
from bench.instruments import registry_log
from bench.instruments.api import NAMESPACE, Api
from bench.instruments.arrivals import Arrivals, arrivals
from bench.instruments.clean import clean, fetch
from bench.report.results import Comparison, Result
from lab import LabError

if TYPE_CHECKING:
    from bench.compared.image_sets import ImageSet
    from lab import Lab

STAGGER = "20s"
DEADLINE_SECONDS = 900
IDLE_SECONDS = 10
BACKGROUND_SECONDS = 10
_RESOURCES = ("configmaps", "controllerrevisions", "daemonsets", "events", "jobs", "pods", "secrets", "serviceaccounts")
_REQUESTS = re.compile(r'^apiserver_request_total\{.*resource="([a-z]+)".*\} ([0-9.e+]+)$', re.MULTILINE)


def measure(lab: Lab, images: ImageSet, rounds: int, say: Callable[[str], None]) -> list[Result]:
    """Measure all costs.

    Args:
        lab: a lab that is up.
        images: the images to pull.
        rounds: number of rounds.
        say: called with a message for each activity.
    """
    api = Api(lab)
    with arrivals(lab) as heard, api.namespace():
        return _Cost(lab, images, heard, api, say).run(rounds)


class _Cost:
    def __init__(self, lab: Lab, images: ImageSet, heard: Arrivals, api: Api, say: Callable[[str], None]) -> None:
        self._lab = lab
        self._set = images
        self._references = images.push(lab)
        self._heard = heard
        self._say = say
        self._api = api
        fetch(lab, HELPERS)

    def run(self, rounds: int) -> list[Result]:
        title = self._set.title
        sent: dict[str, list[float]] = {"first run": [], "pods made anew: the images are there": []}
        asked: dict[str, list[float]] = {"without stagger": [], f"with stagger = {STAGGER}": []}
        api: dict[str, list[float]] = {}
        for number in range(rounds):
            first, second = self._first_and_again()
            for label, requests in zip(sent, (first, second), strict=True):
                sent[label].append(registry_log.megabytes(requests))
            for label, requests in zip(asked, (first, self._staggered()), strict=True):
                asked[label].append(registry_log.peak([request for request in requests if request.is_layer]))
            background = self._background()
            for form in _API_FORMS:
                api.setdefault(form, []).append(self._api_requests(FORMS[form], background))
            self._say(f"round {number + 1} of {rounds}: {sent} {asked} {api}")
        idle, processor = self._idle()
        needed = len(self._lab.cluster.base_nodes) * self._set.total_megabytes
        return [
            Comparison("cost-registry", f"Sent by the registry ({title})", "MB", sent,
                       note=f"Three nodes need {needed} MB of content, and a program of 2 MB for each image."),
            Comparison("cost-stagger", f"Requests that the registry answers at once ({title})", "requests", asked,
                       note="At the busiest moment."),
            Comparison("cost-api", f"Requests to the API server ({title})", "requests", api, base=_API_FORMS[0],
                       note=f"By everybody, for {', '.join(_RESOURCES)}; without watches."),
            Comparison("cost-idle-memory", "Memory of a pod whose images are there", "MB", idle),
            Comparison("cost-idle-processor", "Processor time of such a pod", "ms a minute", processor),
        ]  # fmt: skip

    def _first_and_again(self) -> tuple[list[registry_log.Request], list[registry_log.Request]]:
        """The requests to the registry by the first pods, and by pods that replace them."""
        clean(self._lab, self._references)
        since = registry_log.now()
        with self._applied(FORMS[f"{OURS}, containerd"]):
            self._heard.wait(self._references, DEADLINE_SECONDS)
            self._wait_until_idle()
            first = self._log(since)
            since = registry_log.now()
            self._lab.cluster.kubectl("--namespace", NAMESPACE, "rollout", "restart", "daemonset")
            self._lab.cluster.kubectl("--namespace", NAMESPACE, "rollout", "status", "daemonset", "--timeout=110s")
            again = self._log(since)
        if again:
            self._say(f"the second run asked for {[request.path for request in again]}")
        return first, again

    def _staggered(self) -> list[registry_log.Request]:
        clean(self._lab, self._references)
        since = registry_log.now()
        with self._applied(prepull("containerd", stagger=STAGGER)):
            self._heard.wait(self._references, DEADLINE_SECONDS)
        return self._log(since)

    def _background(self) -> float:
        """Requests to the API server per second without any form."""
        time.sleep(2)
        before = self._counted()
        time.sleep(BACKGROUND_SECONDS)
        return (self._counted() - before) / BACKGROUND_SECONDS

    def _api_requests(self, form: Form, background: float) -> float:
        """Requests from apply until the pods report completion, minus the idle requests and our own polling."""
        clean(self._lab, self._references)
        time.sleep(2)
        before, began = self._counted(), time.monotonic()
        with self._applied(form):
            self._heard.wait(self._references, DEADLINE_SECONDS)
            looks = self._wait_until_idle()
            during, took = self._counted() - before - looks, time.monotonic() - began
            return max(0.0, round(during - background * took))

    def _counted(self) -> float:
        text = self._lab.cluster.kubectl("get", "--raw", "/metrics")
        lines = [line for line in text.splitlines() if 'verb="WATCH"' not in line]
        found = _REQUESTS.findall("\n".join(lines))
        return sum(float(number) for resource, number in found if resource in _RESOURCES)

    @contextmanager
    def _applied(self, form: Form) -> Iterator[None]:
        """Create the form's objects, and remove them with their pods after the block."""
        manifests = form(Cluster(NAMESPACE, self._references, self._lab.cluster.base_nodes))
        self._heard.forget()
        with self._api.removed_after(manifests):
            self._api.create(manifests)
            yield
        self._api.wait_until_empty()

    def _wait_until_idle(self) -> int:
        """Wait until the kubelets report that every pod is ready or has ended. Return the number of polls."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        looks = 1
        while not ((pods := self._pods()) and all(map(_is_done, pods))):
            if time.monotonic() > deadline:
                raise TimeoutError(f"the pods are not done after {DEADLINE_SECONDS} s")
            time.sleep(2)
            looks += 1
        return looks

    def _pods(self) -> list[dict[str, Any]]:
        listed = self._lab.cluster.kubectl("--namespace", NAMESPACE, "get", "pods", "--output=json")
        items: list[dict[str, Any]] = json.loads(listed)["items"]
        return items

    def _idle(self) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
        memory: dict[str, list[float]] = {}
        processor: dict[str, list[float]] = {}
        node = self._lab.cluster.base_nodes[-1]
        for form in _IDLE_FORMS:
            with self._applied(FORMS[form]):
                self._wait_until_idle()
                time.sleep(5)
                before = self._stats(node)
                time.sleep(IDLE_SECONDS)
                after = self._stats(node)
            memory[form] = [after[0] / 1_000_000]
            processor[form] = [(after[1] - before[1]) / 1_000_000 * 60 / IDLE_SECONDS]
            self._say(f"idle: {memory[form][0]:.2f} MB, {processor[form][0]:.1f} ms a minute  {form}")
        return memory, processor

    def _stats(self, node: str) -> tuple[int, int]:
        """Bytes and nanoseconds of all containers of the namespace's pod on a node."""
        listed = json.loads(self._lab.nodes.exec(node, "crictl", "stats", "--output", "json"))["stats"]
        # Containers that have ended are listed without figures.
        ours = [
            each
            for each in listed
            if each["attributes"]["labels"]["io.kubernetes.pod.namespace"] == NAMESPACE and each.get("memory")
        ]
        if not ours:
            raise LabError(f"{node} gives no figures of a container that runs in the namespace {NAMESPACE}.")
        return (
            sum(int(each["memory"]["workingSetBytes"]["value"]) for each in ours),
            sum(int(each["cpu"]["usageCoreNanoSeconds"]["value"]) for each in ours),
        )

    def _log(self, since: str) -> list[registry_log.Request]:
        return registry_log.read(self._lab, since, self._set.repository)


_API_FORMS: Sequence[str] = (
    *(f"{OURS}, {runtime}" for runtime in ("containerd", "kubelet", "image-volume")),
    "one running container an image (Che)",
    "one Job for each image and node (kube-fledged)",
)


_IDLE_FORMS: Sequence[str] = (
    *(f"{OURS}, {runtime}" for runtime in ("containerd", "kubelet", "image-volume")),
    "one running container an image (Che)",
)


def _is_done(pod: dict[str, Any]) -> bool:
    conditions = pod["status"].get("conditions") or []
    ready = any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)
    return ready or pod["status"].get("phase") == "Succeeded"
