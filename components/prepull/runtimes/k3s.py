"""The containerd of K3s and RKE2, which has a socket path of its own."""

from __future__ import annotations

from ..defaults import K3S_IMAGE
from .socket import SocketRuntime

K3S = SocketRuntime(
    name="k3s",
    client="crictl",
    socket_path="/run/k3s/containerd/containerd.sock",
    puller_image=K3S_IMAGE,
)
