"""What the resources of a stack name as images: workloads, and components with their lists. No Pulumi."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from prepull.images import workloads
from prepull.images.left_out import items, mapping
from prepull.images.references import Reference, parse
from prepull.status import report

from .resources import Resource

# The containers of a component's pods that run a listed image.
_LISTED = re.compile(r"(?:pull|hold)-[0-9]+")
_ARGUMENTS = {"pause": "pause_image", "gate": "gate_image"}


class Named(NamedTuple):
    """An image, and where it is written."""

    image: Reference
    argument: str
    """The field of a workload, or the argument of a PrePullDaemonSet."""


def of_workload(workload: Resource) -> tuple[list[Named], list[str]]:
    """The images of a workload, and a line for each text that is meant as an image, and is none."""
    found = workloads.read(workload.props, workload.title)
    return [Named(parse(image), "image") for image in found.images], found.invalid


def of_component(pods: Resource) -> Iterator[Named]:
    """The images that the DaemonSet or the Job of a PrePullDaemonSet lists and runs, as far as they are known."""
    pod = pod_of(pods)
    yield from (Named(parse(image), "images") for image in report.images_of_pod({"spec": pod}))
    for part in ("initContainers", "containers"):
        for container in map(mapping, items(pod.get(part))):
            name = str(container.get("name"))
            argument = "images" if _LISTED.fullmatch(name) else _ARGUMENTS.get(name, "puller_image")
            yield from _known(container.get("image"), argument)
    for volume in map(mapping, items(pod.get("volumes"))):
        yield from _known(mapping(volume.get("image")).get("reference"), "images")


def _known(image: Any, argument: str) -> Iterator[Named]:
    if isinstance(image, str):
        yield Named(parse(image), argument)


def pod_of(pods: Resource) -> Mapping[str, Any]:
    """The spec of the pods of a DaemonSet or a Job."""
    return mapping(mapping(mapping(pods.props.get("spec")).get("template")).get("spec"))
