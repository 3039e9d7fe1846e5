"""The nodes of a running cluster: queries to their runtimes, and nodes that join, stop and leave."""

from __future__ import annotations

import json
import re
import tempfile
import time
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import IO, TYPE_CHECKING, Any, Literal

import yaml

from lab.cluster.cluster import is_ready
from lab.cluster.twin import environment, run_arguments
from lab.errors import LabError
from lab.images.node_files import certs_path, hosts_toml
from lab.images.oci import File, layer, write_archive
from lab.process import CommandError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lab.cluster.cluster import Cluster
    from lab.images.oci import Image

Runtime = Literal["cri", "docker"]

JOIN_SECONDS = 120
_KUBEADM = "/kind/kubeadm.conf"
_NETWORKS, _APART = "/etc/cni/net.d", "/kind/networks"
# A new machine's own disk for images. Without the blocks that ext4 reserves for root, shares of the disk are exact.
_IMAGE_DISK = """
systemctl stop containerd
truncate --size "$1M" /var/images.ext4
mkfs.ext4 -q -m 0 /var/images.ext4
# The container has only the devices that were there when it started.
device=$(losetup --find)
device=${device%" (lost)"}
[ -b "$device" ] || mknod "$device" b 7 "${device#/dev/loop}"
mkdir /var/images
mount -o loop /var/images.ext4 /var/images
cp --archive /var/lib/containerd/. /var/images
umount /var/images
mount -o loop /var/images.ext4 /var/lib/containerd
systemctl start containerd
"""
_LONG_AGO = datetime.min.replace(tzinfo=timezone.utc)


@dataclass(frozen=True)
class NodeImage:
    """An image in the list of a node's runtime."""

    references: tuple[str, ...]
    digests: tuple[str, ...]
    size: int


