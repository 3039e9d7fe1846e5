"""What a pod's status says of each image: one reader for each way to pull."""

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

# What the kubelet says between two runs: "back-off 2m40s restarting failed container=pull pod=…".
_BACKOFF = re.compile(r"back-off (?:([0-9]{1,6})m)?([0-9]{1,6})s restarting")
_QUOTED = re.compile(r'"([^"]+)"')


@dataclass(frozen=True, slots=True)
class Image:
    """One image on one node. Times are seconds since the epoch; what is not known is None."""

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
    """For one that failed: nobody tries again unless the kubelet starts the pod's container anew."""

    # What follows is for the verdict alone: images that differ only there look the same.
    cause: str | None = field(default=None, compare=False)
    """For one that failed together with all others of its node: what the node is blamed for, once."""
    at: float | None = field(default=None, compare=False)
    """For one that failed: when that was found out. None: it may have been just now."""
    earlier: Image | None = field(default=None, compare=False)
    """For one that is pulled once more: how it failed before."""


_WAITING = Image(WAITING)
_PRESENT = Image(PRESENT)


@lru_cache(maxsize=256)
def all_present(number: int) -> tuple[Image, ...]:
    """So many images that are there, of which no more is known; kept once for all nodes."""
    return (_PRESENT,) * number


@dataclass(frozen=True, slots=True)
class Read:
    """The images in the order of the component's list, and since when the puller has been running, while it does."""

    images: tuple[Image, ...]
    started: float | None = None


def read(names: Sequence[str], pod: Mapping[str, Any], *, brief: bool = False) -> Read:
    """Say where each image of a pod stands.

    Args:
        names: the images, in the order of the component's list.
        pod: it, as the API server returns it.
        brief: leave out digests, sizes and times where all images are there.
    """
    if report.images_of_pod(pod):
        return _reported(names, pod, brief=brief)
    return _mounted(names, pod) if has_image_volumes(pod) else _contained(names, pod)


def has_image_volumes(pod: Mapping[str, Any]) -> bool:
    """Whether the kubelet mounts images in a pod."""
    return any("image" in volume for volume in (pod.get("spec") or {}).get("volumes") or [])


def _reported(names: Sequence[str], pod: Mapping[str, Any], *, brief: bool) -> Read:
    """Runtimes with a socket: the puller's report, of this run or the last."""
    containers = (pod.get("status") or {}).get("initContainerStatuses") or []
    container: Mapping[str, Any] = next((each for each in containers if each.get("name") == report.PULLER), {})
    state = container.get("state") or {}
    runs = [each.get("terminated") or {} for each in (state, container.get("lastState") or {})]
    # A run that was ended from outside has left no report, and the one before it may have.
    ended = next((run for run in runs if run.get("message")), runs[0] or runs[1])
    if brief and ended and report.says_all_present(ended.get("message") or ""):
        return Read(all_present(len(names)))
    # With "continue" a puller ends well whatever it has pulled.
    enough = report.variable(pod, "PREPULL_ON_FAILURE") != "continue"
    if running := state.get("running"):
        started = seconds_of(running.get("startedAt"))
        before = _of_report(names, ended, None, ended_well=enough) if ended else (None,) * len(names)
        # What the last run has pulled is there; what it has not is tried once more.
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
        why = f"the puller ended without a report: {ended.get('reason') or 'Error'}, code {ended.get('exitCode')}"
        return (Image(FAILED, reason=why, next_try=next_try, cause=why, at=at),) * len(names)
    if found.error:
        cause = f"no image was pulled: {found.error}"
        return (Image(FAILED, reason=found.error, next_try=next_try, final=True, cause=cause, at=at),) * len(names)
    # Failures come first in a report: where it names all of them, what had no room is present.
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
    """When the kubelet starts the container again, where it says how long it waits."""
    found = _BACKOFF.search((state.get("waiting") or {}).get("message") or "")
    finished = seconds_of(ended.get("finishedAt"))
    if not found or finished is None:
        return None
    return finished + int(found[1] or 0) * 60 + int(found[2])


def _contained(names: Sequence[str], pod: Mapping[str, Any]) -> Read:
    """The kubelet's runtime: a container for each image, one after another, or all at once with `hold`."""
    status, made = pod.get("status") or {}, made_at(pod)
    images = [_WAITING] * len(names)
    since = seconds_of(status.get("startTime"))
    turn = True
    for container in status.get("initContainerStatuses") or []:
        state = container.get("state") or {}
        index = place_of(container["name"])
        if index is not None and index < len(images):
            images[index] = _of_container(container, since if turn else None, made)
        if ended := state.get("terminated"):
            since = seconds_of(ended.get("finishedAt"))
        if not ended or ended.get("exitCode"):
            turn = False
    for container in status.get("containerStatuses") or []:
        index = place_of(container["name"])
        if index is not None and index < len(images):
            images[index] = _of_container(container, since if turn else None, made)
    return Read(tuple(images))


def _of_container(container: Mapping[str, Any], since: float | None, made: float | None) -> Image:
    state = container.get("state") or {}
    if "running" in state or "terminated" in state or container.get("lastState"):
        digest = (container.get("imageID") or "").rpartition("@")[2]
        return Image(PRESENT, digest=intern(digest)) if digest.startswith("sha256:") else _PRESENT
    waiting = state.get("waiting") or {}
    if waiting.get("reason") in reasons.PULL_FAILURES:
        return _not_pulled(waiting, made)
    if waiting.get("reason") in reasons.START_FAILURES:
        message = waiting.get("message") or ""
        why = f"its container cannot start: {reasons.one_line(message)}"
        return Image(FAILED, reason=why, final=not reasons.passing(message))
    return _WAITING if since is None else Image(PULLING, since=since)


def _not_pulled(waiting: Mapping[str, Any], made: float | None) -> Image:
    message = waiting.get("message") or ""
    certain = reasons.certain(message)
    why = certain or reasons.one_line(message or waiting["reason"])
    return Image(FAILED, reason=why, final=certain is not None, at=found_out(waiting, made))


def found_out(waiting: Mapping[str, Any], made: float | None) -> float | None:
    """When it may have been found out at the earliest that an image cannot be pulled.

    A pod that waits between two attempts may have found out when it was new; None: it has just tried.
    """
    return made if waiting.get("reason") == "ImagePullBackOff" else None


def _mounted(names: Sequence[str], pod: Mapping[str, Any]) -> Read:
    """Image volumes: they are all there once `pause` runs, and until then one of them may be known to fail."""
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
    """What the message of a container that waits quotes, among it the image that it waits for."""
    return _QUOTED.findall(waiting.get("message") or "")


def made_at(pod: Mapping[str, Any]) -> float | None:
    """When a pod was made."""
    return seconds_of((pod.get("metadata") or {}).get("creationTimestamp"))


def place_of(name: str) -> int | None:
    """The place in the list of the image that a container of the kubelet's runtime stands for."""
    for prefix in ("pull-", "hold-"):
        if name.startswith(prefix) and name[len(prefix) :].isdecimal():
            return int(name[len(prefix) :])
    return None
