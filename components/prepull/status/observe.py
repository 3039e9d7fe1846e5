"""What the API server's objects say about a component, reduced to what its status needs.

Objects come in as plain data, one at a time, and nothing of them is kept: a cluster may have thousands of nodes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from sys import intern
from typing import Any

from ..labels import INSTANCE_LABEL, PLAN_LABEL
from . import reasons, report

WAITING, PULLING, PRESENT, FAILED = "waiting", "pulling", "present", "failed"
STATES = (PRESENT, PULLING, WAITING, FAILED)

# What the kubelet says between two runs: "back-off 2m40s restarting failed container=pull pod=…".
_BACKOFF = re.compile(r"back-off (?:([0-9]{1,6})m)?([0-9]{1,6})s restarting")
_QUOTED = re.compile(r'"([^"]+)"')


@dataclass(frozen=True, slots=True)
class Image:
    """One image on one node. Times are seconds since the epoch; what is not known is None."""

    state: str
    digest: str | None = None
    size: int | None = None
    seconds: float | None = None
    attempts: int | None = None
    of_attempts: int | None = None
    reason: str | None = None
    since: float | None = None
    next_try: float | None = None
    final: bool = False
    """For one that failed: nobody tries again unless the kubelet starts the pod's container anew."""


_WAITING = Image(WAITING)
_PRESENT = Image(PRESENT)


@dataclass(frozen=True, slots=True)
class Pod:
    """One pod of a component. `images` are the states of `names`, in their order."""

    name: str
    node: str
    owner: str
    plan: str
    names: tuple[str, ...]
    images: tuple[Image, ...]
    ready: bool
    started: float | None = None
    """Since when its puller has been running, while it does: its log then says more."""
    problem: str | None = None
    """What keeps the whole pod from starting."""
    problem_final: bool = False
    mounted: bool = False
    """Whether its volumes are known to be mounted: what kept them from it is over."""


@dataclass(frozen=True, slots=True)
class DaemonSet:
    """A component's DaemonSet. `desired` is None until its controller has counted the nodes of the latest change."""

    name: str
    namespace: str
    component: str
    plan: str
    names: tuple[str, ...]
    desired: int | None


def daemon_set(item: Mapping[str, Any]) -> DaemonSet:
    """Read a DaemonSet.

    Args:
        item: it, as the API server returns it.
    """
    metadata, status = item["metadata"], item.get("status") or {}
    template = item["spec"]["template"]
    counted = status.get("observedGeneration", 0) >= metadata.get("generation", 0)
    return DaemonSet(
        name=metadata["name"],
        namespace=metadata.get("namespace", ""),
        component=_label(metadata, INSTANCE_LABEL) or metadata["name"],
        plan=_label(template.get("metadata") or {}, PLAN_LABEL),
        names=names_of(template["spec"]),
        desired=status.get("desiredNumberScheduled", 0) if counted else None,
    )


def pod(item: Mapping[str, Any]) -> Pod:
    """Read a pod.

    Args:
        item: it, as the API server returns it.
    """
    metadata, spec, status = item["metadata"], item.get("spec") or {}, item.get("status") or {}
    names = names_of(spec)
    conditions = {condition["type"]: condition for condition in status.get("conditions") or []}
    owners = metadata.get("ownerReferences") or []
    read = _runtime(spec)(names, status)
    problem, final = _problem(status, conditions)
    return Pod(
        name=metadata["name"],
        node=intern(spec.get("nodeName") or _wanted_node(spec)),
        owner=intern(owners[0]["name"]) if owners else "",
        plan=intern(_label(metadata, PLAN_LABEL)),
        names=names,
        images=read.images,
        ready=(conditions.get("Ready") or {}).get("status") == "True",
        started=read.started,
        problem=problem,
        problem_final=final,
        mounted=(conditions.get("PodReadyToStartContainers") or {}).get("status") == "True",
    )


def names_of(spec: Mapping[str, Any]) -> tuple[str, ...]:
    """The images that a pod is to bring onto its node, in the order of the component's list.

    Args:
        spec: the pod's, or that of a DaemonSet's template.
    """
    listed = report.images_of_pod({"spec": spec})
    if not listed:
        by_prefix = dict(_numbered(spec.get("initContainers"), "pull-") or _numbered(spec.get("containers"), "hold-"))
        listed = [by_prefix[index]["image"] for index in sorted(by_prefix)]
    if not listed:
        volumes = dict(_numbered(spec.get("volumes"), "image-"))
        listed = [volumes[index]["image"]["reference"] for index in sorted(volumes) if "image" in volumes[index]]
    return _shared(tuple(listed))


@lru_cache(maxsize=256)
def _shared(names: tuple[str, ...]) -> tuple[str, ...]:
    # All pods of a component have one list, which is kept once.
    return names


def _numbered(items: Iterable[Mapping[str, Any]] | None, prefix: str) -> list[tuple[int, Mapping[str, Any]]]:
    found = []
    for item in items or []:
        number = item.get("name", "").removeprefix(prefix)
        if number.isdecimal() and item["name"] != number:
            found.append((int(number), item))
    return found


