"""The state of every node of a component: takes observed pods, returns one Status. No I/O."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from . import observe
from .observe import DaemonSet, Event, Pod


@dataclass(frozen=True, slots=True)
class Node:
    """One node, and the pod that represents it."""

    name: str
    pod: Pod
    outdated: bool
    """Whether its pod has an earlier plan, and therefore an earlier list of images."""
    complete: bool
    """Whether it has every image of the current plan, according to the status of its pod."""


@dataclass(frozen=True, slots=True)
class Status:
    """A component, and each node that has one of its pods."""

    component: DaemonSet
    nodes: tuple[Node, ...]
    refused: str | None = None
    """Why the API server refused pods, if some are missing."""
    refused_final: bool = False

    @property
    def desired(self) -> int | None:
        """Number of nodes that should have the images; None until it is known."""
        return self.component.desired

    @property
    def complete(self) -> int:
        """Number of nodes that have every image."""
        return sum(node.complete for node in self.nodes)

    @property
    def totals(self) -> dict[str, int]:
        """Number of images in each state, over all nodes. Images of outdated pods count as waiting."""
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
    """Build the status of a component from what was observed.

    Args:
        component: its DaemonSet.
        pods: pods of the namespace; pods of other DaemonSets are ignored.
        events: problems that prevent pods from starting or from being created.
        since: ignore earlier events; in seconds since the epoch. None: no event is ignored.

    Returns:
        The status, with its nodes in the order of their names. A node can have several pods, for example during an
        update or after an eviction. Pods with the current plan then take precedence, next pods that have every image,
        and last the latest pod.
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
    """The events by the name of their object: of several, one that does not pass, and then the latest."""
    found: dict[str, Event] = {}
    for event in events:
        over = since is not None and event.at is not None and event.at < since
        before = found.get(event.about)
        if not over and (before is None or _rank(event) > _rank(before)):
            found[event.about] = event
    return found


def _rank(event: Event) -> tuple[bool, float]:
    return not event.passing, event.at or 0.0


def _weight(pod: Pod, component: DaemonSet) -> tuple[bool, bool, float]:
    return pod.plan == component.plan, pod.complete, pod.made or 0.0


def _with_event(pod: Pod, problems: Mapping[str, Event]) -> Pod:
    event = problems.get(pod.name)
    # An event still exists after its problem has been solved. What the pod says itself is of now.
    if event is None or pod.mounted or pod.problem:
        return pod
    return replace(pod, problem=f"the pod cannot start: {event.why}", problem_final=not event.passing)
