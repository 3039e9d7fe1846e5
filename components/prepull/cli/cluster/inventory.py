"""The images that a cluster's workloads run, and which workloads run them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from ...images import workloads
from ...labels import NAME_LABEL

# The pods of a ReplicationController name its images, and a PodTemplate runs nothing by itself.
LISTED_KINDS = {
    kind: group for kind, group in workloads.GROUPS.items() if kind not in ("PodTemplate", "ReplicationController")
}
"""The kinds to list in a cluster, and their API groups."""

_MIRROR_ANNOTATION = "kubernetes.io/config.mirror"
_OVER = ("Complete", "Failed")


class Inventory:
    """Collects the images of objects, and the objects that run each image."""

    def __init__(self) -> None:
        self.left_out: set[str] = set()
        """What no node can pull, and what no Linux node runs, each in a line with the object that has it."""
        self._users: dict[str, set[str]] = defaultdict(set)

    @property
    def images(self) -> dict[str, list[str]]:
        """The images in canonical form, each with the objects that run it: `apps/web (Deployment)`."""
        return {image: sorted(self._users[image]) for image in sorted(self._users)}

    def take(self, kind: str, item: Mapping[str, Any]) -> None:
        """Add an object's images, unless it has ended or another object's template names its images.

        Args:
            kind: the object's kind.
            item: the object.
        """
        if not _counts(kind, item):
            return
        user = f"{item['metadata'].get('namespace', '')}/{item['metadata']['name']} ({kind})"
        found = workloads.read(item, user)
        for image in found.images:
            self._users[image].add(user)
        self.left_out.update(found.left_out, found.invalid)


def _counts(kind: str, item: Mapping[str, Any]) -> bool:
    metadata, status = item["metadata"], item.get("status") or {}
    owners: Sequence[Mapping[str, Any]] = metadata.get("ownerReferences") or []
    controller = next((owner.get("kind") for owner in owners if owner.get("controller")), None)
    ours = (metadata.get("labels") or {}).get(NAME_LABEL) == "prepull"
    # The kubelet starts static pods by itself, before any other pod could pull their images.
    static = _MIRROR_ANNOTATION in (metadata.get("annotations") or {})
    # The template of whatever controls it already names its images.
    if ours or static or controller in LISTED_KINDS:
        return False
    if kind == "Pod":
        return status.get("phase") not in ("Succeeded", "Failed")
    if kind == "Job":
        conditions = status.get("conditions") or []
        return not any(each.get("type") in _OVER and each.get("status") == "True" for each in conditions)
    # Deployments keep their former ReplicaSets at zero replicas.
    return kind != "ReplicaSet" or (item.get("spec") or {}).get("replicas") != 0
