"""Reads the state of each image from a pod's status: one reader for each way to pull."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from sys import intern
from typing import Any

from . import reasons, report
from .times import seconds_of

WAITING, PULLING, PRESENT, FAILED = "waiting", "pulling", "present", "failed"
STATES = (PRESENT, PULLING, WAITING, FAILED)

# The kubelet's message between two runs: "back-off 2m40s restarting failed container=pull pod=…".
_BACKOFF = re.compile(r"back-off (?:([0-9]{1,6})m)?([0-9]{1,6})s restarting")
# The reasons of containerd and of CRI-O or Docker for a container whose program could not be started.
_NEVER_RAN = ("StartError", "ContainerCannotRun")
# The kubelet quotes the image, except where the runtime says that the registry or the signature is to blame.
_QUOTED = re.compile(r'"([^"]+)"|image pull failed for (\S+) because')


@dataclass(frozen=True, slots=True)
class Image:
    """One image on one node. Times are seconds since the epoch; unknown values are None."""

    state: str
    digest: str | None = None
    size: int | None = None
    seconds: float | None = None
    attempts: int | None = None
    of_attempts: int | None = None
    reason: str | None = None
    since: float | None = None
    next_try: float | None = None
    final: bool = False
    """For a failed image: there is no further attempt unless the kubelet restarts the container."""

    # The following fields serve the verdict only, so a comparison ignores them.
    cause: str | None = field(default=None, compare=False)
    """For an image that failed together with all others on its node: the common cause, which is reported once."""
    at: float | None = field(default=None, compare=False)
    """For a failed image: the time at which the failure was detected. None: it may have been just now."""
    earlier: Image | None = field(default=None, compare=False)
    """For an image that is being pulled again: its previous failure."""


_WAITING = Image(WAITING)
_PRESENT = Image(PRESENT)


@lru_cache(maxsize=256)
def all_present(number: int) -> tuple[Image, ...]:
    """A number of present images without details. All nodes share one tuple, to save memory."""
    return (_PRESENT,) * number


@dataclass(frozen=True, slots=True)
class Read:
    """The images in the order of the component's list; and the puller's start time, if the puller is running."""

    images: tuple[Image, ...]
    started: float | None = None


def read(names: Sequence[str], pod: Mapping[str, Any], *, brief: bool = False) -> Read:
    """Read the state of each image of a pod.

    Args:
        names: the images, in the order of the component's list.
        pod: the pod, as the API server returns it.
        brief: leave out digests, sizes and times if all images are present.
    """
    if report.images_of_pod(pod):
        return _reported(names, pod, brief=brief)
    return _mounted(names, pod) if has_image_volumes(pod) else _contained(names, pod)


def has_image_volumes(pod: Mapping[str, Any]) -> bool:
    """Whether the kubelet mounts images in a pod."""
    return any("image" in volume for volume in (pod.get("spec") or {}).get("volumes") or [])


def _reported(names: Sequence[str], pod: Mapping[str, Any], *, brief: bool) -> Read:
    """Runtimes with a socket: from the puller's report, of this run or the last."""
    containers = (pod.get("status") or {}).get("initContainerStatuses") or []
    container: Mapping[str, Any] = next((each for each in containers if each.get("name") == report.PULLER), {})
    state = container.get("state") or {}
    runs = [each.get("terminated") or {} for each in (state, container.get("lastState") or {})]
    # A run that was killed has written no report, but the run before it may have.
    ended = next((run for run in runs if run.get("message")), runs[0] or runs[1])
    if brief and ended and report.says_all_present(ended.get("message") or ""):
        return Read(all_present(len(names)))
    # With "continue", the exit code of the puller is 0 even if images are missing.
    enough = report.variable(pod, "PREPULL_ON_FAILURE") != "continue"
    if running := state.get("running"):
        started = seconds_of(running.get("startedAt"))
        before = _of_report(names, ended, None, ended_well=enough) if ended else (None,) * len(names)
        # Images that the last run has pulled are present; the puller tries the others again.
        again = (
            each if each and each.state == PRESENT else Image(PULLING, since=started, earlier=each) for each in before
        )
        return Read(tuple(again), started)
    if not ended:
        return Read((_WAITING,) * len(names))
    return Read(_of_report(names, ended, _next_run(state, ended), ended_well=enough))


def _of_report(
    names: Sequence[str], ended: Mapping[str, Any], next_try: float | None, *, ended_well: bool
) -> tuple[Image, ...]:
    at = seconds_of(ended.get("finishedAt"))
    try:
        found = report.parse(ended.get("message") or "")
    except report.InvalidReportError:
        if ended_well and ended.get("exitCode") == 0:
            return (_PRESENT,) * len(names)
        why = f"the puller ended without a report: {how_it_ended(ended)}"
        return (Image(FAILED, reason=why, next_try=next_try, cause=why, at=at),) * len(names)
    if found.error:
        cause = f"no image was pulled: {found.error}"
        return (Image(FAILED, reason=found.error, next_try=next_try, final=True, cause=cause, at=at),) * len(names)
    # Failures come first in a report. If it names all of them, images that it left out are present.
    named = sum(not result.present for result in found.results.values())
    rest_is_present = found.failed == named and (found.complete or named > 0)
    images = []
    for index in range(len(names)):
        result = found.results.get(index)
        if result is None:
            missing = Image(FAILED, reason="not in the report", next_try=next_try, at=at)
            images.append(_PRESENT if rest_is_present else missing)
        elif result.present:
            digest = intern(result.digest) if result.digest else None
            images.append(Image(PRESENT, digest, result.size, result.seconds, result.attempts))
        else:
            images.append(
                Image(
                    FAILED,
                    seconds=result.seconds,
                    attempts=result.attempts,
                    of_attempts=result.attempts,
                    reason=intern(result.reason or "no reason given"),
                    next_try=next_try,
                    final=True,
                    at=at,
                )
            )
    return tuple(images)


