"""A node whose images have a small disk of their own, and how full it is."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass

import yaml

from lab import Lab

KUBELET = "/var/lib/kubelet/config.yaml"
_AT = "/var/lib/containerd"
_FILLER = f"{_AT}/filler"
_QUIET = 5
# The kubelet's own, which kind's configuration turns off. What is said of other disks stays off: they are this
# machine's. https://github.com/kubernetes/kubernetes/blob/v1.37.2/pkg/kubelet/eviction/defaults_linux.go
THRESHOLDS = {
    "imageGCHighThresholdPercent": 85,
    "imageGCLowThresholdPercent": 80,
    "evictionHard": {"imagefs.available": "15%"},
}


@dataclass
class Disk:
    """The disk with the images of one node."""

    lab: Lab
    node: str

    def figures(self) -> tuple[int, int]:
        """Its size and what is free, in KiB."""
        fields = self.lab.nodes.exec(self.node, "df", "-P", "-k", _AT).splitlines()[1].split()
        return int(fields[1]), int(fields[3])

    @property
    def percent(self) -> float:
        """How full it is, as the kubelet reckons."""
        size, free = self.figures()
        return 100 - 100 * free / size

    def settled(self) -> tuple[int, int]:
        """The figures, once nothing has been written or removed for some seconds: containerd tidies up after a pull."""
        deadline = time.monotonic() + 120
        seen = [self.figures()]
        while len(set(seen[-_QUIET:])) > 1 or len(seen) < _QUIET:
            assert time.monotonic() < deadline, f"the disk of {self.node} does not come to rest: {seen[-_QUIET:]}"
            time.sleep(1)
            self.lab.nodes.exec(self.node, "sync", "--file-system", _AT)
            seen.append(self.figures())
        return seen[-1]

    def fill(self, percent: float) -> None:
        """Put a file on it that fills it so far."""
        self.clear()
        size, free = self.settled()
        length = free - size * (100 - percent) / 100
        self.lab.nodes.exec(self.node, "fallocate", "--length", f"{int(length)}KiB", _FILLER)

    def clear(self) -> None:
        """Remove that file."""
        self.lab.nodes.exec(self.node, "rm", "-f", _FILLER)

    def remove_unused(self) -> None:
        """Remove the images that the lab has put on every node and no pod of this one runs."""
        system = ("--namespace", "kube-system", f"--field-selector=spec.nodeName={self.node}")
        self.lab.cluster.kubectl("wait", "pods", *system, "--for=condition=Ready", "--timeout=110s")
        running = json.loads(self.lab.nodes.exec(self.node, "crictl", "ps", "--all", "--output", "json"))["containers"]
        used = {container.get(key) for container in running for key in ("imageRef", "imageId")}
        listed = json.loads(self.lab.nodes.exec(self.node, "crictl", "images", "--output", "json"))["images"]
        for image in listed:
            if image["id"] not in used and not image.get("pinned"):
                self.lab.nodes.remove_image(self.node, image["id"])
        self.prune()

    def prune(self) -> None:
        """Remove what is left of removed images. containerd does so by itself, but later."""
        self.lab.nodes.exec(self.node, "ctr", "--namespace=k8s.io", "content", "prune", "references")

    def keep_layers(self) -> None:
        """Let containerd keep the layers beside what it has unpacked of them: its default, which kind changes."""
        default = "s/discard_unpacked_layers = true/discard_unpacked_layers = false/"
        self.lab.nodes.exec(self.node, "sed", "--in-place", default, "/etc/containerd/config.toml")
        self.lab.nodes.exec(self.node, "systemctl", "restart", "containerd")
        # It tries again until the runtime answers.
        self.lab.nodes.exec(self.node, "crictl", "--timeout", "60s", "info")

    def wait_until_relieved(self) -> None:
        """Wait until the node has no DiskPressure."""
        self.lab.cluster.kubectl("wait", f"node/{self.node}", "--for=condition=DiskPressure=False", "--timeout=110s")

    def configure_kubelet(self, **changes: object) -> None:
        """Change the configuration of the node's kubelet, and start it again."""
        configuration = yaml.safe_load(self.lab.nodes.exec(self.node, "cat", KUBELET))
        configuration.update(changes)
        self.lab.nodes.write(self.node, {KUBELET: yaml.safe_dump(configuration).encode()})
        self.lab.nodes.exec(self.node, "systemctl", "restart", "kubelet")
