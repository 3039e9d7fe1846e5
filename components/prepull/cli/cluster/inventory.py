"""The images that a cluster's workloads run, which workloads run them, and where their pods may run."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from ...images import workloads
from ...images.left_out import items, mapping
from ...images.placements import Placement, placement
from ...labels import NAME_LABEL

# The pods of a ReplicationController name its images, and a PodTemplate runs nothing by itself.
LISTED_KINDS = {
    kind: group for kind, group in workloads.GROUPS.items() if kind not in ("PodTemplate", "ReplicationController")
}
"""The kinds to list in a cluster, and their API groups."""

_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_MIRROR_ANNOTATION = "kubernetes.io/config.mirror"
_OVER = ("Complete", "Failed")


Users = Mapping[str, Sequence[str]]
"""Images in canonical form, each with the objects that run it: `apps/web (Deployment)`."""


class Inventory:
    """Collects the images of objects, and the objects that run each image.

    Args:
        classes: the cluster's RuntimeClasses by their names, which decide on the nodes of pods. Default: none is known.
    """

    def __init__(self, classes: Mapping[str, Mapping[str, Any]] = MappingProxyType({})) -> None:
        self.left_out: set[str] = set()
        """What no node can pull, and what no Linux node runs, each in a line with the object that has it."""
        self._classes = classes
        self._users: dict[Placement, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))

    @property
    def images(self) -> Users:
        """The images of all placements."""
        together: dict[str, set[str]] = defaultdict(set)
        for found in self._users.values():
            for image, users in found.items():
                together[image] |= users
        return _sorted(together)

    @property
    def placements(self) -> Mapping[Placement, Users]:
        """The images by the nodes where their pods may run, in the order of the placements' names."""
        return {where: _sorted(self._users[where]) for where in sorted(self._users, key=lambda each: each.slug)}

    def take(self, kind: str, item: Mapping[str, Any]) -> None:
        """Add an object's images, unless it has ended or another object's template names its images.

        Args:
            kind: the object's kind.
            item: the object.
        """
        if not _counts(kind, item):
            return
        user = f"{item['metadata'].get('namespace', '')}/{item['metadata']['name']} ({kind})"
        for pod, found in workloads.read_pods(item, user, self._classes):
            self.left_out.update(found.left_out, found.invalid)
            free = _unpinned(pod) if kind == "Pod" and _controller(item) else pod
            for image in found.images:
                self._users[placement(free, self._classes)][image].add(user)


def _sorted(users: Mapping[str, set[str]]) -> Users:
    return {image: sorted(users[image]) for image in sorted(users)}


def _unpinned(pod: Mapping[str, Any]) -> Mapping[str, Any]:
    """A pod's spec without the one node that its controller has chosen for it, as the controllers of daemons do.

    https://kubernetes.io/docs/concepts/workloads/controllers/daemonset/#how-daemon-pods-are-scheduled
    """
    affinity = mapping(pod.get("affinity"))
    node = mapping(affinity.get("nodeAffinity"))
    terms = [mapping(term) for term in items(mapping(node.get(_REQUIRED)).get("nodeSelectorTerms"))]
    free = [{key: value for key, value in term.items() if key != "matchFields"} for term in terms]
    # The terms are alternatives: where one names nothing but the node, the pod may be on any.
    required = {_REQUIRED: {"nodeSelectorTerms": free if all(free) else []}}
    return {**pod, "affinity": {**affinity, "nodeAffinity": {**node, **required}}}


def _controller(item: Mapping[str, Any]) -> str | None:
    """The kind of the object that controls an object."""
    owners: Sequence[Mapping[str, Any]] = item["metadata"].get("ownerReferences") or []
    return next((owner.get("kind") for owner in owners if owner.get("controller")), None)


def _counts(kind: str, item: Mapping[str, Any]) -> bool:
    metadata, status = item["metadata"], item.get("status") or {}
    ours = (metadata.get("labels") or {}).get(NAME_LABEL) == "prepull"
    # The kubelet starts static pods by itself, before any other pod could pull their images.
    static = _MIRROR_ANNOTATION in (metadata.get("annotations") or {})
    # The template of whatever controls it already names its images.
    if ours or static or _controller(item) in LISTED_KINDS:
        return False
    if kind == "Pod":
        return status.get("phase") not in ("Succeeded", "Failed")
    if kind == "Job":
        conditions = status.get("conditions") or []
        return not any(each.get("type") in _OVER and each.get("status") == "True" for each in conditions)
    # Deployments keep their former ReplicaSets at zero replicas.
    return kind != "ReplicaSet" or (item.get("spec") or {}).get("replicas") != 0