class Nodes:
    """The nodes of a cluster, as containers."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._engine = cluster.engine

    def names(self) -> list[str]:
        """All nodes, running or not."""
        return self._cluster.containers()

    def exec(self, node: str, *command: str, stdin: bytes | IO[bytes] | None = None, timeout: float = 300) -> str:
        """Run a command on a node, and return what it prints."""
        interactive = [] if stdin is None else ["--interactive"]
        return self._engine.docker("exec", *interactive, node, *command, stdin=stdin, timeout=timeout)

    def write(self, node: str, files: Mapping[str, bytes]) -> None:
        """Write files on a node."""
        content = layer({path: File(text) for path, text in files.items()})
        # Not `docker cp`: it cannot write to the temporary file systems of a node.
        self.exec(
            node,
            "tar",
            "--extract",
            "--directory",
            "/",
            "--keep-directory-symlink",
            "--file",
            "-",
            stdin=content,
        )

    def images(self, node: str, runtime: Runtime = "cri") -> list[NodeImage]:
        """The images in the node's runtime: the kubelet's runtime, or with `docker` the Docker Engine."""
        return self._docker_images(node) if runtime == "docker" else self._cri_images(node)

    def remove_image(self, node: str, reference: str, runtime: Runtime = "cri") -> None:
        """Remove an image from a node. A missing image is not an error."""
        command = ("docker", "image", "rm", "--force") if runtime == "docker" else ("crictl", "rmi")
        try:
            self.exec(node, *command, reference)
        except CommandError as error:
            if "no such image" not in error.output.lower():
                raise

    def load(self, node: str, images: Sequence[tuple[str, Image]], runtime: Runtime = "cri") -> None:
        """Load images into a node, without a registry."""
        command = ("docker", "load") if runtime == "docker" else ("ctr", "--namespace=k8s.io", "images", "import", "-")
        with tempfile.TemporaryFile() as archive:
            write_archive(archive, images)
            archive.seek(0)
            self.exec(node, *command, stdin=archive)

    def use_registry(self, address: str, *, at: str | None = None) -> None:
        """Let containerd on the nodes reach a registry of the lab's, which speaks HTTP without TLS.

        `at` is the host and port to connect to. Default: the registry's address.
        """
        for node in self.names():
            self.write(node, {certs_path(address): hosts_toml(f"http://{at or address}").encode()})

    def gateway(self) -> str:
        """The address by which the nodes reach this machine."""
        container = self._engine.inspect("container", self._cluster.control_plane)
        if container is None:
            raise LabError("The lab is not up: run `make up`.")
        address: str = container["NetworkSettings"]["Networks"][self._cluster.name]["Gateway"]
        return address

    def kill(self, node: str) -> None:
        """Kill a node like a power failure: no process on it can clean up."""
        self._engine.docker("kill", node)

    def stop(self, node: str) -> None:
        """Shut a node down within a few seconds."""
        self._engine.docker("stop", "--time", "5", node)

    def start(self, node: str) -> None:
        """Start a node that was stopped, and wait until it is ready again."""
        since = datetime.now(timezone.utc)
        self._engine.docker("start", node)
        self._wait(node, since)

    def restart(self, node: str) -> None:
        """Stop a node and start it again."""
        self.stop(node)
        self.start(node)

    def join(
        self,
        name: str,
        taints: Sequence[str] = (),
        preload: Sequence[tuple[str, Image]] = (),
        *,
        network: bool = True,
        image_disk: int | None = None,
    ) -> str:
        """Add a new node to the cluster, wait until it is ready, and return its full name.

        The form of a taint is `key=value:Effect` or `key:Effect`; the node registers with its taints. Images in
        `preload` are on the node before it joins. It has no other images: it is a new machine. Without `network`, its
        network plugin has no configuration, and the node is not ready before `connect`. With `image_disk`, its images
        have a disk of their own of so many MiB.
        """
        node = self.prepare(name, preload, network=network, image_disk=image_disk)
        try:
            self.register(node, taints)
            if network:
                self._wait(node)
        except BaseException:
            self.remove(node)
            raise
        return node

    def prepare(
        self,
        name: str,
        preload: Sequence[tuple[str, Image]] = (),
        *,
        network: bool = True,
        image_disk: int | None = None,
    ) -> str:
        """Start the machine of a new node, and return the node's full name. The cluster does not know it yet.

        The arguments are those of `join`. Its runtime answers.
        """
        node = f"{self._cluster.name}-{name}"
        model = self._model()
        container = self._engine.inspect("container", model)
        if container is None:
            raise LabError(f"There is no node {model} to model {node} on.")
        # A killed process leaves its node.
        if self._engine.inspect("container", node) is not None:
            self.remove(node)
        settings = environment(container)
        arguments = run_arguments(container, node, self._cluster.name)
        try:
            self._engine.docker("run", *arguments, environ=settings)
            self._wait_for_runtime(node)
            if image_disk:
                self.exec(node, "sh", "-ec", _IMAGE_DISK, "sh", str(image_disk))
                self._wait_for_runtime(node)
            if preload:
                self.load(node, preload)
            if not network:
                self.exec(node, "sh", "-c", f"mkdir {_APART} && mv {_NETWORKS}/* {_APART}")
        except BaseException:
            self.remove(node)
            raise
        return node

    def register(self, node: str, taints: Sequence[str] = ()) -> None:
        """Let a node that `prepare` returned join the cluster, with taints as for `join`. It may not be ready yet."""
        self.write(node, {_KUBEADM: self._join_configuration(self._model(), node, taints).encode()})
        self.exec(node, "kubeadm", "join", "--config", _KUBEADM)

    def connect(self, node: str) -> None:
        """Give a node that joined without a network its network, and wait until it is ready."""
        # Not mv: containerd takes no notice of files that are merely there, only of what is written.
        self.exec(node, "sh", "-c", f"cp {_APART}/* {_NETWORKS}")
        self._wait(node)

    def remove(self, node: str) -> None:
        """Remove a node from the cluster permanently."""
        self._cluster.kubectl("delete", "node", node, "--ignore-not-found")
        self._engine.remove_containers(node)

    def _model(self) -> str:
        """A worker that kind created, to copy the configuration from."""
        return self._cluster.base_nodes[-1]

    def _join_configuration(self, model: str, node: str, taints: Sequence[str]) -> str:
        """The kubeadm configuration of the model node, changed for another node."""
        text = self.exec(model, "cat", _KUBEADM).replace(model, node)
        text = re.sub(rf"\b{re.escape(self._address(model))}\b", self._address(node), text)
        documents = [document for document in yaml.safe_load_all(text) if document]
        # The token that kind makes is good for a day; the cluster may be older.
        token = self.exec(self._cluster.control_plane, "kubeadm", "token", "create", "--ttl", "10m").split()[-1]
        for document in documents:
            if document["kind"] == "JoinConfiguration":
                document["discovery"]["bootstrapToken"]["token"] = token
                document["nodeRegistration"]["taints"] = [_taint(taint) for taint in taints]
        return yaml.safe_dump_all(documents)

    def _address(self, node: str) -> str:
        container = self._engine.inspect("container", node)
        if container is None:
            raise LabError(f"There is no node {node}.")
        address: str = container["NetworkSettings"]["Networks"][self._cluster.name]["IPAddress"]
        return address

    def _wait_for_runtime(self, node: str) -> None:
        deadline = time.monotonic() + JOIN_SECONDS
        while not self._runtime_answers(node):
            if time.monotonic() > deadline:
                raise LabError(f"After {JOIN_SECONDS} s containerd on {node} does not answer.")
            time.sleep(0.3)

    def _runtime_answers(self, node: str) -> bool:
        try:
            self.exec(node, "crictl", "info", timeout=20)
        except CommandError:
            return False
        return True

    def _wait(self, node: str, since: datetime = _LONG_AGO) -> None:
        """Wait until the node is ready, and its kubelet has renewed the lease after `since`."""
        deadline = time.monotonic() + JOIN_SECONDS
        while time.monotonic() < deadline:
            # The Node object of a stopped node stays Ready for a while. Only a new lease shows that it is alive.
            if self._cluster.answers() and self._renewed(node) >= since:
                found = [item for item in self._cluster.nodes() if item["metadata"]["name"] == node]
                if found and is_ready(found[0]):
                    return
            time.sleep(0.3)
        raise LabError(f"After {JOIN_SECONDS} s the node {node} is not ready.")

    def _renewed(self, node: str) -> datetime:
        """The time at which the kubelet of the node last renewed its lease."""
        printed = self._cluster.kubectl(
            "get",
            "lease",
            node,
            "--namespace=kube-node-lease",
            "--ignore-not-found",
            "--output=jsonpath={.spec.renewTime}",
        )
        if not printed:
            return _LONG_AGO
        return datetime.fromisoformat(printed.replace("Z", "+00:00"))

    def _cri_images(self, node: str) -> list[NodeImage]:
        listed: dict[str, Any] = json.loads(self.exec(node, "crictl", "images", "--output", "json"))
        return [
            NodeImage(tuple(image.get("repoTags") or ()), tuple(image.get("repoDigests") or ()), int(image["size"]))
            for image in listed["images"]
        ]

    def _docker_images(self, node: str) -> list[NodeImage]:
        identifiers = self.exec(node, "docker", "image", "ls", "--quiet", "--no-trunc").split()
        if not identifiers:
            return []
        listed: list[dict[str, Any]] = json.loads(
            self.exec(node, "docker", "image", "inspect", *sorted(set(identifiers)))
        )
        return [
            NodeImage(tuple(image["RepoTags"] or ()), tuple(image["RepoDigests"] or ()), int(image["Size"]))
            for image in listed
        ]


def _taint(text: str) -> dict[str, str]:
    """A taint in kubectl's form, as the fields of the API."""
    pair, _, effect = text.rpartition(":")
    key, _, value = pair.partition("=")
    if not key or effect not in ("NoSchedule", "PreferNoSchedule", "NoExecute"):
        raise LabError(f"{text!r} is not a taint: write key=value:NoSchedule, or with PreferNoSchedule or NoExecute.")
    return {"key": key, "value": value, "effect": effect}
