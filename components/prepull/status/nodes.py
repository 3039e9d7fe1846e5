"""Where every node of a component stands: observed pods in, one Status out. No I/O."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from . import observe
from .observe import DaemonSet, Event, Pod


@dataclass(frozen=True, slots=True)
class Node:
    """One node, by the one pod that stands for it."""

    name: str
    pod: Pod
    outdated: bool
    """Its pod is of an earlier plan: what it says of images is not what is wanted now."""
    complete: bool
    """Whether it has every image of the current plan, by what Kubernetes says of its pod."""


@dataclass(frozen=True, slots=True)
class Status:
    """A component, and each node that has a pod of it."""

    component: DaemonSet
    nodes: tuple[Node, ...]
    refused: str | None = None
    """Why pods could not be made at all, where some are missing."""
    refused_final: bool = False

    @property
    def desired(self) -> int | None:
        """How many nodes are to have the images; None until it is known."""
        return self.component.desired

    @property
    def complete(self) -> int:
        """How many nodes have every image."""
        return sum(node.complete for node in self.nodes)

    @property
    def totals(self) -> dict[str, int]:
        """How many images there are in each state, over all nodes; those of outdated pods wait."""
        counted: Counter[str] = Counter(dict.fromkeys(observe.STATES, 0))
        for node in self.nodes:
            if node.outdated:
                counted[observe.WAITING] += len(self.component.names)
            else:
                counted.update(image.state for image in node.pod.images)
        missing = (self.desired or 0) - len(self.nodes)
        counted[observe.WAITING] += max(0, missing) * len(self.component.names)
        return dict(counted)


def status(
    component: DaemonSet, pods: Iterable[Pod], events: Iterable[Event] = (), *, since: float | None = None
) -> Status:
    """Put together what is known of a component.

    Args:
        component: its DaemonSet.
        pods: pods of the namespace; those of other DaemonSets are left out.
        events: what keeps pods from starting, or from being made.
        since: what events said before this time is over, in seconds since the epoch. None: all of them count.

    Returns:
        The status, its nodes by name. Where a node has several pods, as during a change or after an eviction, one of
        the current plan counts, one that has every image before others, and then the latest.
    """
    problems = _problems(events, since)
    chosen: dict[str, Pod] = {}
    for pod in pods:
        if pod.owner == component.uid:
            before = chosen.get(pod.node)
            if before is None or _weight(pod, component) > _weight(before, component):
                chosen[pod.node] = pod
    nodes = []
    for name in sorted(chosen):
        pod = chosen[name]
        outdated = pod.plan != component.plan
        nodes.append(Node(name, _with_event(pod, problems), outdated, not outdated and pod.complete))
    refusal = problems.get(component.name)
    if refusal is None or component.desired is None or len(nodes) >= component.desired:
        return Status(component, tuple(nodes))
    return Status(component, tuple(nodes), refusal.why, not refusal.passing)


def _problems(events: Iterable[Event], since: float | None) -> Mapping[str, Event]:
    """By what they are about; of several, one that lasts counts."""
    found: dict[str, Event] = {}
    for event in events:
        over = since is not None and event.at is not None and event.at < since
        if not over and (event.about not in found or found[event.about].passing):
            found[event.about] = event
    return found


def _weight(pod: Pod, component: DaemonSet) -> tuple[bool, bool, float]:
    return pod.plan == component.plan, pod.complete, pod.made or 0.0


def _with_event(pod: Pod, problems: Mapping[str, Event]) -> Pod:
    event = problems.get(pod.name)
    # Events outlive what they were about.
    if event is None or pod.mounted:
        return pod
    return replace(pod, problem=f"the pod cannot start: {event.why}", problem_final=not event.passing)
