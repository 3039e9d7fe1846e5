"""Parts of the objects of a plan."""

from __future__ import annotations

from typing import Any

from ...plans import built, plan_of

TAINT = "example.com/images"


def pod_of(**args: Any) -> dict[str, Any]:
    """The specification of the DaemonSet's pods."""
    pod: dict[str, Any] = built(plan_of(**args))["daemon-set"]["spec"]["template"]["spec"]
    return pod


def containers_of(pod: dict[str, Any]) -> list[dict[str, Any]]:
    """Its containers, in the order in which they start."""
    return [*pod.get("initContainers", []), *pod["containers"]]


def environment(container: dict[str, Any]) -> dict[str, Any]:
    """A container's variables, by name."""
    return {entry["name"]: entry.get("value", entry.get("valueFrom")) for entry in container["env"]}
