"""CRI-O, through its CRI socket: OpenShift and others."""

from __future__ import annotations

from ..defaults import K3S_IMAGE
from .socket import WITHOUT_LABELS, SocketRuntime

CRI_O = SocketRuntime(
    name="cri-o",
    client="crictl",
    socket_path="/run/crio/crio.sock",
    puller_image=K3S_IMAGE,
    nameless="untags",
    cannot={
        "mirrors": "CRI-O cannot give an image a second name through its socket; "
        "configure the mirror on the nodes, in registries.conf",
        **WITHOUT_LABELS,
    },
)
