"""Where every node of a component stands: observed pods in, one Status out. No I/O, no Pulumi."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from . import observe, reasons
from .observe import DaemonSet, Image, Pod


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
    component: DaemonSet,
    pods: Iterable[Pod],
    problems: Mapping[str, str] | None = None,
    steps: Mapping[str, Mapping[str, object]] | None = None,
) -> Status:
    """Put together what is known of a component.

    Args:
        component: its DaemonSet.
        pods: pods of the namespace; those of other DaemonSets are left out.
        problems: what events say, by the name of the pod or DaemonSet.
        steps: what the logs of running pullers say, by the pod's name and then by image.

    Returns:
        The status, its nodes by name. Where a node has two pods, during a change, the one of the current plan counts.
    """
    known = problems or {}
    nodes: dict[str, Node] = {}
    for pod in pods:
        if pod.owner != component.name:
            continue
        outdated = pod.plan != component.plan
        before = nodes.get(pod.node)
        if before is not None and not before.outdated:
            continue
        shown = _complemented(pod, known, (steps or {}).get(pod.name))
        # The log is ahead of the report: the puller looks once more, at the end, whether all of it is there.
        complete = not outdated and all(image.state == observe.PRESENT for image in (*pod.images, *shown.images))
        nodes[pod.node] = Node(pod.node, shown, outdated, complete)
    ordered = tuple(nodes[name] for name in sorted(nodes))
    short = component.desired is not None and len(ordered) < component.desired
    return Status(component, ordered, known.get(component.name) if short else None)


def _complemented(pod: Pod, problems: Mapping[str, str], steps: Mapping[str, object] | None) -> Pod:
    if steps:
        pod = observe.with_log(pod, steps)
    # Events outlive what they were about.
    stands = not pod.mounted and pod.started is None and all(image == Image(observe.WAITING) for image in pod.images)
    if stands and (why := problems.get(pod.name)):
        return replace(pod, problem=f"the pod cannot start: {why}", problem_final=not reasons.passing(why))
    return pod
