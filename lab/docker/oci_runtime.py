"""An OCI runtime: runc, limited to the capabilities that this machine can grant.

Engines request all capabilities for a privileged container, and runc refuses to start it if one of them is outside the
bounding set. The engine runs this file as a script for every container, without this package: it imports only the
standard library, and as little of that as possible.
"""

# The import of pathlib would take longer than everything else in this script.
# ruff: noqa: PTH105, PTH110, PTH118, PTH123

import json
import os
import sys


def bounding_set() -> int:
    """The bounding set of this process, as the kernel's bit mask."""
    with open("/proc/self/status", encoding="ascii") as status:
        for line in status:
            if line.startswith("CapBnd:"):
                return int(line.split()[1], 16)
    raise RuntimeError("/proc/self/status has no CapBnd line")


def specification(arguments: list[str]) -> str | None:
    """The file with the capabilities of the process; None if the command starts no process."""

    def option(*names: str) -> str | None:
        for position, argument in enumerate(arguments):
            name, equals, value = argument.partition("=")
            if name in names:
                return value if equals else arguments[position + 1]
        return None

    if "exec" in arguments:
        return option("--process", "-process", "-p")
    if "create" in arguments or "run" in arguments:
        return os.path.join(option("--bundle", "-bundle", "-b") or os.curdir, "config.json")
    return None


def restrict(document: dict[str, object], allowed: frozenset[str]) -> None:
    """Remove capabilities that are not allowed from all sets of a bundle or a process."""
    process = document.get("process", document)
    capabilities = process.get("capabilities") if isinstance(process, dict) else None
    if not isinstance(capabilities, dict):
        return
    for kind, names in capabilities.items():
        capabilities[kind] = [name for name in names if name in allowed]


def rewrite(path: str, allowed: frozenset[str]) -> None:
    """Restrict the document in the file. The file is replaced atomically."""
    with open(path, encoding="utf-8") as file:
        document = json.load(file)
    restrict(document, allowed)
    temporary = f"{path}.{os.getpid()}"
    with open(temporary, "w", encoding="utf-8") as file:
        json.dump(document, file)
    os.replace(temporary, path)


# In the kernel's order: the index is the number of the bit.
CAPABILITIES = [
    "CHOWN",
    "DAC_OVERRIDE",
    "DAC_READ_SEARCH",
    "FOWNER",
    "FSETID",
    "KILL",
    "SETGID",
    "SETUID",
    "SETPCAP",
    "LINUX_IMMUTABLE",
    "NET_BIND_SERVICE",
    "NET_BROADCAST",
    "NET_ADMIN",
    "NET_RAW",
    "IPC_LOCK",
    "IPC_OWNER",
    "SYS_MODULE",
    "SYS_RAWIO",
    "SYS_CHROOT",
    "SYS_PTRACE",
    "SYS_PACCT",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_NICE",
    "SYS_RESOURCE",
    "SYS_TIME",
    "SYS_TTY_CONFIG",
    "MKNOD",
    "LEASE",
    "AUDIT_WRITE",
    "AUDIT_CONTROL",
    "SETFCAP",
    "MAC_OVERRIDE",
    "MAC_ADMIN",
    "SYSLOG",
    "WAKE_ALARM",
    "BLOCK_SUSPEND",
    "AUDIT_READ",
    "PERFMON",
    "BPF",
    "CHECKPOINT_RESTORE",
]


def held(mask: int) -> frozenset[str]:
    """The names of the capabilities in a bit mask."""
    return frozenset(f"CAP_{name}" for bit, name in enumerate(CAPABILITIES) if mask >> bit & 1)


def main(runc: str, arguments: list[str]) -> None:
    """Restrict the engine's request, then replace this process with runc."""
    path = specification(arguments)
    if path is not None and os.path.exists(path):
        rewrite(path, held(bounding_set()))
    os.execv(runc, [runc, *arguments])  # noqa: S606


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
