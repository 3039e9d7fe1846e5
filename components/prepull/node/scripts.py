"""The shell scripts that run on the cluster, as a ConfigMap carries them there.

A ConfigMap rather than the pod spec: the script is stored once, not once for each node.
"""

from __future__ import annotations

from functools import cache
from importlib import resources

SCRIPTS_DIRECTORY = "/etc/prepull/scripts"
SCRIPTS_VOLUME = "scripts"


@cache
def script(name: str) -> str:
    """A script of this package, without its comments.

    Args:
        name: its file name.
    """
    text = resources.files(__package__).joinpath(name).read_text("utf-8")
    lines = text.splitlines()
    return "\n".join(line for line in lines if line.strip() and not line.lstrip().startswith("#")) + "\n"
