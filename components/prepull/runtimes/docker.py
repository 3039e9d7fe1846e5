"""Docker Engine, through its own socket and client: for nodes whose workloads run in Docker itself."""

from __future__ import annotations

from ..defaults import DOCKER_IMAGE
from .socket import WITHOUT_LABELS, SocketRuntime

DOCKER = SocketRuntime(
    name="docker",
    client="docker",
    socket_path="/var/run/docker.sock",
    puller_image=DOCKER_IMAGE,
    cannot=WITHOUT_LABELS,
)
