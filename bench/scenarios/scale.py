"""The growth of time and memory of the gate and of `prepull status` with the size of the cluster.

Nodes are simulated (bench/instruments/simulation.py), the API server is real. The gate's program runs as in its Job,
but without TLS. A change is the deletion of a pod, from the request until `prepull status --watch` prints it. To follow
is to wait for one node more, whose pod never starts, while every second another pod is replaced.
"""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from prepull.manifests import gate_program, render

from bench.instruments.processes import Cost, cost_of
from bench.instruments.simulation import Door, Simulation, simulation
from bench.report.results import Growth

IMAGES = 20
FOLLOWED_SECONDS = 30
TEN_MINUTES = 600
NAME = "bench"
_STATUS = (Path(sys.executable).with_name("prepull"), "status", NAME)
_FIRST_LINE_SECONDS = 120
_DIGEST = "sha256:" + "0123456789abcdef" * 4


def measure(sizes: Sequence[int], rounds: int, say: Callable[[str], None]) -> list[Growth]:
    """Measure at each size.

    Args:
        sizes: numbers of nodes, the smallest first.
        rounds: how often each is measured at each size.
        say: is told of what is being done.
    """
    seconds: dict[str, dict[int, list[float]]] = {}
    processor_seconds: dict[str, dict[int, list[float]]] = {}
    megabytes: dict[str, dict[int, list[float]]] = {}
    shares: dict[str, dict[int, list[float]]] = {}
    requests: dict[str, dict[int, list[float]]] = {}

    def note(label: str, nodes: int, cost: Cost) -> None:
        say(f"{nodes} nodes: {cost.seconds:6.2f} s, {cost.processor_seconds:.2f} s of a core, "
            f"{cost.megabytes:4.0f} MB  {label}")  # fmt: skip
        seconds.setdefault(label, {}).setdefault(nodes, []).append(cost.seconds)
        processor_seconds.setdefault(label, {}).setdefault(nodes, []).append(cost.processor_seconds)
        megabytes.setdefault(label, {}).setdefault(nodes, []).append(cost.megabytes)

    with simulation(_report()) as cluster:
        manifests = list(render.manifests(NAME, {"images": _images()}, "default").values())
        [job] = [manifest for manifest in manifests if manifest["kind"] == "Job"]
        for nodes in sorted(sizes):
            say(f"making {nodes} nodes")
            cluster.scale(nodes)
            cluster.apply([manifest for manifest in manifests if manifest is not job])
            cluster.wait_until_ready(NAME, nodes)
            gate = _Gate(cluster, job)
            # The API server is still busy with the objects that were just created.
            say(f"to warm up: {_status(cluster, nodes).seconds:.2f} s")
            for _ in range(rounds):
                note("prepull status", nodes, _status(cluster, nodes))
                first, changed = _watch(cluster)
                note("prepull status --watch, first answer", nodes, first)
                note("prepull status --watch, a change", nodes, changed)
                note("gate", nodes, gate.run())
            for label, (share, number) in _follow(cluster, gate).items():
                say(f"{nodes} nodes: {share:.1f} % of a core, {number:.0f} requests in ten minutes  {label}, following")
                shares.setdefault(label, {})[nodes] = [share]
                requests.setdefault(label, {})[nodes] = [number]
    follows = (
        f"One pod of these is replaced each second, for {FOLLOWED_SECONDS} s, and that of one more node is missing."
    )
    what = f"Nodes are simulated, the API server is real; {IMAGES} images, all reported present."
    return [
        Growth("scale-time", "Large clusters: time", "s", "nodes", seconds, what),
        Growth("scale-processor", "Large clusters: processor time", "s of a core", "nodes", processor_seconds, what),
        Growth("scale-memory", "Large clusters: memory", "MB", "nodes", megabytes, what),
        Growth("scale-following", "Large clusters: following", "% of a core", "nodes", shares, follows),
        Growth(
            "scale-requests",
            "Large clusters: requests to the API server in ten minutes",
            "requests",
            "nodes",
            requests,
            f"The first look, and {TEN_MINUTES // FOLLOWED_SECONDS} times what {FOLLOWED_SECONDS} s of following ask. "
            f"{follows}",
        ),
    ]


def _images() -> list[str]:
    return [f"registry.example.com/team/application-{index}:v1.2.3" for index in range(IMAGES)]


def _report() -> list[str]:
    present = [f"{index} present {_DIGEST} {52_428_800 + index} 2.110 1" for index in range(IMAGES)]
    return [f"prepull 1 images={IMAGES} present={IMAGES} failed=0 seconds=31.020", *present]


def _environ(cluster: Simulation) -> dict[str, str]:
    # With what Python compiles kept from one run to the next, as it is by default.
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "KUBECONFIG": str(cluster.kubeconfig)}


def _status(cluster: Simulation, nodes: int) -> Cost:
    cost = cost_of(*_STATUS, environ=_environ(cluster))
    if f"{nodes} of {nodes}" not in cost.output:
        raise RuntimeError(f"{nodes} nodes have all images, and what is shown is: {cost.output[:400]}")
    return cost


