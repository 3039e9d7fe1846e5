"""What a runtime takes of the host."""

from __future__ import annotations

import pytest
from prepull.runtimes import RUNTIMES

from ...plans import EACH, SOCKET_RUNTIMES
from ..manifests.parts import TAINT, containers_of, environment, pod_of
from ..node import kubelet

PROVIDER = EACH["credential_provider"]


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


@pytest.mark.parametrize("runtime", SOCKET_RUNTIMES)
def test_a_credential_provider_is_seen_where_the_node_has_it_and_nothing_else_of_the_node(runtime: str) -> None:
    pod = pod_of(runtime=runtime, hold=True, startup_taint=TAINT, refresh="1h", credential_provider=PROVIDER)
    [volume] = [volume for volume in pod["volumes"] if volume["name"] == "credential-provider"]
    assert volume["hostPath"] == {"path": "/etc/eks/image-credential-provider", "type": "Directory"}
    for container in containers_of(pod):
        mounts = [each for each in container.get("volumeMounts", []) if each["name"] == "credential-provider"]
        there = {"name": "credential-provider", "mountPath": "/etc/eks/image-credential-provider", "readOnly": True}
        assert mounts == ([there] if container["name"] in ("pull", "refresh") else [])
        assert ("PREPULL_PROVIDER" in kubelet.environment(container)) == bool(mounts)


def test_the_puller_is_told_of_a_credential_provider_in_lines() -> None:
    hostile = {**PROVIDER, "args": ["a", "", "$(PATH) $$ $x"], "env": {"A": "$(PATH)", "B": "c d"}}
    [pull] = pod_of(credential_provider=hostile)["initContainers"]
    told = kubelet.environment(pull)
    assert told["PREPULL_PROVIDER"] == PROVIDER["command"]
    assert told["PREPULL_PROVIDER_IMAGES"].split("\n") == PROVIDER["match_images"]
    assert told["PREPULL_PROVIDER_ARGS"].split("\n") == hostile["args"]
    assert told["PREPULL_PROVIDER_ENV"].split("\n") == ["A=$(PATH)", "B=c d"]
    assert kubelet.command(pull) == ["/bin/sh", "/etc/prepull/scripts/puller.sh"]


def test_without_arguments_a_credential_provider_has_none() -> None:
    few = {"command": PROVIDER["command"], "match_images": ["a.example"], "args": [], "env": {}}
    [pull] = pod_of(credential_provider=few)["initContainers"]
    told = environment(pull)
    assert [name for name in told if name.startswith("PREPULL_PROVIDER")] == [
        "PREPULL_PROVIDER",
        "PREPULL_PROVIDER_IMAGES",
    ]


def test_auto_tries_every_cri_socket_under_the_directory_that_is_mounted() -> None:
    [pull] = pod_of(runtime="auto")["initContainers"]
    assert environment(pull)["PREPULL_SOCKETS"].splitlines() == [
        "crictl /host/run/k3s/containerd/containerd.sock",
        "crictl /host/run/crio/crio.sock untags",
        "crictl /host/run/cri-dockerd.sock nameless",
        "crictl /host/run/containerd/containerd.sock",
    ]
