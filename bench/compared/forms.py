"""The forms to compare: the objects that each form applies to pull a list of images onto every node.

Each is written as its project deploys it, reduced to what pulls: JupyterHub's prePuller has one init container of each
image (https://z2jh.jupyter.org/en/stable/administrator/optimization.html), Eclipse Che's image-puller one running
container of each image (https://github.com/che-incubator/kubernetes-image-puller), kube-fledged a Job for each image
and node, in which the image runs an `echo` that another container has copied
(https://github.com/senthilrch/kube-fledged).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from prepull.defaults import BUSYBOX_IMAGE, K3S_IMAGE, PAUSE_IMAGE
from prepull.manifests import render
from prepull.runtimes.containers import FOR_EVER

Manifests = list[dict[str, Any]]
_SOCKET = "/run/containerd/containerd.sock"
_TOLERATE_ALL = [{"operator": "Exists"}]
_TOOLS = "/tmp/bin"  # noqa: S108 - as kube-fledged has it
# The image sets the path of a file that only K3s' own nodes have.
_CRICTL = 'unset CRI_CONFIG_FILE; exec "$0" "$@"'
_PAUSE = {"name": "pause", "image": PAUSE_IMAGE}

OURS = "PrePullDaemonSet"
LIMIT = "limit: crictl pull of all images at once on each node"
CRICTL_IMAGE = "registry:5000/bench/crictl:v1"
"""An image of busybox and crictl alone, like that of images/crictl/Dockerfile; crictl_image.py makes it."""
HELPERS = (K3S_IMAGE, BUSYBOX_IMAGE, PAUSE_IMAGE)
"""All images that the forms run themselves, besides the images to pull."""
LIMIT_HELPERS = (K3S_IMAGE, PAUSE_IMAGE)
"""The images that the limit pulls too if the helpers are missing: those that this component needs with a socket."""


@dataclass(frozen=True)
class Cluster:
    """The parameters of a form."""

    namespace: str
    images: Sequence[str]
    nodes: Sequence[str]


Form = Callable[[Cluster], Manifests]


def prepull(runtime: str, **args: Any) -> Form:
    """This component with its defaults, but without its gate, since the other forms have none."""

    def made(cluster: Cluster) -> Manifests:
        given = {"images": list(cluster.images), "runtime": runtime, "wait_for": "nothing", **args}
        return list(render.manifests("bench", given, cluster.namespace).values())

    return made


def one_init_container_with_crictl(cluster: Cluster) -> Manifests:
    """The original pattern for several images, with containerd: init containers pull one image after another."""
    mount = [{"name": "socket", "mountPath": _SOCKET}]
    socket = f"unix://{_SOCKET}"
    pulls = [
        {
            "name": f"pull-{index}",
            "image": K3S_IMAGE,
            "command": ["/bin/sh", "-c", _CRICTL, "crictl", "--runtime-endpoint", socket, "pull", image],
            "volumeMounts": mount,
        }
        for index, image in enumerate(cluster.images)
    ]
    volumes = [{"name": "socket", "hostPath": {"path": _SOCKET, "type": "Socket"}}]
    return [_daemon_set(cluster, {"initContainers": pulls, "containers": [_PAUSE], "volumes": volumes})]


def one_init_container_of_each_image(cluster: Cluster) -> Manifests:
    """JupyterHub's form: a container of the image runs and ends."""
    pulls = [
        {"name": f"pull-{index}", "image": image, "command": ["/bin/sh", "-c", "echo pulled"]}
        for index, image in enumerate(cluster.images)
    ]
    return [_daemon_set(cluster, {"initContainers": pulls, "containers": [_PAUSE]})]


def one_running_container_of_each_image(cluster: Cluster) -> Manifests:
    """Che's form: a container of the image runs and stays."""
    stay = [
        {"name": f"image-{index}", "image": image, "command": ["/bin/sleep", FOR_EVER]}
        for index, image in enumerate(cluster.images)
    ]
    return [_daemon_set(cluster, {"containers": stay})]


def one_job_for_each_image_and_node(cluster: Cluster) -> Manifests:
    """Kube-fledged's form. Creates all Jobs at once; its controller would create one after another."""
    return [
        _job(cluster, f"image-{index}-{place}", image, node)
        for index, image in enumerate(cluster.images)
        for place, node in enumerate(cluster.nodes)
    ]


FORMS: dict[str, Form] = {
    f"{OURS}, containerd": prepull("containerd"),
    f"{OURS}, auto": prepull("auto"),
    f"{OURS}, kubelet": prepull("kubelet"),
    f"{OURS}, image-volume": prepull("image-volume"),
    "one init container an image, crictl (first form)": one_init_container_with_crictl,
    "one init container an image, the image itself (JupyterHub)": one_init_container_of_each_image,
    "one running container an image (Che)": one_running_container_of_each_image,
    "one Job for each image and node (kube-fledged)": one_job_for_each_image_and_node,
}


COLD_FORMS: dict[str, Form] = {
    f"{OURS}, containerd": FORMS[f"{OURS}, containerd"],
    f"{OURS}, containerd, with an image of crictl alone": prepull("containerd", puller_image=CRICTL_IMAGE),
    **FORMS,
}
"""The forms on a new node, where the size of what a form runs itself counts."""


def _daemon_set(cluster: Cluster, pod: Mapping[str, Any]) -> dict[str, Any]:
    labels = {"app": "bench"}
    spec = {"tolerations": _TOLERATE_ALL, "terminationGracePeriodSeconds": 0, **pod}
    return {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": {"name": "bench", "namespace": cluster.namespace},
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": spec},
        },
    }


def _job(cluster: Cluster, name: str, image: str, node: str) -> dict[str, Any]:
    mount = [{"name": "tmp-bin", "mountPath": _TOOLS}]
    spec = {
        "nodeSelector": {"kubernetes.io/hostname": node},
        "tolerations": _TOLERATE_ALL,
        "restartPolicy": "Never",
        "terminationGracePeriodSeconds": 0,
        "initContainers": [
            {
                "name": "busybox",
                "image": BUSYBOX_IMAGE,
                "command": ["/bin/busybox", "cp", "/bin/busybox", f"{_TOOLS}/echo"],
                "volumeMounts": mount,
            }
        ],
        "containers": [
            {
                "name": "imagepuller",
                "image": image,
                "command": [f"{_TOOLS}/echo", "Image pulled successfully!"],
                "volumeMounts": mount,
            }
        ],
        "volumes": [{"name": "tmp-bin", "emptyDir": {}}],
    }
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name, "namespace": cluster.namespace},
        "spec": {"backoffLimit": 0, "template": {"spec": spec}},
    }
