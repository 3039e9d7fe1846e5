"""A cluster of simulated nodes: a real API server, scheduler and DaemonSet controller, and kwok for the kubelets.

https://kwok.sigs.k8s.io. What a kubelet would report is written by its stages: here a pod whose puller has put every
image on its node, with the report that puller.sh leaves.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from lab import Lab
from lab.platforms import Platform
from lab.process import run
from lab.sources.workshop import Workshop
from lab.tools import kubectl, programs

_API = "kwok.x-k8s.io/v1alpha1"
_READY_SECONDS = 1800
# Heartbeats of thousands of nodes would be most of what this machine does.
_HEARTBEAT_FACTOR = "100"
# The other controllers write to each node several times, as leases do, and the cluster would be made in twice the time.
_WITHOUT_THE_REST = (
    "kube-controller-manager=controllers=daemonset-controller,serviceaccount-controller",
    "kwok-controller=node-lease-duration-seconds=0",
)


@dataclass(frozen=True)
class Door:
    """An address of the API server, and how many requests have come this way."""

    address: str
    log: Path

    def requests(self) -> int:
        """The number of requests that were answered."""
        return answers(self.log.read_text())


def answers(log: str) -> int:
    """The number of answers in the log of client-go's debugging."""
    return sum('"Response"' in line for line in log.splitlines())


@dataclass(frozen=True)
class Simulation:
    """A simulated cluster that runs."""

    kwokctl: Path
    kubectl_program: Path
    kubeconfig: Path
    environ: dict[str, str]

    def kubectl(self, *arguments: str, stdin: bytes | None = None) -> str:
        """Run kubectl on it."""
        environ = {**self.environ, "KUBECONFIG": str(self.kubeconfig)}
        return run(self.kubectl_program, *arguments, env=environ, stdin=stdin, timeout=600)

    def scale(self, nodes: int) -> None:
        """Have so many nodes, all of them ready."""
        run(self.kwokctl, "scale", "node", "--replicas", str(nodes), "--name", "bench", env=self.environ, timeout=1200)

    def apply(self, manifests: Sequence[dict[str, Any]]) -> None:
        """Apply manifests."""
        self.kubectl("apply", "--filename=-", stdin=yaml.safe_dump_all(manifests).encode())

    def a_pod(self) -> str:
        """The name of one of the pods."""
        return self.pods(1)[0]

    @contextmanager
    def door(self) -> Iterator[Door]:
        """Where it answers without TLS and credentials, within the block."""
        # With this verbosity, it writes a line for each answer.
        command = (self.kubectl_program, "proxy", "--port=0", "--v=6")
        environ = {**self.environ, "KUBECONFIG": str(self.kubeconfig)}
        with (
            tempfile.NamedTemporaryFile("r") as log,
            subprocess.Popen(
                command, env=environ, stdout=subprocess.PIPE, stderr=Path(log.name).open("w"), text=True
            ) as proxy,
        ):
            try:
                # "Starting to serve on 127.0.0.1:40123"
                yield Door(f"http://{next(iter(proxy.stdout or ())).split()[-1]}", Path(log.name))
            finally:
                proxy.terminate()

    @contextmanager
    def straggler(self) -> Iterator[None]:
        """One more node during the block, on which no pod starts."""
        self.apply([_STRAGGLER])
        try:
            yield
        finally:
            self.kubectl("delete", "node", _STRAGGLERS_NAME)
            # Nobody else removes the pods of a node that is gone: these controllers do not run here.
            there = f"--field-selector=spec.nodeName={_STRAGGLERS_NAME}"
            self.kubectl("delete", "pods", there, "--force", "--grace-period=0")

    def pods(self, number: int) -> list[str]:
        """The names of so many pods."""
        listed = json.loads(self.kubectl("get", "--raw", f"/api/v1/namespaces/default/pods?limit={number}"))["items"]
        return [str(pod["metadata"]["name"]) for pod in listed]

    def delete_pod(self, name: str) -> None:
        """Delete a pod."""
        self.kubectl("delete", "pod", name, "--wait=false")

    def wait_until_ready(self, daemon_set: str, nodes: int) -> None:
        """Wait until a DaemonSet has a ready pod on so many nodes."""
        deadline = time.monotonic() + _READY_SECONDS
        while True:
            item = json.loads(self.kubectl("get", "daemonset", daemon_set, "--output=json"))
            status = item["status"]
            if status["desiredNumberScheduled"] == status.get("numberReady") == nodes:
                return
            if time.monotonic() > deadline:
                raise TimeoutError(f"after {_READY_SECONDS} s: {status}")
            time.sleep(1)


