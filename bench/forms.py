"""The forms that are measured: what is applied to have a list of images on every node.

Each is written as its project deploys it, reduced to what pulls: JupyterHub's prePuller has one init container of each
image (https://z2jh.jupyter.org/en/stable/administrator/optimization.html), Eclipse Che's image-puller one running
container of each image (https://github.com/che-incubator/kubernetes-image-puller).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from prepull import render
from prepull.runtimes.containers import FOR_EVER

from lab.provision.node_files import REGISTRY_HOST, REGISTRY_PORT

_LAB = f"{REGISTRY_HOST}:{REGISTRY_PORT}"
HELPER = f"{_LAB}/prepull/puller:dev"
PAUSE = "registry.k8s.io/pause:3.10"
_SOCKET = "/run/containerd/containerd.sock"

Manifests = list[dict[str, Any]]
Form = Callable[[str, list[str]], Manifests]


def prepull(runtime: str) -> Form:
    """This component, without its gate: the others have none."""

    def made(namespace: str, images: list[str]) -> Manifests:
        args: dict[str, Any] = {"images": images, "runtime": runtime, "wait_for": "nothing"}
        if runtime != "image-volume":
            args["puller_image"] = HELPER
        if runtime in ("containerd", "k3s", "auto"):
            args["parallelism"] = len(images)
        return list(render.manifests("bench", args, namespace).values())

    return made


def one_init_container_with_crictl(namespace: str, images: list[str]) -> Manifests:
    """The pattern's first form for several images, with containerd: one init container, and one pull, after another."""
    mount = [{"name": "socket", "mountPath": _SOCKET}]
    socket = f"unix://{_SOCKET}"
    pulls = [
        {
            "name": f"pull-{index}",
            "image": HELPER,
            "command": ["crictl", "--runtime-endpoint", socket, "--image-endpoint", socket, "pull", image],
            "volumeMounts": mount,
        }
        for index, image in enumerate(images)
    ]
    volumes = [{"name": "socket", "hostPath": {"path": _SOCKET, "type": "Socket"}}]
    return [_daemon_set(namespace, {"initContainers": pulls, "containers": [_PAUSE], "volumes": volumes})]


def one_init_container_of_each_image(namespace: str, images: list[str]) -> Manifests:
    """JupyterHub's form: the image itself runs and ends."""
    pulls = [
        {"name": f"pull-{index}", "image": image, "command": ["/bin/sh", "-c", "echo pulled"]}
        for index, image in enumerate(images)
    ]
    return [_daemon_set(namespace, {"initContainers": pulls, "containers": [_PAUSE]})]


def one_running_container_of_each_image(namespace: str, images: list[str]) -> Manifests:
    """Che's form: the image itself runs and stays."""
    stay = [
        {"name": f"image-{index}", "image": image, "command": ["/bin/sleep", FOR_EVER]}
        for index, image in enumerate(images)
    ]
    return [_daemon_set(namespace, {"containers": stay})]


_PAUSE = {"name": "pause", "image": PAUSE}

FORMS: dict[str, Form] = {
    "PrePullDaemonSet, containerd": prepull("containerd"),
    "PrePullDaemonSet, kubelet": prepull("kubelet"),
    "PrePullDaemonSet, image-volume": prepull("image-volume"),
    "one init container an image, crictl (first form)": one_init_container_with_crictl,
    "one init container an image, the image itself (JupyterHub)": one_init_container_of_each_image,
    "one running container an image (Che)": one_running_container_of_each_image,
}


def _daemon_set(namespace: str, pod: dict[str, Any]) -> dict[str, Any]:
    labels = {"app": "bench"}
    spec = {"tolerations": [{"operator": "Exists"}], "terminationGracePeriodSeconds": 0, **pod}
    return {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": {"name": "bench", "namespace": namespace},
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": spec},
        },
    }
