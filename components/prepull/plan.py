"""The plan: what a user asked for, checked, completed and normalised. Everything downstream reads only this."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .references import Reference


@dataclass(frozen=True)
class Plan:
    """The checked arguments of one PrePullDaemonSet; durations are in milliseconds."""

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
    stagger: int
    puller_image: str
    pause_image: str
    timeout: str
    image_pull_secrets: tuple[str, ...] = ()
    node_selector: Mapping[str, str] = field(default_factory=dict)
    tolerations: tuple[Mapping[str, Any], ...] = ()
    affinity: Mapping[str, Any] | None = None
    priority_class_name: str | None = None
    resources: Mapping[str, Any] | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