def _next_run(state: Mapping[str, Any], ended: Mapping[str, Any]) -> float | None:
    """The time at which the kubelet restarts the container, if its message gives the wait."""
    found = _BACKOFF.search((state.get("waiting") or {}).get("message") or "")
    finished = seconds_of(ended.get("finishedAt"))
    if not found or finished is None:
        return None
    return finished + int(found[1] or 0) * 60 + int(found[2])


def _contained(names: Sequence[str], pod: Mapping[str, Any]) -> Read:
    """The runtime `kubelet`: one container for each image, which the kubelet starts one after another.

    It tells of all of them once it has gone through them, so that until then each may be the one that it pulls.
    """
    status, made = pod.get("status") or {}, made_at(pod)
    images = [_WAITING] * len(names)
    since = seconds_of(status.get("startTime"))
    for container in status.get("initContainerStatuses") or []:
        ended = (container.get("state") or {}).get("terminated")
        since = seconds_of(ended.get("finishedAt")) if ended else None
    for container in status.get("containerStatuses") or []:
        index = place_of(container["name"])
        if index is not None and index < len(images):
            images[index] = _of_container(container, since, made)
    return Read(tuple(images))


def _of_container(container: Mapping[str, Any], since: float | None, made: float | None) -> Image:
    state = container.get("state") or {}
    if "running" in state or "terminated" in state or container.get("lastState"):
        digest = (container.get("imageID") or "").rpartition("@")[2]
        return Image(PRESENT, digest=intern(digest)) if digest.startswith("sha256:") else _PRESENT
    waiting = state.get("waiting") or {}
    if waiting.get("reason") in reasons.PULL_FAILURES:
        return _not_pulled(waiting, made)
    if reasons.cannot_start(waiting.get("reason") or ""):
        message = waiting.get("message") or ""
        why = f"its container cannot start: {reasons.one_line(message or waiting['reason'])}"
        return Image(FAILED, reason=why, final=reasons.starts_never(waiting["reason"], message))
    return _WAITING if since is None else Image(PULLING, since=since)


def _not_pulled(waiting: Mapping[str, Any], made: float | None) -> Image:
    why, final = reasons.of_pull(waiting.get("message") or waiting["reason"])
    return Image(FAILED, reason=why, final=final, at=found_out(waiting, made))


def how_it_ended(ended: Mapping[str, Any]) -> str:
    """How a container ended, in a few words; of one that could not be started, why.

    Args:
        ended: its state `terminated`.
    """
    how = f"{ended.get('reason') or 'Error'}, code {ended.get('exitCode')}"
    # runc's own words; of a container that has run, it would be what the container wrote.
    said = reasons.one_line(ended.get("message") or "") if ended.get("reason") in _NEVER_RAN else ""
    return f"{how}: {said}" if said else how


def found_out(waiting: Mapping[str, Any], made: float | None) -> float | None:
    """The earliest time at which the kubelet may have detected that it cannot pull an image.

    If the pod waits between two attempts, this is the time of its creation. None: the kubelet has just tried.
    """
    return made if waiting.get("reason") == "ImagePullBackOff" else None


def _mounted(names: Sequence[str], pod: Mapping[str, Any]) -> Read:
    """Image volumes: all images are present when `pause` runs. Before that, a message may name one that fails."""
    status = pod.get("status") or {}
    containers = status.get("containerStatuses") or []
    if any("running" in (container.get("state") or {}) for container in containers):
        return Read((_PRESENT,) * len(names))
    since = seconds_of(status.get("startTime"))
    images = [_WAITING if since is None else Image(PULLING, since=since)] * len(names)
    for container in containers:
        waiting = (container.get("state") or {}).get("waiting") or {}
        if waiting.get("reason") in reasons.PULL_FAILURES:
            for index, name in enumerate(names):
                if name in quoted(waiting):
                    images[index] = _not_pulled(waiting, made_at(pod))
    return Read(tuple(images))


def quoted(waiting: Mapping[str, Any]) -> list[str]:
    """The quoted texts in the message of a waiting container. One of them is the image that it waits for."""
    return [quoted or named for quoted, named in _QUOTED.findall(waiting.get("message") or "")]


def made_at(pod: Mapping[str, Any]) -> float | None:
    """The time at which a pod was created."""
    return seconds_of((pod.get("metadata") or {}).get("creationTimestamp"))


def place_of(name: str) -> int | None:
    """The index in the component's list of the image that a container holds; None for other containers."""
    number = name.removeprefix("hold-")
    return int(number) if number != name and number.isdecimal() else None
