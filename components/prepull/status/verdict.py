"""Decides whether enough nodes have every image, for the gate and for `prepull wait`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from . import observe
from .nodes import Node, Status
from .observe import Image
from .reasons import shortened, way_out
from .share import Share

GO, WAIT, FAIL = "go", "wait", "fail"
SETTLE_SECONDS = 8
"""Before this time, a failure that looks certain may still pass: a daemon may not have created its socket yet."""
SECOND_LOOK_SECONDS = 2
"""How long a failure must last before it is reported, so that nodes that are a moment behind are named too."""
COUNT_SECONDS = 120
"""How long to wait for the DaemonSet's own count, which may be behind the pods: its controller may be restarting."""

_NODES_NAMED = 5
_REASONS = 8
LINE_LENGTH = 380
"""The most characters of a line: ten of them fit into a termination message."""
_NODES_LENGTH = 80


@dataclass(frozen=True)
class Verdict:
    """The outcome (GO, WAIT or FAIL), and its message: a summary, then a line for each reason."""

    outcome: str
    lines: tuple[str, ...]
    done: int
    needed: int
    desired: int
    undecided: int = 0
    """With FAIL: number of nodes that neither have every image nor have certainly failed."""


@dataclass(frozen=True)
class Decision:
    """The common outcome of all components, and the verdict on each."""

    outcome: str
    verdicts: tuple[Verdict, ...]
    late: bool
    pending: bool
    """Whether the outcome may change with time alone, without a change in the cluster."""


class Judge:
    """Decides over time: a failure must last for a moment, and the DaemonSet's count must catch up.

    Args:
        min_ready: number or share of nodes that must have every image.
        timeout: seconds after which the outcome is FAIL if images are still missing.
    """

    def __init__(self, min_ready: str, timeout: float) -> None:
        self._min_ready = min_ready
        self._timeout = timeout
        self._certain_since: float | None = None
        self._enough_since: float | None = None

    def late(self, passed: float) -> bool:
        """Whether the timeout has passed."""
        return passed >= self._timeout

    def decide(self, statuses: Sequence[Status], passed: float, since: float | None = None) -> Decision:
        """Decide for this moment.

        Args:
            statuses: the status of each component. All components must have their images; if one fails, the outcome is
                FAIL.
            passed: seconds since the wait began.
            since: see `judge`.
        """
        late, settled = self.late(passed), passed >= SETTLE_SECONDS
        verdicts = tuple(
            judge(each, self._min_ready, settled=settled, late=late, since=None if late else since) for each in statuses
        )
        outcomes = {verdict.outcome for verdict in verdicts}
        outcome = FAIL if FAIL in outcomes else WAIT if WAIT in outcomes else GO
        if outcome != FAIL or late:
            self._certain_since = None
        elif self._is_early(passed, undecided=any(verdict.undecided > 0 for verdict in verdicts)):
            outcome = WAIT
        if outcome == GO and not late and self._is_behind(statuses, verdicts, passed):
            outcome = WAIT
        pending = not settled or self._certain_since is not None or self._enough_since is not None
        return Decision(outcome, verdicts, late, pending)

    def _is_early(self, passed: float, *, undecided: bool) -> bool:
        if self._certain_since is None:
            self._certain_since = passed
        return passed - self._certain_since < (SETTLE_SECONDS if undecided else SECOND_LOOK_SECONDS)

    def _is_behind(self, statuses: Sequence[Status], verdicts: Sequence[Verdict], passed: float) -> bool:
        """Whether a DaemonSet's controller has not counted the complete nodes yet. Users see its count afterwards."""
        behind = [
            _countable(status) >= verdict.needed
            for status, verdict in zip(statuses, verdicts, strict=True)
            if status.component.ready < verdict.needed
        ]
        if self._enough_since is None:
            self._enough_since = passed
        # A pod that has all images and is not ready may never become ready, so do not wait long for it.
        limit = COUNT_SECONDS if all(behind) else SETTLE_SECONDS
        return bool(behind) and passed - self._enough_since < limit


def needed(min_ready: str, desired: int) -> int:
    """The number of nodes that `min_ready` requires. A share is rounded up.

    Args:
        min_ready: a number (`3`) or a share (`90%`).
        desired: the number of all nodes.
    """
    return Share.parse(min_ready).of(desired)


