"""Image volumes: the kubelet mounts each image, and runs nothing from it.

They require Kubernetes 1.31 and a container runtime that supports them; before Kubernetes 1.35 also the feature gate
ImageVolume (https://kubernetes.io/docs/tasks/configure-pod-container/image-volumes/).
"""

from __future__ import annotations

from collections.abc import Iterable

from ..defaults import BUSYBOX_IMAGE
from ..plan import Plan
from .base import Pod
from .containers import mount, pullable
from .kubelet import ONLY_SOCKETS


class ImageVolumeRuntime:
    """One read-only volume for each image, mounted by `pause`. The images are in use as long as the pod exists."""

    name = "image-volume"
    puller_image = BUSYBOX_IMAGE
    reports = False

    def refusals(self, given: Iterable[str]) -> dict[str, str]:
        """The arguments that the kubelet decides, or that need a running container."""
        reasons = {
            **ONLY_SOCKETS,
            "stagger": "nothing runs that could wait",
            "puller_image": "nothing is run to pull",
        }
        return {key: f"{reasons[key]}; leave it out, or use a runtime with a socket" for key in given if key in reasons}

    def pod(self, plan: Plan) -> Pod:
        """The volumes, and where `pause` mounts them."""
        volumes = [
            {"name": f"image-{index}", "image": {"reference": pullable(image), "pullPolicy": plan.pull_policy}}
            for index, image in enumerate(plan.images)
        ]
        mounts = [mount(f"image-{index}", f"/images/{index}", read_only=True) for index in range(len(plan.images))]
        return Pod(volumes=volumes, pause_mounts=mounts)


IMAGE_VOLUME = ImageVolumeRuntime()
