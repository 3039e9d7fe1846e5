"""The kubelet itself pulls: one container for each image, without access to the host and without privileges."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from ..defaults import BUSYBOX_IMAGE
from ..plan import Plan
from .base import Pod
from .containers import idle, stagger

ONLY_SOCKETS = {
    "socket_path": "no socket is used",
    "parallelism": "the kubelet pulls the images of one pod one after another",
    "attempts": "the kubelet tries for as long as the pod is there",
    "backoff": "the kubelet has its own: 10 s, doubling up to 5 minutes",
    "image_timeout": "the kubelet has its own",
    "on_failure": "a pod is ready once the kubelet has all of its images",
    "refresh": "the kubelet pulls for a pod once",
    "mirrors": "the kubelet pulls an image under its own name; configure the mirror in the node's container runtime",
    "credential_provider": "the kubelet asks its own providers, as for every pod",
    "min_free_disk": "the kubelet pulls without looking at the disk first, and collects images from 85 % on",
    "remove": "only a runtime's socket can remove images",
    "prune": "only containerd's socket can tell what was pulled, and remove it: the runtime containerd or k3s",
    "resources": "there is no puller; helper_resources are those of every container",
}


class KubeletRuntime:
    """One idle container for each image: the kubelet pulls for a pod's containers one after another.

    Init containers would cost a second each, since the kubelet looks once a second whether one has ended; and an image
    that cannot be pulled would block all later ones (docs/performance.md). The containers stay, as with `hold`, because
    a DaemonSet restarts a container that ends.
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
        held = idle(plan, plan.pull_policy, marks=plan.startup_taint is not None)
        return replace(held, init_containers=[stagger(plan)] if plan.stagger else [])


KUBELET = KubeletRuntime()
