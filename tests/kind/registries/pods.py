"""Workloads that start with what is on the nodes, or not at all."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from lab import Lab

from ..conftest import PULLER_IMAGE

_PROGRAMS = "/programs"


def start_without_pulling(lab: Lab, namespace: str, images: Sequence[str]) -> None:
    """Start a pod on every node with a container of each image, none of which may be pulled; wait until all are ready.

    The images need no program of their own: each is lent one.
    """
    nodes = lab.cluster.base_nodes
    for node in nodes:
        lab.cluster.kubectl("create", "--filename=-", stdin=json.dumps(_pod(namespace, node, images)).encode())
    pods = (f"pod/{node}" for node in nodes)
    lab.cluster.kubectl("--namespace", namespace, "wait", "--for=condition=Ready", "--timeout=110s", *pods)


def _pod(namespace: str, node: str, images: Sequence[str]) -> dict[str, Any]:
    lent = {"volumeMounts": [{"name": "programs", "mountPath": _PROGRAMS}]}
    containers = [
        {
            "name": f"image-{index}",
            "image": image,
            "imagePullPolicy": "Never",
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
            "initContainers": [lend],
            "containers": containers,
            "volumes": [{"name": "programs", "emptyDir": {}}],
        },
    }
