"""The ways to pull an image on a node, by their names in the argument `runtime`."""

from __future__ import annotations

from .auto import AUTO
from .base import Pod, Runtime
from .containerd import CONTAINERD
from .cri_dockerd import CRI_DOCKERD
from .cri_o import CRI_O
from .docker import DOCKER
from .image_volume import IMAGE_VOLUME
from .k3s import K3S
from .kubelet import KUBELET

_ALL: tuple[Runtime, ...] = (DOCKER, CONTAINERD, CRI_O, CRI_DOCKERD, K3S, AUTO, KUBELET, IMAGE_VOLUME)

RUNTIMES: dict[str, Runtime] = {runtime.name: runtime for runtime in _ALL}

__all__ = ["RUNTIMES", "Pod", "Runtime"]
