"""The plan: what a user asked for, checked, completed and normalised. Everything downstream reads only this."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from .images.references import Reference

EVERY_TAINT: tuple[Mapping[str, Any], ...] = ({"operator": "Exists"},)


@dataclass(frozen=True)
class Plan:
    """The checked arguments of one PrePullDaemonSet, under their own names; durations are in milliseconds."""

    images: tuple[Reference, ...]
    runtime: str
    socket_path: str | None
    namespace: str | None
    pull_policy: str
    parallelism: int
    attempts: int
    backoff: int
    image_timeout: int
    on_failure: str
    refresh: int | None
    hold: bool
    stagger: int
    image_pull_secrets: tuple[str, ...]
    puller_image: str
    gate_image: str
    pause_image: str
    busybox_image: str
    """Where the program that runs within the listed images comes from; follows from `puller_image`."""
    kubectl_image: str
    """What removes the startup taint; follows from `gate_image`."""
    node_selector: Mapping[str, str]
    tolerations: tuple[Mapping[str, Any], ...]
    affinity: Mapping[str, Any] | None
    priority_class_name: str | None
    resources: Mapping[str, Any] | None
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    startup_taint: str | None
    pin_digests: bool
    on_pin_failure: str
    wait_for: str
    timeout: str
    min_ready: str
    mirrors: Mapping[str, str]
    remove: tuple[Reference, ...]
    pinned: tuple[Reference, ...] = ()
    """Those of `images` whose digest is what their tag stood for when it was resolved (pins.py)."""

    @property
    def fingerprint(self) -> str:
        """Twelve hexadecimal digits that change with anything in the plan but the order of names in a mapping."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:12]

    def source(self, image: Reference) -> Reference:
        """Where an image is pulled from: the mirror with the longest prefix of its name, else its own registry."""
        prefixes = [prefix for prefix in self.mirrors if f"{image.name}/".startswith(f"{prefix}/")]
        if not prefixes:
            return image
        prefix = max(prefixes, key=len)
        registry, _, path = (self.mirrors[prefix] + image.name[len(prefix) :]).partition("/")
        return Reference(registry, path, image.tag, image.digest)
