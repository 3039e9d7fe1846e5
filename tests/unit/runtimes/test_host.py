"""What a runtime takes of the host."""

from __future__ import annotations

import pytest
from prepull.runtimes import RUNTIMES

from ..manifests.parts import TAINT, containers_of, environment, pod_of


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_only_the_puller_reaches_the_host_and_there_only_its_socket(runtime: str) -> None:
    pod = pod_of(runtime=runtime, hold=True, startup_taint=TAINT, image_pull_secrets=["s"])
    host = {volume["name"]: volume["hostPath"] for volume in pod["volumes"] if "hostPath" in volume}
    expected: dict[str, list[dict[str, str]]] = {
        "docker": [{"path": "/var/run/docker.sock", "type": "Socket"}],
        "containerd": [{"path": "/run/containerd/containerd.sock", "type": "Socket"}],
        "cri-o": [{"path": "/run/crio/crio.sock", "type": "Socket"}],
        "cri-dockerd": [{"path": "/var/run/cri-dockerd.sock", "type": "Socket"}],
        "k3s": [{"path": "/run/k3s/containerd/containerd.sock", "type": "Socket"}],
        "auto": [{"path": "/run", "type": "Directory"}],
        "kubelet": [],
        "image-volume": [],
    }
    assert list(host.values()) == expected[runtime]
    for container in containers_of(pod):
        reaches = [
            item
            for item in container.get("volumeMounts", [])
            if item["name"] in host or item["name"].startswith("secret-")
        ]
        assert bool(reaches) == (container["name"] == "pull")
        if runtime == "auto":
            assert all(item["readOnly"] for item in reaches)


def test_auto_tries_every_cri_socket_under_the_directory_that_is_mounted() -> None:
    [pull] = pod_of(runtime="auto")["initContainers"]
    assert environment(pull)["PREPULL_SOCKETS"].splitlines() == [
        "crictl /host/run/k3s/containerd/containerd.sock",
        "crictl /host/run/crio/crio.sock untags",
        "crictl /host/run/cri-dockerd.sock nameless",
        "crictl /host/run/containerd/containerd.sock",
    ]
