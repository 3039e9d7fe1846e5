"""The scripts that run on the cluster, for a ConfigMap.

A ConfigMap stores the scripts once; in the pod spec, they would be stored once for each node.
"""

from __future__ import annotations

from functools import cache
from importlib import resources

SCRIPTS_DIRECTORY = "/etc/prepull/scripts"
SCRIPTS_VOLUME = "scripts"

PULLER_FILES = (
    "puller.sh",
    "clients.sh",
    "credentials.sh",
    "images.sh",
    "processes.sh",
    "pulling.sh",
    "removal.sh",
    "report.sh",
    "time.sh",
    "credential.awk",
    "inventory.awk",
    "reason.awk",
    "removable.awk",
    "report.awk",
    "secret.awk",
    "sources.awk",
    "standing.awk",
)
"""The files of the puller. The first one is the program; it loads the others from its own directory."""

UNTAINT_FILES = ("untaint.sh",)
"""The script that removes the startup taint."""


@cache
def script(name: str) -> str:
    """A script of this package, without its comments.

    Args:
        name: its file name without a folder, like the keys of a ConfigMap.
    """
    folder = resources.files(__package__)
    text = (folder / "awk" / name if name.endswith(".awk") else folder / name).read_text("utf-8")
    lines = text.splitlines()
    return "\n".join(line for line in lines if line.strip() and not line.lstrip().startswith("#")) + "\n"
