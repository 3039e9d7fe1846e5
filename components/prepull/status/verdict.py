"""Whether enough nodes have every image: what gate.sh decides on the cluster, for whoever asks from outside."""

from __future__ import annotations

from dataclasses import dataclass

from . import observe, reasons
from .nodes import Node, Status
from .share import Share

GO, WAIT, FAIL = "go", "wait", "fail"
SETTLE_SECONDS = 8
"""How long what looks certain may still be an order of events, such as a socket that its daemon has not made yet."""

_NODES_NAMED = 5
_REASONS = 8


@dataclass(frozen=True)
class Verdict:
    """The outcome (GO, WAIT or FAIL), and what to say of it: a summary, then a line for each reason."""

    outcome: str
    lines: tuple[str, ...]
    done: int
    needed: int
    desired: int
    undecided: int = 0
    """Where it is FAIL: how many nodes neither have every image nor have certainly failed."""


def needed(min_ready: str, desired: int) -> int:
    """How many nodes a count or a share is: a share is rounded up, as the gate does.

    Args:
        min_ready: `3` or `90%`.
        desired: how many nodes there are.
    """
    return Share.parse(min_ready).of(desired)


def judge(status: Status, min_ready: str, *, settled: bool, late: bool) -> Verdict:
    """Decide, as gate.sh does.

    One thing differs: a puller that the kubelet has started once more is given this run, as it may have been mended
    since the last one failed.

    Args:
        status: where every node stands.
        min_ready: count or share of nodes that must have every image.
        settled: whether SETTLE_SECONDS have passed.
        late: whether the time is up.
    """
    desired, done = status.desired or 0, status.complete
    want = needed(min_ready, desired)
    images = len(status.component.names)
    if desired and done >= want:
        have = "the image" if images == 1 else f"all {images} images"
        return Verdict(GO, (f"{done} of {desired} nodes have {have}",), done, want, desired)
    if status.desired == 0 and settled:
        nothing = "no node matches: the node selector, the affinity and the tolerations leave none"
        return Verdict(FAIL, (nothing,), done, want, desired)
    blamed: dict[str, list[str]] = {}
    lost = 0
    for node in status.nodes:
        causes = _causes(node, settled=settled, late=late)
        lost += bool(causes)
        for cause in causes:
            blamed.setdefault(cause, []).append(node.name)
    if settled and status.refused and (late or not reasons.passing(status.refused)):
        missing = desired - len(status.nodes)
        lost += missing
        blamed[f"the pod was refused: {status.refused}"] = [f"{missing} without a pod"]
    summary = f"{done} of {desired} nodes have all images, and {want} are needed"
    if not late and not (desired and lost > desired - want):
        return Verdict(WAIT, (summary,), done, want, desired)
    lines = [summary, *(_line(cause, nodes, desired) for cause, nodes in list(blamed.items())[:_REASONS])]
    if len(blamed) > _REASONS:
        lines.append(f"and {len(blamed) - _REASONS} more")
    elif late:
        accused = {name for names in blamed.values() for name in names}
        silent = [node.name for node in status.nodes if not node.complete and node.name not in accused]
        if silent:
            lines.append(f"no word yet from {len(silent)} nodes: {_names(silent)}")
    return Verdict(FAIL, tuple(lines), done, want, desired, desired - done - lost)


def _causes(node: Node, *, settled: bool, late: bool) -> list[str]:
    if node.outdated or node.complete:
        return []
    pod = node.pod
    causes = [
        f"image {name}: {image.reason}"
        for name, image in zip(pod.names, pod.images, strict=True)
        if image.state == observe.FAILED and (late or image.final)
    ]
    if pod.problem and (late or (settled and pod.problem_final)):
        causes.append(pod.problem)
    return causes


def _line(cause: str, nodes: list[str], desired: int) -> str:
    return f"{cause} ({len(nodes)} of {desired} nodes: {_names(nodes)})"


def _names(nodes: list[str]) -> str:
    more = ", ..." if len(nodes) > _NODES_NAMED else ""
    return ", ".join(nodes[:_NODES_NAMED]) + more