@contextmanager
def simulation(reports: Sequence[str]) -> Iterator[Simulation]:
    """A simulated cluster without nodes, gone after the block.

    Args:
        reports: the lines of the report that every puller leaves.
    """
    lab = Lab.of_checkout()
    workshop = Workshop.of(lab.checkout, lab.console)
    host = Platform.host()
    kwok = workshop.go.build(programs.KWOK, host)
    kubernetes = workshop.go.build(programs.kubernetes(lab.system), host)
    etcd = workshop.go.build(programs.etcd(lab.system), host)
    client = kubectl.provide(workshop, lab.system)
    directory = Path(tempfile.mkdtemp(prefix="prepull-bench-"))
    (directory / "bin").mkdir()
    (directory / "bin" / "kubectl").symlink_to(client)
    kubeconfig = directory / "kubeconfig"
    environ = {
        "PATH": f"{directory / 'bin'}:{os.environ['PATH']}",
        "HOME": str(directory),
        "KWOK_WORKDIR": str(directory / "kwok"),
        "KUBECONFIG": str(kubeconfig),
    }
    stages = directory / "stages.yaml"
    stages.write_text(yaml.safe_dump_all([_NODE_READY, _pod_ready(reports)]))
    kwokctl = kwok / "kwokctl"
    try:
        run(
            kwokctl, "create", "cluster", "--name", "bench", "--runtime", "binary",
            "--etcd-binary", etcd / "etcd",
            "--kube-apiserver-binary", kubernetes / "kube-apiserver",
            "--kube-controller-manager-binary", kubernetes / "kube-controller-manager",
            "--kube-scheduler-binary", kubernetes / "kube-scheduler",
            "--kwok-controller-binary", kwok / "kwok",
            "--config", stages,
            "--kubeconfig", kubeconfig,
            "--heartbeat-factor", _HEARTBEAT_FACTOR,
            "--disable-qps-limits",
            *(f"--extra-args={arguments}" for arguments in _WITHOUT_THE_REST),
            "--wait", "2m",
            env=environ, timeout=300,
        )  # fmt: skip
        yield Simulation(kwokctl, client, kubeconfig, environ)
    finally:
        run(kwokctl, "delete", "cluster", "--name", "bench", "--kubeconfig", kubeconfig, env=environ, timeout=300)
        shutil.rmtree(directory, ignore_errors=True)


_STRAGGLERS_NAME = "straggler"
_STRAGGLER: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Node",
    "metadata": {
        "name": _STRAGGLERS_NAME,
        "annotations": {"kwok.x-k8s.io/node": "fake"},
        "labels": {"kubernetes.io/hostname": _STRAGGLERS_NAME, "kubernetes.io/os": "linux", "type": "kwok"},
    },
}
_NODE_READY: dict[str, Any] = {
    "apiVersion": _API,
    "kind": "Stage",
    "metadata": {"name": "node-ready"},
    "spec": {
        "resourceRef": {"apiGroup": "v1", "kind": "Node"},
        "selector": {
            "matchExpressions": [
                {
                    "key": '.status.conditions.[] | select( .type == "Ready" ) | .status',
                    "operator": "NotIn",
                    "values": ["True"],
                }
            ]
        },
        "next": {
            "statusTemplate": """\
{{ $now := Now }}
conditions:
- type: Ready
  status: "True"
  reason: KubeletReady
  lastHeartbeatTime: {{ $now | Quote }}
  lastTransitionTime: {{ $now | Quote }}
allocatable: {cpu: "8", memory: 32Gi, pods: "110"}
capacity: {cpu: "8", memory: 32Gi, pods: "110"}
phase: Running
"""
        },
    },
}


def _pod_ready(reports: Sequence[str]) -> dict[str, Any]:
    template = """\
{{ $now := Now }}
conditions:
- {type: Initialized, status: "True", lastTransitionTime: {{ $now | Quote }}}
- {type: Ready, status: "True", lastTransitionTime: {{ $now | Quote }}}
- {type: ContainersReady, status: "True", lastTransitionTime: {{ $now | Quote }}}
initContainerStatuses:
{{ range .spec.initContainers }}
- name: {{ .name | Quote }}
  image: {{ .image | Quote }}
  imageID: {{ .image | Quote }}
  ready: true
  restartCount: 0
  state:
    terminated:
      exitCode: 0
      reason: Completed
      startedAt: {{ $now | Quote }}
      finishedAt: {{ $now | Quote }}
      message: REPORT
{{ end }}
containerStatuses:
{{ range .spec.containers }}
- name: {{ .name | Quote }}
  image: {{ .image | Quote }}
  imageID: {{ .image | Quote }}
  ready: true
  restartCount: 0
  started: true
  state:
    running:
      startedAt: {{ $now | Quote }}
{{ end }}
phase: Running
startTime: {{ $now | Quote }}
""".replace("REPORT", json.dumps("".join(f"{line}\n" for line in reports)))
    return {
        "apiVersion": _API,
        "kind": "Stage",
        "metadata": {"name": "pod-ready"},
        "spec": {
            "resourceRef": {"apiGroup": "v1", "kind": "Pod"},
            "selector": {
                "matchExpressions": [
                    {"key": ".metadata.deletionTimestamp", "operator": "DoesNotExist"},
                    {"key": ".status.phase", "operator": "In", "values": ["Pending"]},
                    {"key": ".spec.nodeName", "operator": "NotIn", "values": [_STRAGGLERS_NAME]},
                ]
            },
            "next": {"statusTemplate": template},
        },
    }
