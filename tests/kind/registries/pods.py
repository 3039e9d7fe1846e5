"""Workloads that start with what is on the nodes, or not at all."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from lab import Lab

from ..conftest import PULLER_IMAGE

_PROGRAMS = "/programs"


def start_without_pulling(lab: Lab, namespace: str, images: Sequence[str], *secrets: str) -> None:
    """Start a pod on every node with a container of each image, none of which may be pulled; wait until all are ready.

    The images need no program of their own: each is lent one.
    """
    create_pods(lab, namespace, images, *secrets, policy="Never")
    pods = (f"pod/{node}" for node in lab.cluster.base_nodes)
    lab.cluster.kubectl("--namespace", namespace, "wait", "--for=condition=Ready", "--timeout=110s", *pods)


def create_pods(lab: Lab, namespace: str, images: Sequence[str], *secrets: str, policy: str) -> None:
    """Create a pod on every node, named as the node is, with a container of each image."""
    for node in lab.cluster.base_nodes:
        pod = _pod(namespace, node, images, secrets, policy)
        lab.cluster.kubectl("create", "--filename=-", stdin=json.dumps(pod).encode())


def _pod(namespace: str, node: str, images: Sequence[str], secrets: Sequence[str], policy: str) -> dict[str, Any]:
    lent = {"volumeMounts": [{"name": "programs", "mountPath": _PROGRAMS}]}
    containers = [
        {
            "name": f"image-{index}",
            "image": image,
            "imagePullPolicy": policy,
            "command": [f"{_PROGRAMS}/sleep", "3600"],
            **lent,
        }
        for index, image in enumerate(images)
    ]
    lend = {"name": "lend", "image": PULLER_IMAGE, "command": ["cp", "/bin/busybox", f"{_PROGRAMS}/sleep"], **lent}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": node, "namespace": namespace},
        "spec": {
            "nodeName": node,
            "terminationGracePeriodSeconds": 0,
            "imagePullSecrets": [{"name": secret} for secret in secrets],
            "initContainers": [lend],
            "containers": containers,
            "volumes": [{"name": "programs", "emptyDir": {}}],
        },
    }
