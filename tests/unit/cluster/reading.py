"""Reads the objects of a cluster as the component does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from prepull.labels import INSTANCE_LABEL, PLAN_LABEL
from prepull.status import observe
from prepull.status.nodes import Status, status
from prepull.status.progress import with_log
from prepull.status.times import seconds_of

from .objects import FINISHED, Data, daemon_set

NOW = seconds_of(FINISHED) or 0.0


def read_set(item: Data) -> observe.DaemonSet:
    """A DaemonSet, read with the component's labels."""
    return observe.daemon_set(item, plan_label=PLAN_LABEL, component_label=INSTANCE_LABEL)


def read_pod(item: Data, *, brief: bool = False) -> observe.Pod:
    """A pod, read with the component's labels."""
    return observe.pod(item, plan_label=PLAN_LABEL, brief=brief)


def images_of(item: Data) -> list[observe.Image]:
    """What a pod says of each image."""
    return list(read_pod(item).images)


def seen(
    *pods: Data,
    desired: int = 3,
    args: Data | None = None,
    steps: Mapping[str, Any] | None = None,
    events: Sequence[Data] = (),
) -> Status:
    """The status of a cluster with these pods.

    Args:
        pods: the pods.
        desired: on how many nodes the DaemonSet's controller wants a pod.
        args: the component's arguments.
        steps: what the logs of running pullers say, by the name of the pod.
        events: warnings about pods and the DaemonSet.
    """
    read = [with_log(read_pod(each), (steps or {}).get(each["metadata"]["name"], {})) for each in pods]
    told = [found for found in map(observe.event, events) if found]
    return status(read_set(daemon_set(args, desired=desired)), read, told)
