"""What a node does while its image disk fills: what the kubelet removes, evicts and refuses, and what is pulled."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from bench.instruments import registry_log

from .disk import Disk

Kubectl = Callable[..., Any]
_PAUSE_SECONDS = 2
_LOW, _REFUSED = "The node was low on resource", "The node had condition"


@dataclass
class Watched:
    """One node, and what has been seen of it since `begin`."""

    disk: Disk
    image: str
    """The image that the component lists."""
    repository: str
    """The repository of that image, as the registry's log has it."""
    size: int
    """What a pull of it takes from the registry, in bytes."""
    former: str
    """An image on the node that nothing uses any longer."""
    highest: float = 0.0
    """The fullest that its disk has been, in percent."""
    pressure: bool = False
    """Whether the node has had the condition DiskPressure."""
    lost: set[str] = field(default_factory=set)
    """Which of the two images have been there, and then not."""
    evicted: set[str] = field(default_factory=set)
    """The pods that the kubelet has evicted."""
    refused: set[str] = field(default_factory=set)
    """The pods that the kubelet has not admitted since the node is short of disk."""
    restarts: int = 0
    """How often the kubelet has started the puller of one pod again."""
    _since: str = ""
    _there: set[str] = field(default_factory=set)
    _before: set[str] = field(default_factory=set)

    def begin(self, kubectl: Kubectl) -> None:
        """Forget what was seen."""
        self.highest, self.pressure, self.restarts = 0.0, False, 0
        self.lost, self.evicted, self.refused = set(), set(), set()
        self._there = self._followed()
        self._before = {event["metadata"]["uid"] for event in _evictions(kubectl)}
        self._since = registry_log.now()

    def look(self, kubectl: Kubectl) -> None:
        """Look once."""
        self.highest = max(self.highest, self.disk.percent)
        listed = self._followed()
        self.lost |= self._there - listed
        self._there |= listed
        # The kubelet's events: it deletes a pod's status with the pod.
        for event in _evictions(kubectl):
            if event["source"]["host"] == self.disk.node and event["metadata"]["uid"] not in self._before:
                pods = self.refused if _REFUSED in event["message"] else self.evicted
                assert pods is self.refused or _LOW in event["message"], event["message"]
                pods.add(event["involvedObject"]["name"])

    def _followed(self) -> set[str]:
        listed = {name for image in self.disk.lab.nodes.images(self.disk.node) for name in image.references}
        return listed & {self.image, self.former}

    @property
    def has_image(self) -> bool:
        """Whether the image is there now."""
        return self.image in self._followed()

    @property
    def left_alone(self) -> bool:
        """Whether the kubelet has done nothing about the disk."""
        return not (self.pressure or self.lost or self.evicted or self.refused)

    @property
    def megabytes(self) -> float:
        """What the registry has sent of the image, in MB, since `begin`."""
        return registry_log.megabytes(registry_log.read(self.disk.lab, self._since, self.repository))

    def told(self) -> str:
        """All of it on one line, for the table in docs/image-collection.md."""
        lost = sorted({self.image: "the image", self.former: "the former image"}[name] for name in self.lost)
        return (
            f"{self.disk.node}: up to {self.highest:.1f} %, DiskPressure {self.pressure}, removed {lost}, "
            f"evicted {sorted(self.evicted)}, not admitted {len(self.refused)}, "
            f"restarts {self.restarts}, pulled {self.megabytes:.1f} MB of an image of {self.size / 1_000_000:.1f} MB"
        )


def watch(watched: Iterable[Watched], kubectl: Kubectl, minutes: int) -> None:
    """Look at nodes again and again."""
    nodes = {each.disk.node: each for each in watched}
    deadline = time.monotonic() + 60 * minutes
    while time.monotonic() < deadline:
        for item in kubectl("get", "nodes", "--output=json")["items"]:
            if found := nodes.get(item["metadata"]["name"]):
                conditions = {each["type"]: each["status"] for each in item["status"]["conditions"]}
                found.pressure |= conditions["DiskPressure"] == "True"
        for item in kubectl("get", "pods", "--selector=app.kubernetes.io/name=prepull", "--output=json")["items"]:
            if found := nodes.get(item["spec"].get("nodeName", "")):
                started = [each["restartCount"] for each in item["status"].get("initContainerStatuses") or ()]
                found.restarts = max([found.restarts, *started])
        for each in nodes.values():
            each.look(kubectl)
        time.sleep(_PAUSE_SECONDS)


def _evictions(kubectl: Kubectl) -> list[dict[str, Any]]:
    found = kubectl("get", "events", "--field-selector=reason=Evicted", "--output=json")["items"]
    return [dict(event) for event in found]