def _label(metadata: Mapping[str, Any], key: str) -> str:
    value: str = (metadata.get("labels") or {}).get(key, "")
    return value


def _wanted_node(spec: Mapping[str, Any]) -> str:
    """The node that the DaemonSet's controller made a pod for, before the scheduler has bound it."""
    affinity = ((spec.get("affinity") or {}).get("nodeAffinity") or {}).get(
        "requiredDuringSchedulingIgnoredDuringExecution"
    ) or {}
    for term in affinity.get("nodeSelectorTerms") or []:
        for field in term.get("matchFields") or []:
            if field.get("key") == "metadata.name" and field.get("values"):
                node: str = field["values"][0]
                return node
    return ""


def _problem(status: Mapping[str, Any], conditions: Mapping[str, Mapping[str, Any]]) -> tuple[str | None, bool]:
    scheduled = conditions.get("PodScheduled") or {}
    if scheduled.get("status") == "False":
        return f"the pod cannot be scheduled: {reasons.one_line(scheduled.get('message') or '')}", True
    if status.get("phase") == "Failed" and status.get("reason"):
        return f"the pod has failed: {status['reason']}: {reasons.one_line(status.get('message') or '')}", False
    for container in _containers(status):
        if _number(container["name"]) is not None:
            continue
        waiting = (container.get("state") or {}).get("waiting") or {}
        message = waiting.get("message") or ""
        if waiting.get("reason") in reasons.PULL_FAILURES and not _is_of_volume(message, container):
            certain = reasons.certain(message)
            why = certain or reasons.one_line(message or waiting["reason"])
            return f"image {container.get('image', '')}: {why}", certain is not None
        if waiting.get("reason") in reasons.START_FAILURES:
            why = reasons.one_line(message)
            return f"container {container['name']} cannot start: {why}", not reasons.passing(message)
    return None, False


def _is_of_volume(message: str, container: Mapping[str, Any]) -> bool:
    """Whether the image that a container waits for is that of a volume, not its own."""
    quoted = _QUOTED.findall(message)
    return bool(quoted) and container.get("image") not in quoted