def judge(status: Status, min_ready: str, *, settled: bool, late: bool, since: float | None = None) -> Verdict:
    """Decide on one component, at one moment.

    Args:
        status: the status of the component.
        min_ready: number or share of nodes that must have every image. With zero, the outcome is GO once the nodes are
            counted and each of them is done or has failed, or when it is settled; failures are warnings.
        settled: whether SETTLE_SECONDS have passed.
        late: whether the timeout has passed.
        since: start of the wait. Earlier failures may have been repaired, and count only after the timeout. None: all
            failures count, except the previous failure of an image that is being pulled again.
    """
    desired, done = status.desired or 0, status.complete
    want, none_needed = needed(min_ready, desired), Share.parse(min_ready).number == 0
    images = len(status.component.names)
    if desired and done >= (desired if none_needed else want):
        have = "the image" if images == 1 else f"all {images} images"
        return Verdict(GO, (f"{done} of {desired} nodes have {have}",), done, want, desired)
    if status.desired == 0 and none_needed:
        return Verdict(GO, ("no node matches, and none is needed",), done, want, desired)
    if status.desired == 0 and settled:
        nothing = "no node matches: the node selector, the affinity and the tolerations leave none"
        return Verdict(FAIL, (f"{nothing}; min_ready: 0 lets a pool be at zero",), done, want, desired)
    blamed: dict[str, list[str]] = {}
    lost = 0
    for node in status.nodes:
        causes = _causes(node, settled=settled, late=late, since=since)
        lost += bool(causes)
        for cause in causes:
            blamed.setdefault(cause, []).append(node.name)
    if status.refused and (late or (settled and status.refused_final)):
        missing = desired - len(status.nodes)
        lost += missing
        blamed[f"the pod was refused: {status.refused}"] = [f"{missing} without a pod"]
    summary = f"{done} of {desired} nodes have all images, and {want} are needed"
    if status.desired is None:
        summary = "the nodes are not counted yet: the DaemonSet's controller has not seen the latest change"
    # Where no node is needed, nobody waits for pulls, but only for failures that show soon.
    goes_on = desired > 0 and none_needed and (settled or late or done + lost >= desired)
    if not goes_on and not late and not (desired and lost > desired - want):
        return Verdict(WAIT, (summary,), done, want, desired)
    hints = _ways_out(status) if blamed else []
    room = _REASONS - len(hints)
    reasons = [_line(cause, nodes, desired) for cause, nodes in list(blamed.items())[:room]]
    if goes_on:
        summary = f"{done} of {desired} nodes have all images, and none is needed"
        return Verdict(GO, (summary, *(f"warning: {reason}" for reason in reasons)), done, want, desired)
    lines = [summary, *reasons]
    if len(blamed) > room:
        lines.append(f"and {len(blamed) - room} more")
    elif late:
        accused = {name for names in blamed.values() for name in names}
        silent = [node.name for node in status.nodes if not node.complete and node.name not in accused]
        if silent:
            lines.append(f"no word yet from {len(silent)} nodes: {_names(silent)}")
    return Verdict(FAIL, (*lines, *hints), done, want, desired, desired - done - lost)


def _causes(node: Node, *, settled: bool, late: bool, since: float | None) -> list[str]:
    if node.outdated or node.complete:
        return []

    def counts(at: float | None, *, final: bool, settled: bool = settled) -> bool:
        return late or (final and settled and not (at is not None and since is not None and at < since))

    pod = node.pod
    causes: dict[str, None] = {}
    for name, image in zip(pod.names, pod.images, strict=True):
        failed = _failure(image, earlier=late or since is not None)
        # A report is written after all attempts; the kubelet's message may be about the first.
        if failed and counts(failed.at, final=failed.final, settled=settled or pod.reports):
            causes[failed.cause or f"image {shortened(name, observe.NAME_LENGTH)}: {failed.reason}"] = None
    if pod.problem and counts(pod.problem_at, final=pod.problem_final):
        causes[pod.problem] = None
    return list(causes)


def _failure(image: Image, *, earlier: bool) -> Image | None:
    if image.state == observe.FAILED:
        return image
    before = image.earlier if earlier else None
    return before if before and before.state == observe.FAILED else None


def _countable(status: Status) -> int:
    return sum(node.complete and node.pod.ready for node in status.nodes)


def _ways_out(status: Status) -> list[str]:
    """What to do about failures that have more to do than their reasons say."""
    hints = (way_out(image.reason, by_puller=node.pod.reports) for node in status.nodes for image in node.pod.images)
    return sorted({hint for hint in hints if hint})


def _line(cause: str, nodes: list[str], desired: int) -> str:
    names = shortened(_names(nodes), max(_NODES_LENGTH, LINE_LENGTH - len(cause) - 30))
    return f"{cause} ({len(nodes)} of {desired} nodes: {names})"


def _names(nodes: list[str]) -> str:
    more = ", ..." if len(nodes) > _NODES_NAMED else ""
    return ", ".join(nodes[:_NODES_NAMED]) + more
