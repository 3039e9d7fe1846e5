"""Docker Engine, through its own socket and client: for nodes whose workloads run in Docker itself."""

from __future__ import annotations

from ..defaults import DOCKER_IMAGE
from .socket import WITHOUT_LABELS, SocketRuntime

DOCKER = SocketRuntime(
    name="docker",
    client="docker",
    socket_path="/var/run/docker.sock",
    puller_image=DOCKER_IMAGE,
    cannot={
        **WITHOUT_LABELS,
        "min_free_disk": "the puller sees the disk of its own pod, and Docker Engine may keep its images on another, "
        "of which it does not tell what is free; leave it out, or use cri-dockerd if the kubelet runs on the Engine",
    },
)
