"""cri-dockerd, through its CRI socket: the kubelet's way to Docker Engine."""

from __future__ import annotations

from ..defaults import K3S_IMAGE
from .socket import WITHOUT_LABELS, SocketRuntime

CRI_DOCKERD = SocketRuntime(
    name="cri-dockerd",
    client="crictl",
    socket_path="/var/run/cri-dockerd.sock",
    puller_image=K3S_IMAGE,
    nameless="nameless",
    cannot={
        "mirrors": "cri-dockerd cannot give an image a second name through its socket; use the runtime docker, "
        "whose Engine it shares",
        **WITHOUT_LABELS,
    },
)
