"""A node as the API server has it, changed by JSON patches: as administrator, or with a token."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lightkube import ApiError, Client, KubeConfig
from lightkube.config.models import User
from lightkube.generic_resource import create_global_resource
from lightkube.types import PatchType

from lab import Lab

_NODE = create_global_resource("", "v1", "Node", "nodes")
Patch = Sequence[Mapping[str, Any]]


class Node:
    """One node of the lab's cluster."""

    def __init__(self, lab: Lab, name: str, *, token: str | None = None) -> None:
        self.name = name
        config = KubeConfig.from_file(lab.kubeconfig)
        if token is not None:
            administrator = config.get()
            assert administrator is not None
            config = KubeConfig.from_one(cluster=administrator.cluster, user=User(token=token))
        # The cluster is on this machine, whatever proxies there are.
        self._client = Client(config=config, trust_env=False)

    def read(self) -> dict[str, Any]:
        """The whole object."""
        return dict(self._client.get(_NODE, self.name))

    def taints(self) -> list[dict[str, str]]:
        """Its taints, without Kubernetes' own."""
        return [taint for _, taint in self._own()]

    def taint_keys(self) -> list[str]:
        """The keys of these taints."""
        return [taint["key"] for taint in self.taints()]

    def _own(self) -> list[tuple[int, dict[str, str]]]:
        taints = self.read()["spec"].get("taints") or []
        return [(index, taint) for index, taint in enumerate(taints) if is_foreign(taint)]

    def versions(self, since: str) -> Iterator[dict[str, Any]]:
        """All versions of the object after a version of any node, up to that of now."""
        now = self.read()["metadata"]["resourceVersion"]
        for _, node in self._client.watch(_NODE, fields={"metadata.name": self.name}, resource_version=since):
            yield dict(node)
            if node["metadata"]["resourceVersion"] == now:
                return

    def patch(self, patch: Patch) -> str:
        """Change it, and return the version that this made.

        Raises:
            ApiError: the API server refuses, or a `test` fails.
        """
        changed = self._client.patch(_NODE, self.name, list(patch), patch_type=PatchType.JSON)
        return str(changed["metadata"]["resourceVersion"])

    def refusal(self, patch: Patch) -> str:
        """What the API server says against a change; nothing if it was made."""
        try:
            self.patch(patch)
        except ApiError as error:
            return str(error.status.message)
        return ""

    def add(self, key: str, effect: str = "NoSchedule") -> None:
        """Add a taint, and leave all others as they are, even if somebody else changes them meanwhile."""
        taint = {"key": key, "effect": effect}
        while True:
            now = self.read()
            patch = [_added("/spec/taints/-", taint)]
            if not now["spec"].get("taints"):
                version = now["metadata"]["resourceVersion"]
                unchanged = {"op": "test", "path": "/metadata/resourceVersion", "value": version}
                patch = [unchanged, _added("/spec/taints", [taint])]
            if not self.refusal(patch):
                return

    def removal(self, *keys: str) -> list[dict[str, Any]]:
        """The patch that removes taints with these keys, if they are still where they are now."""
        patch: list[dict[str, Any]] = []
        for index, taint in self._own():
            if taint["key"] in keys:
                path = f"/spec/taints/{index}"
                patch = [{"op": "test", "path": path, "value": taint}, {"op": "remove", "path": path}, *patch]
        return patch

    def remove(self, *keys: str) -> None:
        """Remove taints with these keys, and no others, even if somebody else changes them meanwhile."""
        while (patch := self.removal(*keys)) and self.refusal(patch):
            pass


def is_foreign(taint: Mapping[str, str]) -> bool:
    """Whether a taint is none of Kubernetes' own."""
    return "kubernetes.io/" not in taint["key"]


def _added(path: str, value: Any) -> dict[str, Any]:
    return {"op": "add", "path": path, "value": value}
