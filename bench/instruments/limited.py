"""A registry that gives each node only so much: rates of the kernel's traffic control, on the registry's side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lab import Lab

_DEVICE = "eth0"
# Enough for what the kernel hands over at once, 64 KiB, several times.
_BURST = "256k"


@contextmanager
def limited(lab: Lab, megabits: int, nodes: Sequence[str] | None = None) -> Iterator[None]:
    """Let the lab's registry send each node no more than a rate during the block. Whoever else asks is not limited.

    The rules are in the network namespace of the registry's container. A program of the nodes' image sets them, so that
    neither the registry's image nor this machine needs it.

    Args:
        lab: a lab that is up.
        megabits: the rate for each node, in Mbit/s.
        nodes: the nodes. Default: the base nodes of the lab.
    """
    addresses = [_address(lab, node) for node in (lab.cluster.base_nodes if nodes is None else nodes)]
    # An interrupted run leaves its rules.
    _run(lab, f"tc qdisc del dev {_DEVICE} root 2>/dev/null || :\n{rules(addresses, megabits)}")
    try:
        yield
    finally:
        _run(lab, f"tc qdisc del dev {_DEVICE} root")


def rules(addresses: Sequence[str], megabits: int) -> str:
    """The commands that limit what is sent to each address, one a line."""
    lines = [f"tc qdisc add dev {_DEVICE} root handle 1: htb default 0"]
    for number, address in enumerate(addresses, 1):
        rate = f"rate {megabits}mbit burst {_BURST} cburst {_BURST} quantum 65536"
        to = f"u32 match ip dst {address}/32 flowid 1:{number}"
        lines += [
            f"tc class add dev {_DEVICE} parent 1: classid 1:{number} htb {rate}",
            f"tc filter add dev {_DEVICE} parent 1: protocol ip prio 1 {to}",
        ]
    return "\n".join(lines)


def _address(lab: Lab, node: str) -> str:
    container = lab.engine.inspect("container", node)
    if container is None:
        raise ValueError(f"{node}: there is no such node")
    return str(container["NetworkSettings"]["Networks"][lab.name]["IPAddress"])


def _run(lab: Lab, script: str) -> None:
    node = lab.engine.inspect("container", lab.cluster.control_plane)
    image = node["Config"]["Image"] if node else ""
    lab.engine.docker(
        "run", "--rm", "--network", f"container:{lab.registry.container}", "--cap-add", "NET_ADMIN",
        "--entrypoint", "/bin/sh", image, "-ec", script, timeout=60,
    )  # fmt: skip
