"""Which images a cluster's workloads run, and who runs them: objects of the API in, names out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from ...images import workloads
from ...labels import NAME_LABEL

# Whose pods are spoken for by their templates.
_TEMPLATES = ("DaemonSet", "Deployment", "ReplicaSet", "StatefulSet", "CronJob", "Job")
_MIRROR_ANNOTATION = "kubernetes.io/config.mirror"
_OVER = ("Complete", "Failed")


class Inventory:
    """The images of all objects that it was given, each with those who run it."""

    def __init__(self) -> None:
        self.invalid: set[str] = set()
        """What was found to be no image, with who has it, in a line each."""
        self._users: dict[str, set[str]] = defaultdict(set)

    @property
    def images(self) -> dict[str, list[str]]:
        """The images in canonical form, with those who run each: `apps/web (Deployment)`."""
        return {image: sorted(self._users[image]) for image in sorted(self._users)}

    def take(self, kind: str, item: Mapping[str, Any]) -> None:
        """Note the images of an object, unless they run no more, or somebody else stands for it.

        Args:
            kind: its kind.
            item: the object.
        """
        if not _counts(kind, item):
            return
        user = f"{item['metadata'].get('namespace', '')}/{item['metadata']['name']} ({kind})"
        images, complaints = workloads.read(item, user)
        for image in images:
            self._users[image].add(user)
        self.invalid.update(complaints)


def _counts(kind: str, item: Mapping[str, Any]) -> bool:
    metadata, status = item["metadata"], item.get("status") or {}
    owners: Sequence[Mapping[str, Any]] = metadata.get("ownerReferences") or []
    controller = next((owner.get("kind") for owner in owners if owner.get("controller")), None)
    ours = (metadata.get("labels") or {}).get(NAME_LABEL) == "prepull"
    # Those of a kubelet's own, which has their images before anything else could pull them.
    static = _MIRROR_ANNOTATION in (metadata.get("annotations") or {})
    if ours or static or controller in _TEMPLATES:
        return False
    if kind == "Pod":
        return status.get("phase") not in ("Succeeded", "Failed")
    if kind == "Job":
        conditions = status.get("conditions") or []
        return not any(each.get("type") in _OVER and each.get("status") == "True" for each in conditions)
    # Former generations are kept at no replicas.
    return kind != "ReplicaSet" or (item.get("spec") or {}).get("replicas") != 0
