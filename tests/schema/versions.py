"""The Kubernetes versions that are supported: every manifest is checked against the oldest and the newest."""

from __future__ import annotations

OLDEST = "1.30"
NEWEST = "1.37"

SINCE = {"image-volume": "1.31"}
"""Runtimes that need a later one."""


def versions_of(runtime: str) -> list[str]:
    """The oldest and the newest version that a runtime's manifests are for."""
    return [SINCE.get(runtime, OLDEST), NEWEST]
