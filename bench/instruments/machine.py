"""A description of the machine that was measured, without anything that identifies it."""

from __future__ import annotations

import os
import platform
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lab import Lab


def machine() -> dict[str, str]:
    """The properties of the machine that affect figures without a cluster."""
    return {
        "cores": str(os.cpu_count()),
        "memory": f"{_memory_gigabytes()} GB",
        "kernel": f"Linux {'.'.join(platform.release().split('.')[:2])}" if platform.system() == "Linux" else "",
        "architecture": platform.machine(),
        "Python": platform.python_version(),
        "revision": _revision(),
    }


def machine_of(lab: Lab) -> dict[str, str]:
    """The properties of the machine that affect figures, with the versions of the lab's cluster."""
    nodes = lab.cluster.nodes()
    info = nodes[0]["status"]["nodeInfo"]
    return {
        **machine(),
        "nodes": f"{len(nodes)}, as containers of this machine",
        "Kubernetes": info["kubeletVersion"],
        "runtime": info["containerRuntimeVersion"],
        "registry": "on the same machine",
    }


def _memory_gigabytes() -> int:
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemTotal:"):
            return round(int(line.split()[1]) / 1_000_000)
    return 0


def _revision() -> str:
    asked = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    return asked.stdout.strip()
