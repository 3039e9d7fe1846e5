"""An OCI runtime that asks runc only for capabilities that this machine can grant.

Engines ask for every capability when a container is privileged, and runc refuses to start it when even one of
them lies outside the bounding set. This file is run as a script by the engine for every container, on the
bare interpreter: it imports the standard library alone, as little of it as possible, and nothing of this
package.
"""

# pathlib would take longer to import than all that is done here.
# ruff: noqa: PTH105, PTH110, PTH118, PTH123

import json
import os
import sys


def bounding_set() -> int:
    """The capabilities that this process may ever hold, as the kernel's bit mask."""
    with open("/proc/self/status", encoding="ascii") as status:
        for line in status:
            if line.startswith("CapBnd:"):
                return int(line.split()[1], 16)
    raise RuntimeError("/proc/self/status has no CapBnd line")


def specification(arguments: list[str]) -> str | None:
    """The file that says which capabilities the process gets, or None where the command starts no process."""

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
    """Drop from every set of capabilities in a bundle or a process what is not allowed."""
    process = document.get("process", document)
    capabilities = process.get("capabilities") if isinstance(process, dict) else None
    if not isinstance(capabilities, dict):
        return
    for kind, names in capabilities.items():
        capabilities[kind] = [name for name in names if name in allowed]


def rewrite(path: str, allowed: frozenset[str]) -> None:
    """Restrict the document in the file, which a reader sees whole or not at all."""
    with open(path, encoding="utf-8") as file:
        document = json.load(file)
    restrict(document, allowed)
    temporary = f"{path}.{os.getpid()}"
    with open(temporary, "w", encoding="utf-8") as file:
        json.dump(document, file)
    os.replace(temporary, path)


# In the kernel's order: the position is the bit.
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
    """Restrict what the engine asks for, then become runc."""
    path = specification(arguments)
    if path is not None and os.path.exists(path):
        rewrite(path, held(bounding_set()))
    os.execv(runc, [runc, *arguments])  # noqa: S606


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
