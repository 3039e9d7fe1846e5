"""The kubelet itself pulls: one container for each image, without access to the host and without privileges."""

from __future__ import annotations

from collections.abc import Iterable

from ..defaults import BUSYBOX_IMAGE
from ..plan import Plan
from .base import Pod
from .containers import hold, programs_volume, provide_programs, run_within

ONLY_SOCKETS = {
    "socket_path": "no socket is used",
    "parallelism": "the kubelet decides how many images it pulls at once (serializeImagePulls, maxParallelImagePulls)",
    "attempts": "the kubelet tries for as long as the pod is there",
    "backoff": "the kubelet has its own: 10 s, doubling up to 5 minutes",
    "image_timeout": "the kubelet has its own",
    "on_failure": "the kubelet starts a pod once it has all of its images",
    "refresh": "the kubelet pulls for a pod once",
    "mirrors": "the kubelet pulls an image under its own name; configure the mirror in the node's container runtime",
    "remove": "only a runtime's socket can remove images",
    "prune": "only containerd's socket can tell what was pulled, and remove it: the runtime containerd or k3s",
    "resources": "there is no puller; helper_resources are those of every container",
}


class KubeletRuntime:
    """One init container for each image. It runs our own program, so the image needs neither a shell nor tools.

    As long as the pod exists, the kubelet does not collect the images of its init containers, even of terminated ones
    (docs/image-collection.md). With `hold`, running containers take their place; with a startup taint, they come
    afterwards.
    """

    name = "kubelet"
    puller_image = BUSYBOX_IMAGE
    reports = False

    def refusals(self, given: Iterable[str]) -> dict[str, str]:
        """The arguments that the kubelet decides."""
        return {
            key: f"{ONLY_SOCKETS[key]}; leave it out, or use a runtime with a socket"
            for key in given
            if key in ONLY_SOCKETS
        }

    def pod(self, plan: Plan) -> Pod:
        """The containers whose images the kubelet has to pull."""
        pulls = [
            run_within(plan, f"pull-{index}", image, plan.pull_policy, "true")
            for index, image in enumerate(plan.images)
        ]
        init_containers, volumes = [provide_programs(plan)], [programs_volume()]
        if plan.hold and plan.startup_taint:
            # Init containers remove the taint, and so have to wait for the images.
            return Pod([*init_containers, *pulls], hold(plan), volumes)
        if plan.hold:
            return Pod(init_containers, hold(plan, plan.pull_policy), volumes)
        return Pod([*init_containers, *pulls], volumes=volumes)


KUBELET = KubeletRuntime()
