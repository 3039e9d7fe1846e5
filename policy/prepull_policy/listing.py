"""What the components of a stack pull where. No Pulumi."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from prepull.images.placements import Placement, placement
from prepull.images.references import Reference
from prepull.status import report

from . import named
from .covering import covers
from .resources import Resource

_SOCKETS_VARIABLE = "PREPULL_SOCKETS"


@dataclass(frozen=True)
class Listing:
    """A component's DaemonSet: the images that it pulls, and where."""

    component: Resource
    daemon_set: Resource
    images: Sequence[Reference]
    placement: Placement
    adds_tags: bool
    """Whether an image with a tag and a digest is on the nodes under its tag too."""

    def pulls(self, image: Reference) -> bool:
        """Whether a node of this placement has an image under the name that a workload uses."""
        return any(self._is(listed, image) for listed in self.images)

    def _is(self, listed: Reference, image: Reference) -> bool:
        if image.digest or (listed.digest and not self.adds_tags):
            return (listed.name, listed.digest) == (image.name, image.digest)
        return (listed.name, listed.tag) == (image.name, image.tag)

    def covers(self, where: Placement) -> bool:
        """Whether it pulls on every node of a placement."""
        return covers(self.placement, where)


def listings(stack: Sequence[Resource], classes: Mapping[str, Mapping[str, Any]]) -> list[Listing]:
    """The listings of a stack.

    Args:
        stack: its resources.
        classes: its RuntimeClasses by their names.
    """
    return [
        _listing(pods, pods.component, classes)
        for pods in stack
        if pods.component and pods.type == "kubernetes:apps/v1:DaemonSet"
    ]


def _listing(daemon_set: Resource, component: Resource, classes: Mapping[str, Mapping[str, Any]]) -> Listing:
    pod = named.pod_of(daemon_set)
    sockets = (report.variable({"spec": pod}, _SOCKETS_VARIABLE) or "").splitlines()
    return Listing(
        component,
        daemon_set,
        [image for image, _ in named.of_component(daemon_set)],
        placement(pod, classes),
        # Such a line is the client, the socket and what the client cannot do with names.
        any(len(line.split(" ")) == 2 for line in sockets),
    )
