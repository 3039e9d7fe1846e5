"""Reduces objects of the API server to what a component's status needs.

The objects are plain data, and are processed one at a time. None of them is kept, since a cluster may have thousands of
nodes. The caller gives the labels that the component uses.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from sys import intern
from typing import Any

from . import pulls, reasons, report
from .pulls import FAILED, PRESENT, PULLING, STATES, WAITING, Image
from .times import seconds_of

__all__ = ["FAILED", "PRESENT", "PULLING", "STATES", "WAITING", "Image"]
EVENTS = {"type": "Warning"}
"""The fields of the events about pods that do not start or are not created. `event` leaves out the others of them."""
_LASTING = ("FailedMount", "FailedCreate")
NAME_LENGTH = 120
"""The most characters of an image's name in a message: what comes after it matters more."""


@dataclass(frozen=True, slots=True)
class Pod:
    """One pod of a component. `images` are the states of the images in `names`, in the same order."""

    name: str
    node: str
    owner: str
    """The UID of the DaemonSet that owns it. Labels are not enough: a DaemonSet of another stack may have the same."""
    plan: str
    names: tuple[str, ...]
    images: tuple[Image, ...]
    complete: bool
    """Whether every image is present, according to the pod's status."""
    ready: bool
    made: float | None = None
    started: float | None = None
    """The start time of its puller, if the puller is running. Its log then has details."""
    problem: str | None = None
    """The problem that prevents the whole pod from starting."""
    problem_final: bool = False
    problem_at: float | None = None
    """The time at which the problem was detected. None: it may have been just now."""
    mounted: bool = False
    """Whether its volumes are known to be mounted. Earlier problems with volumes are then solved."""
    reports: bool = False
    """Whether the states of its images come from the puller's report, and not from the kubelet's messages."""


@dataclass(frozen=True, slots=True)
class DaemonSet:
    """A component's DaemonSet. `desired` is None until its controller has counted the nodes of the latest change."""

    name: str
    namespace: str
    component: str
    uid: str
    plan: str
    names: tuple[str, ...]
    desired: int | None
    ready: int
    """Number of its ready pods, as its controller counts them. The count is a moment behind the pods."""


@dataclass(frozen=True, slots=True)
class Event:
    """Why a pod does not start, or why the pods of a DaemonSet are not created."""

    about: str
    """The name of the pod or the DaemonSet."""
    why: str
    passing: bool
    """Whether the problem may pass by itself."""
    at: float | None = None


def daemon_set(item: Mapping[str, Any], *, plan_label: str, component_label: str = "") -> DaemonSet:
    """Read a DaemonSet.

    Args:
        item: the DaemonSet, as the API server returns it.
        plan_label: the key of the label that identifies a pod's plan.
        component_label: the key of the DaemonSet's label that contains the component's name.
    """
    metadata, status = item["metadata"], item.get("status") or {}
    template = item["spec"]["template"]
    counted = status.get("observedGeneration", 0) >= metadata.get("generation", 0)
    return DaemonSet(
        name=metadata["name"],
        namespace=metadata.get("namespace", ""),
        component=_label(metadata, component_label) or metadata["name"],
        uid=metadata.get("uid", ""),
        plan=_label(template.get("metadata") or {}, plan_label),
        names=names_of(template["spec"]),
        desired=status.get("desiredNumberScheduled", 0) if counted else None,
        ready=status.get("numberReady", 0) if counted else 0,
    )


def pod(item: Mapping[str, Any], *, plan_label: str, brief: bool = False) -> Pod:
    """Read a pod.

    Args:
        item: the pod, as the API server returns it.
        plan_label: the key of the label that identifies its plan.
        brief: leave out digests, sizes and times if all images are present. Only displays need them.
    """
    metadata, spec, status = item["metadata"], item.get("spec") or {}, item.get("status") or {}
    names = names_of(spec)
    conditions = {condition["type"]: condition for condition in status.get("conditions") or []}
    owners = metadata.get("ownerReferences") or []
    read = pulls.read(names, item, brief=brief)
    complete = all(image.state == PRESENT for image in read.images)
    problem, final, problem_at = _problem(item, conditions)
    return Pod(
        name=metadata["name"],
        node=intern(spec.get("nodeName") or _wanted_node(spec)),
        owner=intern(owners[0].get("uid", "")) if owners else "",
        plan=intern(_label(metadata, plan_label)),
        names=names,
        images=pulls.all_present(len(names)) if brief and complete else read.images,
        complete=complete,
        ready=(conditions.get("Ready") or {}).get("status") == "True",
        made=pulls.made_at(item),
        started=read.started,
        problem=problem,
        problem_final=final,
        problem_at=problem_at,
        mounted=(conditions.get("PodReadyToStartContainers") or {}).get("status") == "True" or _has_run(status),
        reports=bool(report.images_of_pod(item)),
    )


