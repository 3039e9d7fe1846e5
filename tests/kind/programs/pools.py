"""Pools of nodes: labels, taints and devices that a node of the lab has for a while."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from lab import Lab

from ..eventually import eventually


@dataclass(frozen=True)
class Pool:
    """What tells the nodes of a pool from others."""

    labels: Mapping[str, str]
    taints: Sequence[str] = ()
    """In kubectl's form: `key=value:NoSchedule`."""
    devices: Mapping[str, str] = field(default_factory=dict)
    """Extended resources, and how many of each the node has."""

    @contextmanager
    def on(self, lab: Lab, node: str) -> Iterator[None]:
        """A node of the lab is one of the pool; afterwards it is what it was."""
        kubectl = lab.cluster.kubectl
        kubectl("label", "node", node, *(f"{key}={value}" for key, value in self.labels.items()))
        try:
            self._advertise(lab, node)
            if self.taints:
                kubectl("taint", "node", node, *self.taints)
            yield
        finally:
            kubectl("label", "node", node, *(f"{key}-" for key in self.labels))
            # A startup taint has gone already.
            there = taints_of(lab, node)
            for key in set(map(key_of, self.taints)) & there:
                kubectl("taint", "node", node, f"{key}-")
            self._withdraw(lab, node)

    def _advertise(self, lab: Lab, node: str) -> None:
        """Let the node offer the devices.

        https://kubernetes.io/docs/tasks/administer-cluster/extended-resource-node/
        """
        _patch_capacity(lab, node, [{"op": "add", "path": _path(name), "value": n} for name, n in self.devices.items()])
        if self.devices:
            eventually(
                "the scheduler sees the devices", lambda: self.devices.items() <= _allocatable(lab, node).items()
            )

    def _withdraw(self, lab: Lab, node: str) -> None:
        _patch_capacity(lab, node, [{"op": "remove", "path": _path(name)} for name in self.devices])


def _path(device: str) -> str:
    return f"/status/capacity/{device.replace('~', '~0').replace('/', '~1')}"


def _patch_capacity(lab: Lab, node: str, patch: Sequence[Mapping[str, str]]) -> None:
    if patch:
        lab.cluster.kubectl(
            "patch", "node", node, "--subresource=status", "--type=json", f"--patch={json.dumps(patch)}"
        )


def _allocatable(lab: Lab, node: str) -> Mapping[str, str]:
    found: Mapping[str, str] = json.loads(lab.cluster.kubectl("get", "node", node, "--output=json"))["status"][
        "allocatable"
    ]
    return found


def key_of(taint: str) -> str:
    """The key of a taint in kubectl's form."""
    return taint.partition(":")[0].partition("=")[0]


def taints_of(lab: Lab, node: str) -> set[str]:
    """The keys of a node's taints."""
    spec = json.loads(lab.cluster.kubectl("get", "node", node, "--output=json"))["spec"]
    return {taint["key"] for taint in spec.get("taints", [])}


def untainted(lab: Lab) -> set[str]:
    """The nodes where pods without tolerations run."""
    return {node for node in lab.cluster.base_nodes if not taints_of(lab, node)}
