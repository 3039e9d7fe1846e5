"""A node that joins has what the engine says of the node that it is modelled on."""

import itertools
from pathlib import Path
from typing import Any

import pytest

from lab.cluster.cluster import Cluster
from lab.cluster.nodes import Nodes
from lab.cluster.twin import environment, run_arguments
from lab.docker.engine import Engine
from lab.errors import LabError

from .fake import FakeDocker

# What Docker Engine 28 says of a worker of kind's behind a proxy, on Btrfs, with user namespaces; abridged.
WORKER: dict[str, Any] = {
    "Name": "/lab-worker2",
    "Config": {
        "Hostname": "lab-worker2",
        "Tty": True,
        "Env": [
            "HTTPS_PROXY=http://user:secret@proxy:3128",
            "NO_PROXY=172.18.0.0/16,registry,lab-control-plane,lab-worker,lab-worker2",
            "PATH=/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin",
            "container=docker",
        ],
        "Image": "prepull-lab/node:official-x",
        "Volumes": {"/var": {}},
        "Labels": {"io.x-k8s.kind.cluster": "lab", "io.x-k8s.kind.role": "worker"},
    },
    "HostConfig": {
        "Binds": ["/lib/modules:/lib/modules:ro", "/dev/mapper:/dev/mapper"],
        "NetworkMode": "lab",
        "PortBindings": {},
        "RestartPolicy": {"Name": "on-failure", "MaximumRetryCount": 1},
        "CgroupnsMode": "private",
        "Privileged": True,
        "SecurityOpt": ["seccomp=unconfined", "apparmor=unconfined", "label=disable"],
        "Tmpfs": {"/run": "", "/scratch": "size=1g"},
        "UsernsMode": "host",
        "Sysctls": {"net.ipv6.conf.all.forwarding": "1"},
        "Devices": [{"PathOnHost": "/dev/fuse", "PathInContainer": "/dev/fuse", "CgroupPermissions": "rwm"}],
        "Init": False,
    },
    "NetworkSettings": {"Networks": {"lab": {"IPAddress": "172.18.0.4"}}},
}

PAIRS = [
    ("--name", "lab-late"),
    ("--hostname", "lab-late"),
    ("--network", "lab"),
    ("--label", "io.x-k8s.kind.cluster=lab"),
    ("--label", "io.x-k8s.kind.role=worker"),
    ("--env", "HTTPS_PROXY"),
    ("--env", "NO_PROXY"),
    ("--volume", "/var"),
    ("--volume", "/lib/modules:/lib/modules:ro"),
    ("--volume", "/dev/mapper:/dev/mapper"),
    ("--security-opt", "seccomp=unconfined"),
    ("--security-opt", "apparmor=unconfined"),
    ("--tmpfs", "/run"),
    ("--tmpfs", "/scratch:size=1g"),
    ("--userns", "host"),
    ("--cgroupns", "private"),
    ("--sysctl", "net.ipv6.conf.all.forwarding=1"),
    ("--device", "/dev/fuse:/dev/fuse:rwm"),
    ("--restart", "on-failure:1"),
]


@pytest.fixture
def nodes(engine: Engine, docker: FakeDocker, tmp_path: Path) -> Nodes:
    docker.has(lab_worker2=WORKER)
    docker.also("kubectl")
    return Nodes(Cluster("lab", engine, Path("kind"), docker.program.with_name("kubectl"), tmp_path / "kubeconfig"))


@pytest.mark.parametrize("pair", PAIRS)
def test_it_has_what_its_model_has(pair: tuple[str, str]) -> None:
    arguments = run_arguments(WORKER, "lab-late", "lab")

    assert pair in itertools.pairwise(arguments)


def test_the_rest_is_its_models_too() -> None:
    arguments = run_arguments(WORKER, "lab-late", "lab")

    assert {"--detach", "--tty", "--privileged", "--init=false"} <= set(arguments)
    assert arguments[-1] == "prepull-lab/node:official-x"
    assert environment(WORKER)["NO_PROXY"].startswith("172.18.0.0/16,registry,")


def test_a_model_with_less_gives_less() -> None:
    plain = {"Config": {"Image": "node", "Env": None, "Labels": None}, "HostConfig": {"Devices": None, "Init": None}}

    assert run_arguments(plain, "a", "b") == ["--detach", "--name", "a", "--hostname", "a", "--network", "b", "node"]


def test_a_node_that_does_not_start_leaves_nothing_and_shows_no_secret(nodes: Nodes, docker: FakeDocker) -> None:
    docker.fails("^run ", "Error response from daemon: error gathering device information: no such file or directory")

    with pytest.raises(LabError, match="gathering device information") as caught:
        nodes.join("late")

    assert "secret" not in str(caught.value)
    [started] = docker.calls_of("run")
    assert started.environ["HTTPS_PROXY"] == "http://user:secret@proxy:3128"
    assert docker.calls[-1].line == "rm --force --volumes lab-late"


def test_what_a_killed_run_left_under_its_name_goes_first(nodes: Nodes, docker: FakeDocker) -> None:
    docker.has(lab_worker2=WORKER, lab_late=WORKER)
    docker.fails("^run ", "the test needs no more")

    with pytest.raises(LabError):
        nodes.join("late")

    commands = [call.arguments[0] for call in docker.calls]
    assert "rm" in commands[: commands.index("run")]
    assert docker.calls_of("kubectl")[0].line == "kubectl delete node lab-late --ignore-not-found"
