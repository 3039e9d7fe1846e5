"""What keeps a gate from running. It cannot say so itself, and Pulumi shows it only in passing or not at all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ...labels import PLAN_LABEL
from ...status.observe import DaemonSet, Event, Pod


@dataclass(frozen=True)
class Job:
    """A gate's Job."""

    name: str
    uid: str
    plan: str
    made: str
    complete: bool
    overdue: bool
    """Whether its deadline has ended it."""


def job(item: Mapping[str, Any]) -> Job:
    """Read a gate's Job.

    Args:
        item: the Job, as the API server returns it.
    """
    metadata = item["metadata"]
    conditions = (item.get("status") or {}).get("conditions") or []
    reached = {each["type"]: each.get("reason", "") for each in conditions if each.get("status") == "True"}
    return Job(
        name=metadata["name"],
        uid=metadata.get("uid", ""),
        plan=(metadata.get("labels") or {}).get(PLAN_LABEL, ""),
        made=metadata.get("creationTimestamp", ""),
        complete="Complete" in reached,
        overdue=reached.get("Failed") == "DeadlineExceeded",
    )


def obstacle(component: DaemonSet, jobs: Iterable[Job], pods: Iterable[Pod], events: Iterable[Event]) -> str | None:
    """Why a component's gate does not run; None if it runs, has ended by itself, or there is none.

    Args:
        component: the component's DaemonSet.
        jobs: the gates' Jobs in the namespace.
        pods: pods of the namespace; those of the gate are chosen from them.
        events: problems that prevent pods from starting or from being created.
    """
    found = max((each for each in jobs if each.plan == component.plan), key=lambda each: each.made, default=None)
    if found is None or found.complete:
        return None
    why = {event.about: event.why for event in events}
    own = [pod for pod in pods if pod.owner == found.uid]
    for pod in own:
        if pod.problem:
            return f"the gate does not run: {pod.problem}"
        if pod.name in why and not pod.mounted:
            return f"the gate does not run: the pod cannot start: {why[pod.name]}"
    if not own and found.name in why:
        return f"the gate does not run: the pod was refused: {why[found.name]}"
    return "the gate did not run, or gave no verdict, before its time was up" if found.overdue else None
