"""The progress of a running puller, from the lines that puller.sh writes to its log."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from .observe import Pod
from .pulls import FAILED, PRESENT, PULLING, WAITING, Image

_NUMBER, _SECONDS = "([0-9]{1,9})", r"([0-9]{1,9}\.[0-9]+)"
_PULLING = re.compile(rf"pulling (\S+) \(attempt {_NUMBER} of {_NUMBER}\)")
_PULLED = re.compile(rf"pulled (\S+) in {_SECONDS} s")
_PRESENT = re.compile(r"present (\S+)")
_RETRY = re.compile(rf"failed (\S+) \(attempt {_NUMBER} of {_NUMBER}\): (.+); next attempt in {_SECONDS} s")
_SPENT = re.compile(rf"failed (\S+) after {_NUMBER} attempts in {_SECONDS} s: (.+)")
_CONNECTED = re.compile(r"using \S+ on /")


@dataclass(frozen=True)
class Step:
    """The latest state of an image according to the log. Times are seconds since the epoch."""

    state: str
    since: float
    seconds: float | None = None
    attempts: int | None = None
    of_attempts: int | None = None
    reason: str | None = None
    next_try: float | None = None


class Progress:
    """The latest step of each image that the log has named. Other images still wait."""

    def __init__(self) -> None:
        self.steps: dict[str, Step] = {}

    def read(self, line: str, time: float) -> bool:
        """Process one line of the log.

        Args:
            line: the line, without its time.
            time: the time of the line, in seconds since the epoch.

        Returns:
            Whether the line changed the progress.
        """
        if _CONNECTED.match(line):
            # The puller writes this line when it starts: earlier lines are of an earlier run.
            self.steps.clear()
            return True
        step = _step(line, time)
        if step:
            self.steps[step[0]] = step[1]
        return step is not None


def _step(line: str, time: float) -> tuple[str, Step] | None:
    if match := _PULLING.fullmatch(line):
        return match[1], Step(PULLING, time, attempts=int(match[2]), of_attempts=int(match[3]))
    if match := _PULLED.fullmatch(line):
        return match[1], Step(PRESENT, time, seconds=float(match[2]))
    if match := _PRESENT.fullmatch(line):
        return match[1], Step(PRESENT, time)
    if match := _RETRY.fullmatch(line):
        name, attempts, of_attempts, reason, wait = match.groups()
        return name, Step(FAILED, time, None, int(attempts), int(of_attempts), reason, time + float(wait))
    if match := _SPENT.fullmatch(line):
        name, attempts, seconds, reason = match.groups()
        return name, Step(FAILED, time, float(seconds), int(attempts), int(attempts), reason)
    return None


def with_log(pod: Pod, steps: Mapping[str, Step]) -> Pod:
    """A pod with the progress from its puller's log, if its puller is running.

    Args:
        pod: the pod, as it was read from the API server.
        steps: the latest step of each image that the log names.
    """
    if pod.started is None or not steps:
        return pod
    images = []
    for name, image in zip(pod.names, pod.images, strict=True):
        step = steps.get(name)
        if step is not None:
            images.append(
                Image(
                    step.state,
                    image.digest,
                    image.size,
                    step.seconds,
                    step.attempts,
                    step.of_attempts,
                    step.reason,
                    step.since if step.state == PULLING else None,
                    step.next_try,
                    final=step.state == FAILED and step.next_try is None,
                )
            )
        else:
            images.append(Image(WAITING) if image.state == PULLING else image)
    # The log comes before the report: at the end, the puller checks once more that every image is present.
    complete = pod.complete and all(image.state == PRESENT for image in images)
    return replace(pod, images=tuple(images), complete=complete)
