"""Waits until enough nodes have every image, and says which image failed on which node, and why.

The exit code is 0 when enough nodes have every image. It is 1 as soon as that is certainly impossible without a change,
or after the timeout. The reasons are then the termination message, which Pulumi shows. manifests/gate_job.py sets the
environment:

| variable | meaning |
|---|---|
| `PREPULL_PLAN` | the label of the plan to wait for, `KEY=VALUE`: it finds the DaemonSet |
| `PREPULL_SELECTOR` | the labels of its pods, in case several have this plan |
| `PREPULL_DAEMON_SET` | its name, in case several have these labels as well |
| `PREPULL_POD` | the name of the gate's own pod |
| `PREPULL_MIN_READY` | number or share of nodes that must have every image |
| `PREPULL_TIMEOUT_S` | the timeout, in seconds |
| `PREPULL_CREDENTIALS` | the directory with `token`, `ca.crt` and `namespace` |
| `PREPULL_MESSAGE` | the file of the termination message |
| `PREPULL_SERVER` | the API server's address; by default, the address of the pod's own cluster |
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from ..status import nodes, observe, verdict
from ..status.observe import DaemonSet, Event, Pod
from ..status.pulls import made_at
from ..status.reasons import shortened
from . import MARGIN_SECONDS
from .api import Client, Mirror

_MESSAGE_BYTES, _LINES = 4096, 10
# Hundreds of nodes may report at the same time, so a pause collects several changes for one decision. If a decision
# takes long, the pause is the decision's duration times this factor.
_PAUSE_SECONDS = 0.3
_COST_FACTOR = 5
_TICK_SECONDS = 1.0
_LONGEST_WAIT_SECONDS = 60.0
# A gate that begins late still looks once.
_FIRST_LOOK_SECONDS = 5.0


@dataclass(frozen=True)
class _Found:
    """A DaemonSet, the labels of its pods, and those by which it selects them, as `KEY=VALUE`."""

    daemon_set: DaemonSet
    labels: frozenset[str]
    selector: str

    @classmethod
    def read(cls, item: Mapping[str, Any], plan_label: str) -> _Found:
        spec = item["spec"]
        labels = (spec["template"].get("metadata") or {}).get("labels") or {}
        return cls(
            observe.daemon_set(item, plan_label=plan_label),
            frozenset(f"{key}={value}" for key, value in labels.items()),
            ",".join(f"{key}={value}" for key, value in spec["selector"]["matchLabels"].items()),
        )


class Gate:
    """Waits for the DaemonSet, and mirrors the objects that the decision depends on.

    Args:
        environ: the variables above.
        client: the API server.
    """

    def __init__(self, environ: Mapping[str, str], client: Client) -> None:
        namespace = (Path(environ["PREPULL_CREDENTIALS"]) / "namespace").read_text().strip()
        plan_label, _, self._plan = environ["PREPULL_PLAN"].partition("=")
        self._name, self._selector = environ["PREPULL_DAEMON_SET"], environ["PREPULL_SELECTOR"]
        self._timeout = float(environ["PREPULL_TIMEOUT_S"])
        self._judge = verdict.Judge(environ["PREPULL_MIN_READY"], self._timeout)
        self._started = time.monotonic()
        self._changed = threading.Event()
        note = self._changed.set
        core, apps = f"/api/v1/namespaces/{namespace}", f"/apis/apps/v1/namespaces/{namespace}"
        read_set = partial(_Found.read, plan_label=plan_label)
        read_pod = partial(observe.pod, plan_label=plan_label, brief=True)
        # All of the namespace: tools give objects other names and other labels, but leave the labels of pods alone.
        self._sets: Mirror[_Found] = Mirror(client, f"{apps}/daemonsets", {}, read_set, note)
        self._pods_of: Callable[[_Found], Mirror[Pod]] = lambda found: Mirror(
            client, f"{core}/pods", {"labelSelector": found.selector}, read_pod, note
        )
        self._pods: Mirror[Pod] | None = None
        telling = ",".join(f"{field}={value}" for field, value in observe.EVENTS.items())
        self._events: Mirror[Event] = Mirror(client, f"{core}/events", {"fieldSelector": telling}, observe.event, note)
        # Its creation time: pods of the same plan may have failed before it, for a reason that has been solved since.
        self._own: Mirror[float] = Mirror(
            client, f"{core}/pods", {"fieldSelector": f"metadata.name={environ['PREPULL_POD']}"}, self._own_pod, note
        )
        self._mirrors: list[Mirror[Any]] = [self._sets, self._own, self._events]
        self._client = client

    def wait(self) -> tuple[int, list[str]]:
        """Wait for a verdict. Return the exit code and the lines of the message."""
        for mirror in self._mirrors:
            mirror.start()
        said = ""
        while True:
            self._changed.clear()
            passed = time.monotonic() - self._started
            decision = self._look(passed)
            lines = list(decision.verdicts[0].lines) if decision else [self._why_not()]
            if decision and decision.outcome == verdict.GO:
                return 0, lines
            if self._judge.late(passed):
                if decision and (problem := self._problem):
                    lines.append(f"cannot look: {problem}")
                return 1, [f"timed out after {self._timeout:g} s: {lines[0]}", *lines[1:]]
            if decision and decision.outcome == verdict.FAIL:
                return 1, lines
            line = lines[0] if decision else f"cannot look: {lines[0]}"
            # Allow the API server a moment for its first answer before reporting that there is none.
            if line != said and (decision or passed >= _TICK_SECONDS):
                said = line
                print(text_of([said]), end="")
            if decision:
                cost = max(0.0, time.monotonic() - self._started - passed)
                time.sleep(max(0.0, min(max(_PAUSE_SECONDS, _COST_FACTOR * cost), self._timeout - passed)))
            tick = _TICK_SECONDS if decision is None or decision.pending else _LONGEST_WAIT_SECONDS
            self._changed.wait(max(0.0, min(tick, self._started + self._timeout - time.monotonic())))

    def _look(self, passed: float) -> verdict.Decision | None:
        """The decision for this moment; None until the DaemonSet and all objects are known."""
        found = self._found()
        if found is None:
            return None
        if self._pods is None:
            self._pods = self._pods_of(found)
            self._pods.start()
            self._mirrors.append(self._pods)
        if not all(mirror.loaded for mirror in self._mirrors):
            return None
        since = None if self._judge.late(passed) else next(iter(self._own.items), None)
        status = nodes.status(found.daemon_set, self._pods.items, self._events.items, since=since)
        return self._judge.decide([status], passed, since)

    def _own_pod(self, item: Mapping[str, Any]) -> float | None:
        """When the gate's pod was created. The time counts from then, also while it had no place or no image yet."""
        made, now = made_at(item), self._client.time
        age = now - made if made and now else 0.0
        # The Job ends an older pod. Any other age comes from a clock that is wrong.
        if 0 < age < self._timeout + MARGIN_SECONDS:
            self._started = min(self._started, time.monotonic() - min(age, self._timeout - _FIRST_LOOK_SECONDS))
        return made

    def _found(self) -> _Found | None:
        """The DaemonSet with the plan. Of several, labels and name tell which; where tools changed both, any will do.

        The plan is a fingerprint of all arguments, so several with one plan pull the same images onto the same nodes.
        """
        labels = set(self._selector.split(","))
        found = [each for each in self._sets.items if each.daemon_set.plan == self._plan]
        return max(found, key=lambda each: (labels <= each.labels, each.daemon_set.name == self._name), default=None)

    @property
    def _problem(self) -> str | None:
        return next((mirror.problem for mirror in self._mirrors if mirror.problem), None)

    def _why_not(self) -> str:
        if problem := self._problem:
            return problem
        if not all(mirror.loaded for mirror in self._mirrors):
            return "the API server has not answered yet"
        return f"there is no DaemonSet with the labels {self._selector} and the plan {self._plan}"


def text_of(lines: list[str]) -> str:
    """The message, cut to the length that the kubelet accepts."""
    text = "".join(f"{shortened(line, verdict.LINE_LENGTH)}\n" for line in lines[:_LINES])
    return text.encode("utf-8", "replace")[:_MESSAGE_BYTES].decode("utf-8", "ignore")


def main(environ: Mapping[str, str]) -> int:
    """Wait, and write the result to the log and to the termination message.

    Args:
        environ: the variables above.

    Returns:
        The exit code.
    """
    host, port = environ.get("KUBERNETES_SERVICE_HOST", ""), environ.get("KUBERNETES_SERVICE_PORT", "443")
    address = f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"
    client = Client(environ.get("PREPULL_SERVER") or address, Path(environ["PREPULL_CREDENTIALS"]))
    code, lines = Gate(environ, client).wait()
    print(text_of(lines), end="")
    Path(environ["PREPULL_MESSAGE"]).write_text(text_of(lines), "utf-8")
    return code


if __name__ == "__main__":
    # The kernel ignores signals to the first process of a container unless the process handles them.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    # Threads that hang in a call do not keep the process: they are daemons.
    sys.exit(main(os.environ))
