"""The growth of time and memory of the gate and of `prepull status` with the size of the cluster.

Nodes are simulated (bench/instruments/simulation.py), the API server is real. The gate's program runs as in its Job,
but without TLS. What is measured is the deletion of a pod, from the request until `prepull status --watch` prints it.
"""

from __future__ import annotations

import base64
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from prepull.manifests import gate_program, render

from bench.instruments.processes import Cost, cost_of
from bench.instruments.simulation import Simulation, simulation
from bench.report.results import Growth

IMAGES = 20
NAME = "bench"
_STATUS = (Path(sys.executable).with_name("prepull"), "status", NAME)
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
    what = f"Nodes are simulated, the API server is real; {IMAGES} images, all reported present."
    return [
        Growth("scale-time", "Large clusters: time", "s", "nodes", seconds, what),
        Growth("scale-processor", "Large clusters: processor time", "s of a core", "nodes", processor_seconds, what),
        Growth("scale-memory", "Large clusters: memory", "MB", "nodes", megabytes, what),
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


class _Gate:
    """The gate's program in the layout of its pod, with the environment of its Job."""

    def __init__(self, cluster: Simulation, job: dict[str, Any]) -> None:
        [container] = job["spec"]["template"]["spec"]["containers"]
        self._given = {item["name"]: item["value"] for item in container["env"] if "value" in item}
        self._cluster = cluster

    def run(self) -> Cost:
        """Run the gate until it reports that every node has every image."""
        with tempfile.TemporaryDirectory() as directory, self._cluster.plain_address() as address:
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
                "PREPULL_SERVER": address,
                "PREPULL_CREDENTIALS": directory,
                "PREPULL_MESSAGE": f"{directory}/message",
            }
            flags = gate_program.COMMAND[1:-1]
            return cost_of(sys.executable, *flags, f"{directory}/{gate_program.START}", environ=environ)
