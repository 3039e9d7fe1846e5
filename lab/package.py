"""What the lab uses of the package that it is for: no other module of it imports `prepull`."""

from __future__ import annotations

from prepull.defaults import BUSYBOX_IMAGE, DOCKER_IMAGE, K3S_IMAGE, PAUSE_IMAGE, PYTHON_IMAGE
from prepull.images.references import parse
from prepull.status.report import of_pod

__all__ = [
    "BUSYBOX_IMAGE",
    "DOCKER_IMAGE",
    "K3S_IMAGE",
    "PAUSE_IMAGE",
    "PYTHON_IMAGE",
    "of_pod",
    "parse",
]
