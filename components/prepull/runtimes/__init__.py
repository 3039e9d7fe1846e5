"""The ways to pull an image on a node, by the name that the argument `runtime` gives them."""

from __future__ import annotations

from .base import Pod, Runtime
from .containerd import CONTAINERD
from .docker import DOCKER

RUNTIMES: dict[str, Runtime] = {runtime.name: runtime for runtime in (DOCKER, CONTAINERD)}

__all__ = ["RUNTIMES", "Pod", "Runtime"]