def event(item: Mapping[str, Any]) -> Event | None:
    """Read an event; None if it does not say why a pod does not start.

    Sandboxes and networks may come up later, and what other reasons mean is not known: only a volume or a creation that
    fails is final.

    Args:
        item: the event, as the API server returns it.
    """
    message, reason, involved = item.get("message") or "", item.get("reason") or "", item.get("involvedObject") or {}
    if not reasons.tells(involved.get("kind"), reason):
        return None
    about = intern(involved.get("name", ""))
    lasting = reason in _LASTING
    why = intern(reasons.of_event(message or reason, "" if lasting else about))
    at = seconds_of(item.get("lastTimestamp") or item.get("eventTime"))
    return Event(about, why, not lasting or reasons.passing(message), at)


def names_of(spec: Mapping[str, Any]) -> tuple[str, ...]:
    """The images that a pod should pull onto its node, in the order of the component's list.

    Args:
        spec: the spec of the pod, or of a DaemonSet's pod template.
    """
    listed = report.images_of_pod({"spec": spec})
    if not listed:
        held = dict(_numbered(spec.get("containers"), "hold-"))
        listed = [held[index]["image"] for index in sorted(held)]
    if not listed:
        volumes = dict(_numbered(spec.get("volumes"), "image-"))
        listed = [volumes[index]["image"]["reference"] for index in sorted(volumes) if "image" in volumes[index]]
    return _shared(tuple(listed))


@lru_cache(maxsize=256)
def _shared(names: tuple[str, ...]) -> tuple[str, ...]:
    # All pods of a component have the same list, so keep it in memory only once.
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
    """The node for which the DaemonSet's controller created a pod that the scheduler has not bound yet."""
    affinity = ((spec.get("affinity") or {}).get("nodeAffinity") or {}).get(
        "requiredDuringSchedulingIgnoredDuringExecution"
    ) or {}
    for term in affinity.get("nodeSelectorTerms") or []:
        for field in term.get("matchFields") or []:
            if field.get("key") == "metadata.name" and field.get("values"):
                node: str = field["values"][0]
                return node
    return ""


def _problem(
    item: Mapping[str, Any], conditions: Mapping[str, Mapping[str, Any]]
) -> tuple[str | None, bool, float | None]:
    """The problem that prevents a pod from starting, whether it is final, and when it was detected."""
    status = item.get("status") or {}
    scheduled = conditions.get("PodScheduled") or {}
    if scheduled.get("status") == "False":
        final = scheduled.get("reason") != "SchedulerError"
        return f"the pod cannot be scheduled: {reasons.one_line(scheduled.get('message') or '')}", final, None
    # Of a node that is off, the pod is not Failed (kubernetes: pkg/controller/nodelifecycle).
    if status.get("reason") and (status.get("phase") == "Failed" or status["reason"] == "NodeLost"):
        return f"the pod has failed: {status['reason']}: {reasons.one_line(status.get('message') or '')}", False, None
    for container in _containers(status):
        if pulls.place_of(container["name"]) is not None:
            continue
        waiting = (container.get("state") or {}).get("waiting") or {}
        reason: str = waiting.get("reason") or ""
        message: str = waiting.get("message") or ""
        if reason in reasons.PULL_FAILURES:
            if _is_of_volume(item, container, waiting):
                continue
            why, final = reasons.of_pull(message or reason)
            name = reasons.shortened(container.get("image", ""), NAME_LENGTH)
            return f"image {name}: {why}", final, pulls.found_out(waiting, pulls.made_at(item))
        if reasons.cannot_start(reason):
            why = reasons.one_line(message or reason)
            return f"container {container['name']} cannot start: {why}", reasons.starts_never(reason, message), None
    for container in _containers(status):
        ended = _ended_again(container)
        if ended and container["name"] != report.PULLER and pulls.place_of(container["name"]) is None:
            return f"container {container['name']} cannot start: {pulls.how_it_ended(ended)}", False, None
    return None, False, None


def _ended_again(container: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """How a container ended that the kubelet starts again and again; None if it does not."""
    state = container.get("state") or {}
    before: Mapping[str, Any] | None = (container.get("lastState") or {}).get("terminated")
    if (state.get("waiting") or {}).get("reason") == "CrashLoopBackOff":
        return before
    # A kubelet that looks again only when the back-off is over shows the end until then:
    # https://github.com/kubernetes/kubernetes/pull/133066
    ended: Mapping[str, Any] | None = state.get("terminated")
    # An init container that has succeeded is ready.
    return ended if before and not container.get("ready") else None


def _is_of_volume(item: Mapping[str, Any], container: Mapping[str, Any], waiting: Mapping[str, Any]) -> bool:
    """Whether a container waits for the image of a volume, and not for its own image."""
    quoted = pulls.quoted(waiting)
    return pulls.has_image_volumes(item) and bool(quoted) and container.get("image") not in quoted


def _containers(status: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield from status.get("initContainerStatuses") or []
    yield from status.get("containerStatuses") or []


def _has_run(status: Mapping[str, Any]) -> bool:
    states = (container.get(key) or {} for container in _containers(status) for key in ("state", "lastState"))
    return any(state.get("running") or state.get("terminated") for state in states)