def _containers(status: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield from status.get("initContainerStatuses") or []
    yield from status.get("containerStatuses") or []


def _number(name: str) -> int | None:
    """The place in the list of the image that a container of the kubelet's runtime stands for."""
    for prefix in ("pull-", "hold-"):
        if name.startswith(prefix) and name[len(prefix) :].isdecimal():
            return int(name[len(prefix) :])
    return None


# ---------------------------------------------------------------- one reader for each way to pull


@dataclass(frozen=True, slots=True)
class _Read:
    images: tuple[Image, ...]
    started: float | None = None


def _runtime(spec: Mapping[str, Any]) -> Any:
    if report.images_of_pod({"spec": spec}):
        return _reported
    if any("image" in volume for volume in spec.get("volumes") or []):
        return _mounted
    return _contained


def _reported(names: Sequence[str], status: Mapping[str, Any]) -> _Read:
    """Runtimes with a socket: the puller's report, of this run or the last."""
    container: Mapping[str, Any] = next(
        (each for each in status.get("initContainerStatuses") or [] if each.get("name") == report.PULLER), {}
    )
    state = container.get("state") or {}
    runs = [each.get("terminated") or {} for each in (state, container.get("lastState") or {})]
    # A run that was ended from outside has left no report, and the one before it may have.
    ended = next((run for run in runs if run.get("message")), runs[0] or runs[1])
    if running := state.get("running"):
        started = seconds_of(running.get("startedAt"))
        before = _of_report(names, ended, None) if ended else ()
        # What the last run has pulled is there; what it has not is tried once more.
        pulling = Image(PULLING, since=started)
        return _Read(
            tuple(before[i] if before and before[i].state == PRESENT else pulling for i in range(len(names))), started
        )
    if not ended:
        return _Read((_WAITING,) * len(names))
    return _Read(_of_report(names, ended, _next_run(state, ended)))


def _of_report(names: Sequence[str], ended: Mapping[str, Any], next_try: float | None) -> tuple[Image, ...]:
    try:
        found = report.parse(ended.get("message") or "")
    except report.InvalidReportError:
        if ended.get("exitCode") == 0:
            return (_PRESENT,) * len(names)
        why = f"the puller ended without a report: {ended.get('reason') or 'Error'}, code {ended.get('exitCode')}"
        return (Image(FAILED, reason=why, next_try=next_try),) * len(names)
    if found.error:
        return (Image(FAILED, reason=found.error, next_try=next_try, final=True),) * len(names)
    images = []
    for index in range(len(names)):
        result = found.results.get(index)
        if result is None:
            present = found.complete and found.failed == 0
            images.append(_PRESENT if present else Image(FAILED, reason="not in the report", next_try=next_try))
        elif result.present:
            digest = intern(result.digest) if result.digest else None
            images.append(Image(PRESENT, digest, result.size, result.seconds, result.attempts))
        else:
            images.append(
                Image(
                    FAILED,
                    seconds=result.seconds,
                    attempts=result.attempts,
                    of_attempts=result.attempts,
                    reason=intern(result.reason or "no reason given"),
                    next_try=next_try,
                    final=True,
                )
            )
    return tuple(images)


def _next_run(state: Mapping[str, Any], ended: Mapping[str, Any]) -> float | None:
    """When the kubelet starts the container again, where it says how long it waits."""
    found = _BACKOFF.search((state.get("waiting") or {}).get("message") or "")
    finished = seconds_of(ended.get("finishedAt"))
    if not found or finished is None:
        return None
    return finished + int(found[1] or 0) * 60 + int(found[2])


def _contained(names: Sequence[str], status: Mapping[str, Any]) -> _Read:
    """The kubelet's runtime: a container for each image, one after another, or all at once with `hold`."""
    images = [_WAITING] * len(names)
    since = seconds_of(status.get("startTime"))
    turn = True
    for container in status.get("initContainerStatuses") or []:
        state = container.get("state") or {}
        index = _number(container["name"])
        if index is not None and index < len(images):
            images[index] = _of_container(container, since if turn else None)
        if ended := state.get("terminated"):
            since = seconds_of(ended.get("finishedAt"))
        if not ended or ended.get("exitCode"):
            turn = False
    for container in status.get("containerStatuses") or []:
        index = _number(container["name"])
        if index is not None and index < len(images):
            images[index] = _of_container(container, since if turn else None)
    return _Read(tuple(images))


def _of_container(container: Mapping[str, Any], since: float | None) -> Image:
    state = container.get("state") or {}
    if "running" in state or "terminated" in state or container.get("lastState"):
        digest = (container.get("imageID") or "").rpartition("@")[2]
        return Image(PRESENT, digest=intern(digest)) if digest.startswith("sha256:") else _PRESENT
    waiting = state.get("waiting") or {}
    reason, message = waiting.get("reason"), waiting.get("message") or ""
    if reason in reasons.PULL_FAILURES:
        certain = reasons.certain(message)
        return Image(FAILED, reason=certain or reasons.one_line(message or reason), final=certain is not None)
    if reason in reasons.START_FAILURES:
        why = f"its container cannot start: {reasons.one_line(message)}"
        return Image(FAILED, reason=why, final=not reasons.passing(message))
    return _WAITING if since is None else Image(PULLING, since=since)


def _mounted(names: Sequence[str], status: Mapping[str, Any]) -> _Read:
    """Image volumes: they are all there once `pause` runs, and until then one of them may be known to fail."""
    containers = status.get("containerStatuses") or []
    if any("running" in (container.get("state") or {}) for container in containers):
        return _Read((_PRESENT,) * len(names))
    since = seconds_of(status.get("startTime"))
    images = [_WAITING if since is None else Image(PULLING, since=since)] * len(names)
    for container in containers:
        waiting = (container.get("state") or {}).get("waiting") or {}
        message = waiting.get("message") or ""
        if waiting.get("reason") not in reasons.PULL_FAILURES:
            continue
        certain = reasons.certain(message)
        failed = Image(FAILED, reason=certain or reasons.one_line(message), final=certain is not None)
        for index, name in enumerate(names):
            if name in _QUOTED.findall(message):
                images[index] = failed
    return _Read(tuple(images))


def with_log(pod: Pod, steps: Mapping[str, Any]) -> Pod:
    """A pod whose puller is running, with what its log says.

    Args:
        pod: as it was read.
        steps: the latest `progress.Step` of each image that the log names.
    """
    if pod.started is None or not steps:
        return pod
    images = []
    for name, image in zip(pod.names, pod.images, strict=True):
        step = steps.get(name)
        if step is not None:
            images.append(
                Image(
                    step.state,
                    image.digest,
                    image.size,
                    step.seconds,
                    step.attempts,
                    step.of_attempts,
                    step.reason,
                    step.since if step.state == PULLING else None,
                    step.next_try,
                    final=step.state == FAILED and step.next_try is None,
                )
            )
        else:
            images.append(_WAITING if image.state == PULLING else image)
    return replace(pod, images=tuple(images))


def seconds_of(time: str | None) -> float | None:
    """A time of the API server's, which may be absent, as seconds since the epoch."""
    return moment(time) if time else None


def moment(time: str) -> float:
    """A time in UTC, with or without a fraction, as seconds since the epoch.

    Args:
        time: it, as RFC 3339 has it.

    Raises:
        ValueError: it is no such time.
    """
    whole, _, rest = time.partition(".")
    fraction = re.match(r"\d*", rest)
    seconds = datetime.fromisoformat(whole.removesuffix("Z") + "+00:00").timestamp()
    return seconds + (float(f"0.{fraction[0]}") if fraction and fraction[0] else 0.0)
