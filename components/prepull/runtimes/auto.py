"""The CRI socket that each node has: for clusters whose nodes have different runtimes."""

from __future__ import annotations

from collections.abc import Iterable

from ..defaults import K3S_IMAGE
from ..plan import Plan
from .base import Pod, refused
from .containerd import CONTAINERD
from .containers import mount
from .cri_dockerd import CRI_DOCKERD
from .cri_o import CRI_O
from .k3s import K3S
from .socket import SocketRuntime, pulling_pod

_HOST_RUN = "/run"
_MOUNTED_AT = "/host/run"

# If a node has several sockets, the kubelet uses the most specific one: the Docker Engine behind cri-dockerd has a
# containerd of its own, and K3s may share a machine with either.
_ORDER = (K3S, CRI_O, CRI_DOCKERD, CONTAINERD)


class AutoRuntime:
    """The first CRI socket on the node that answers.

    Only the node knows which sockets it has. Therefore the directory of all sockets is mounted, read-only; all other
    runtimes mount a single socket file.
    """

    name = "auto"
    puller_image = K3S_IMAGE
    reports = True

    def refusals(self, given: Iterable[str]) -> dict[str, str]:
        """The arguments that some sockets cannot honour, or that belong to one socket."""
        reasons = {
            "mirrors": "whether they work depends on what the node has; name the runtime (containerd, k3s or docker)",
            "prune": "only containerd can; name the runtime (containerd or k3s)",
            "socket_path": "it decides which socket is used; name the runtime that it belongs to",
        }
        return refused(reasons, given)

    def pod(self, plan: Plan) -> Pod:
        """The puller, with all known sockets to try."""
        volume = {"name": "run", "hostPath": {"path": _HOST_RUN, "type": "Directory"}}
        sockets = [runtime.line(_mounted(runtime)) for runtime in _ORDER]
        return pulling_pod(plan, sockets, volume, mount("run", _MOUNTED_AT, read_only=True))


def _mounted(runtime: SocketRuntime) -> str:
    # On every system that runs a kubelet, /var/run is /run.
    return _MOUNTED_AT + runtime.socket_path.removeprefix("/var").removeprefix(_HOST_RUN)


AUTO = AutoRuntime()
