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
    "disk.sh",
    "images.sh",
    "processes.sh",
    "provider.sh",
    "prune.sh",
    "pulling.sh",
    "removal.sh",
    "report.sh",
    "time.sh",
    "complaint.awk",
    "credential.awk",
    "disk.awk",
    "inventory.awk",
    "leaving.awk",
    "marks.awk",
    "own.awk",
    "reason.awk",
    "removable.awk",
    "report.awk",
    "response.awk",
    "secret.awk",
    "sources.awk",
    "standing.awk",
    "unlisted.awk",
)
"""The files of the puller. The first one is the program; it loads the others from its own directory."""

_WITH_CREDENTIALS = ("credentials.sh", "credential.awk", "secret.awk")
_WITH_PROVIDER = ("provider.sh", "complaint.awk", "response.awk")
_WITH_REMOVAL = ("removal.sh", "removable.awk")
_WITH_GUARD = ("disk.sh", "disk.awk")
_WITH_PRUNING = ("prune.sh", "leaving.awk", "marks.awk", "own.awk", "unlisted.awk")

UNTAINT_FILES = ("untaint.sh",)
"""The script that removes the startup taint."""


def puller_files(*, secrets: bool, provider: bool, removal: bool, guard: bool, pruning: bool) -> list[str]:
    """The files of the puller that a manifest needs: Pulumi's state has each of them three times.

    Args:
        secrets: it names pull secrets.
        provider: it names a credential provider.
        removal: it names images to remove.
        guard: it says what must stay free of the image disk.
        pruning: it has `prune`, which removes images too.
    """
    parts = {
        _WITH_CREDENTIALS: secrets or provider,
        _WITH_PROVIDER: provider,
        _WITH_REMOVAL: removal or pruning,
        _WITH_GUARD: guard,
        _WITH_PRUNING: pruning,
    }
    left_out = {file for part, needed in parts.items() if not needed for file in part}
    return [file for file in PULLER_FILES if file not in left_out]


@cache
def script(name: str) -> str:
    """A script of this package, without its comments and with shallow indentation: the state has it three times.

    Args:
        name: its file name without a folder, like the keys of a ConfigMap.
    """
    folder = resources.files(__package__)
    text = (folder / "awk" / name if name.endswith(".awk") else folder / name).read_text("utf-8")
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    return "".join(f"{_shallow(line)}\n" for line in lines)


def _shallow(line: str) -> str:
    code = line.lstrip(" ")
    return " " * ((len(line) - len(code)) // 4) + code
