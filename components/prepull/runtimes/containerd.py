"""containerd, through its CRI socket: the runtime of most clusters."""

from __future__ import annotations

from ..defaults import K3S_IMAGE
from .socket import SocketRuntime

CONTAINERD = SocketRuntime(
    name="containerd",
    client="crictl",
    socket_path="/run/containerd/containerd.sock",
    puller_image=K3S_IMAGE,
)
