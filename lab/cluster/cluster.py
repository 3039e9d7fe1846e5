"""The cluster: three nodes that kind creates on the lab's own network."""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from lab.environ import proxies
from lab.errors import LabError
from lab.images.node_files import REGISTRY_HOST
from lab.platforms import has_cgroup_v2
from lab.process import run

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from lab.docker.engine import Engine
    from lab.images.node_image import NodeImage
    from lab.versions import System

WORKERS = 2
READY_SECONDS = 240
CLUSTER_LABEL = "io.x-k8s.kind.cluster"


@dataclass(frozen=True)
class Cluster:
    """A cluster that kind creates."""

    name: str
    engine: Engine
    kind: Path
    kubectl_program: Path
    kubeconfig: Path

    @property
    def control_plane(self) -> str:
        """The node that runs the control plane."""
        return f"{self.name}-control-plane"

    @property
    def base_nodes(self) -> list[str]:
        """The nodes of every lab: nodes that joined later are not among them."""
        return [self.control_plane, *(f"{self.name}-worker{number or ''}" for number in self._suffixes())]

    @staticmethod
    def _suffixes() -> list[int]:
        """The numbers of the workers in kind's names. The first one, 0, is not written."""
        return [0, *range(2, WORKERS + 1)]

    def containers(self, *, running: bool = False) -> list[str]:
        """The containers of its nodes, including nodes that joined later."""
        return self.engine.containers(f"{CLUSTER_LABEL}={self.name}", running=running)

    def create(self, image: NodeImage, system: System, mounts: Mapping[str, str]) -> None:
        """Create the cluster, and wait until every node is ready. It has a kubeconfig only once it is complete.

        Each node mounts `mounts` read-only: paths of this machine by the paths on the node.
        """
        self.kubeconfig.unlink(missing_ok=True)
        configuration = yaml.safe_dump(kind_configuration(image, system, mounts, cgroup_v2=has_cgroup_v2()))
        self._kind(
            "create",
            "cluster",
            "--config",
            "-",
            "--image",
            image.reference,
            "--retain",
            stdin=configuration.encode(),
        )

    def kubectl(self, *arguments: str, stdin: bytes | None = None) -> str:
        """Run kubectl as administrator of the cluster."""
        environ = {**self.engine.environ, "KUBECONFIG": str(self.kubeconfig)}
        return run(self.kubectl_program, *arguments, env=environ, stdin=stdin, timeout=120)

    def answers(self) -> bool:
        """Whether the API server says that it is ready."""
        try:
            self.kubectl("get", "--raw", "/readyz", "--request-timeout=5s")
        except LabError:
            return False
        return True

    def nodes(self) -> list[dict[str, Any]]:
        """Its Node objects."""
        listed: dict[str, list[dict[str, Any]]] = json.loads(self.kubectl("get", "nodes", "--output=json"))
        return listed["items"]

    def unready(self) -> list[str]:
        """The base nodes that are not ready now."""
        ready = {node["metadata"]["name"] for node in self.nodes() if is_ready(node)}
        return [name for name in self.base_nodes if name not in ready]

    def describes_itself(self) -> bool:
        """Whether the API server can return its schema. It builds the schema at the first request.

        Pulumi's provider sends that request first, and waits only half a minute for the answer.
        """
        try:
            self.kubectl("get", "--raw", "/openapi/v2", "--request-timeout=60s")
        except LabError:
            return False
        return True

    def wait_until_ready(self, seconds: float = READY_SECONDS) -> None:
        """Wait until the API server and all base nodes are ready.

        Raises:
            LabError: they are not ready after `seconds`.
        """
        deadline = time.monotonic() + seconds
        while True:
            missing = self.unready() if self.answers() else self.base_nodes
            if not missing and self.describes_itself():
                return
            if time.monotonic() > deadline:
                what = f"these nodes are not ready: {', '.join(missing)}" if missing else "the API server has no schema"
                raise LabError(f"After {seconds:.0f} s {what}.")
            time.sleep(1)

    def _kind(self, *arguments: str, stdin: bytes | None = None) -> str:
        environ = {
            **{name: value for name, value in self.engine.environ.items() if not name.startswith("KIND_")},
            # kind gives the proxies of its environment to the nodes.
            **proxies(self.engine.environ, REGISTRY_HOST),
            # kind runs `docker`, and the lab's own client may be nowhere else.
            "PATH": os.pathsep.join([str(self.engine.client.parent), self.engine.environ.get("PATH", os.defpath)]),
            "KIND_EXPERIMENTAL_PROVIDER": "docker",
            "KIND_EXPERIMENTAL_DOCKER_NETWORK": self.name,
        }
        return run(
            self.kind,
            *arguments,
            "--name",
            self.name,
            "--kubeconfig",
            self.kubeconfig,
            env=environ,
            stdin=stdin,
        )


def is_ready(node: dict[str, Any]) -> bool:
    """Whether a Node object says that the node is ready."""
    conditions = node.get("status", {}).get("conditions", [])
    return any(condition["type"] == "Ready" and condition["status"] == "True" for condition in conditions)


def kind_configuration(
    image: NodeImage, system: System, mounts: Mapping[str, str], *, cgroup_v2: bool
) -> dict[str, object]:
    """Kind's configuration of the cluster."""
    shared = [{"hostPath": here, "containerPath": there, "readOnly": True} for there, here in sorted(mounts.items())]
    roles = ["control-plane", *["worker"] * WORKERS]
    configuration: dict[str, object] = {
        "kind": "Cluster",
        "apiVersion": "kind.x-k8s.io/v1alpha4",
        "featureGates": dict.fromkeys(system.feature_gates, True),
        "networking": {"apiServerAddress": "127.0.0.1"},
        "nodes": [{"role": role, "extraMounts": [dict(each) for each in shared]} for role in roles],
    }
    patches: list[dict[str, object]] = []
    if not image.complete:
        # An image that the lab has built contains its own network plugin, and no image of CoreDNS.
        configuration["networking"] = {"apiServerAddress": "127.0.0.1", "disableDefaultCNI": True}
        patches.append({"kind": "InitConfiguration", "skipPhases": ["preflight", "addon/coredns"]})
    if not cgroup_v2:
        # Since 1.35 the kubelet refuses version 1 of control groups by default.
        patches.append({"kind": "KubeletConfiguration", "failCgroupV1": False})
    configuration["kubeadmConfigPatches"] = [yaml.safe_dump(patch) for patch in patches]
    return configuration