def _watch(cluster: Simulation) -> tuple[Cost, Cost]:
    """The first answer, and then what one pod's change costs."""
    began = time.monotonic()
    process = subprocess.Popen([*_STATUS, "--watch"], env=_environ(cluster), stdout=subprocess.PIPE, text=True)
    try:
        lines = iter(process.stdout or ())
        next(lines)
        first = Cost(time.monotonic() - began, _processor_seconds(process.pid), _peak_megabytes(process.pid), "")
        pod = cluster.a_pod()
        before = _processor_seconds(process.pid)
        began = time.monotonic()
        cluster.delete_pod(pod)
        # An empty line precedes each table except the first.
        next(line for line in lines if not line.strip())
        took = time.monotonic() - began
        used = _processor_seconds(process.pid) - before
        return first, Cost(took, used, _peak_megabytes(process.pid), "")
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


def _processor_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _peak_megabytes(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1000
    return 0.0


def _follow(cluster: Simulation, gate: _Gate) -> dict[str, tuple[float, float]]:
    """The share of a core in percent, and requests in ten minutes, of the gate and of `prepull status --watch`."""
    with ExitStack() as stack:
        stack.enter_context(cluster.straggler())
        through_gate, through_status, for_changes = (stack.enter_context(cluster.door()) for _ in range(3))
        command, environ = stack.enter_context(gate.command(through_gate))
        config = Path(stack.enter_context(tempfile.NamedTemporaryFile("w", suffix=".json")).name)
        config.write_text(_kubeconfig(through_status))
        watching = [*map(str, _STATUS), "--watch", f"--kubeconfig={config}"]
        followers = {
            "gate": (stack.enter_context(_follower(command, environ)), through_gate),
            "prepull status --watch": (stack.enter_context(_follower(watching, _environ(cluster))), through_status),
        }
        asked = {label: door.requests() for label, (_, door) in followers.items()}
        used = {label: _processor_seconds(process.pid) for label, (process, _) in followers.items()}
        began = time.monotonic()
        _replace_pods(cluster, for_changes)
        took = time.monotonic() - began
        found = {}
        for label, (process, door) in followers.items():
            if process.poll() is not None:
                raise RuntimeError(f"{label} has ended while the pod of a node was missing")
            share = 100 * (_processor_seconds(process.pid) - used[label]) / took
            more = (door.requests() - asked[label]) * TEN_MINUTES / took
            found[label] = share, asked[label] + more
        return found


@contextmanager
def _follower(command: Sequence[str], environ: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """A process that has printed its first line, and ends with the block."""
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(command, env=environ, stdout=output, stderr=subprocess.STDOUT, text=True)
        try:
            deadline = time.monotonic() + _FIRST_LINE_SECONDS
            while not output.tell() and not os.fstat(output.fileno()).st_size:
                if time.monotonic() > deadline or process.poll() is not None:
                    raise RuntimeError(f"{command[-1]} says nothing")
                time.sleep(0.1)
            yield process
        finally:
            process.kill()
            process.wait()


def _replace_pods(cluster: Simulation, door: Door) -> None:
    """Delete a pod a second, of which the cluster makes another one."""
    for name in cluster.pods(FOLLOWED_SECONDS):
        began = time.monotonic()
        path = f"/api/v1/namespaces/default/pods/{name}?gracePeriodSeconds=0"
        urllib.request.urlopen(urllib.request.Request(door.address + path, method="DELETE")).close()  # noqa: S310 - ours
        time.sleep(max(0.0, 1 - (time.monotonic() - began)))


def _kubeconfig(door: Door) -> str:
    named = {"name": NAME}
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": NAME,
            "clusters": [{**named, "cluster": {"server": door.address}}],
            "users": [{**named, "user": {}}],
            "contexts": [{**named, "context": {"cluster": NAME, "user": NAME, "namespace": "default"}}],
        }
    )


class _Gate:
    """The gate's program in the layout of its pod, with the environment of its Job."""

    def __init__(self, cluster: Simulation, job: dict[str, Any]) -> None:
        [container] = job["spec"]["template"]["spec"]["containers"]
        self._given = {item["name"]: item["value"] for item in container["env"] if "value" in item}
        self._cluster = cluster

    def run(self) -> Cost:
        """Run the gate until it reports that every node has every image."""
        with self._cluster.door() as door, self.command(door) as (command, environ):
            return cost_of(*command, environ=environ)

    @contextmanager
    def command(self, door: Door) -> Iterator[tuple[Sequence[str], dict[str, str]]]:
        """The command of the gate and its environment, with files that are there during the block."""
        with tempfile.TemporaryDirectory() as directory:
            content = gate_program.content(gate_program.modules())
            for name, text in content["data"].items():
                (Path(directory) / name).write_text(text)
            for name, encoded in content["binaryData"].items():
                (Path(directory) / name).write_bytes(base64.b64decode(encoded))
            for name, text in {"token": "none", "namespace": "default"}.items():
                (Path(directory) / name).write_text(text)
            environ = {
                **self._given,
                "PATH": self._cluster.environ["PATH"],
                "PREPULL_POD": self._cluster.a_pod(),
                "PREPULL_SERVER": door.address,
                "PREPULL_CREDENTIALS": directory,
                "PREPULL_MESSAGE": f"{directory}/message",
            }
            flags = gate_program.COMMAND[1:-1]
            yield (sys.executable, *flags, f"{directory}/{gate_program.START}"), environ
