"""The report that the puller writes on each node: its format, and how to read it.

puller.sh writes it as the container's termination message, which the kubelet cuts at 4096 bytes:

    prepull 1 images=4 present=2 failed=2 seconds=31.020
    1 failed 5 30.412 manifest unknown
    3 failed 5 30.998 unauthorized
    0 present sha256:9715… 13256 0.840 1
    2 present sha256:44ae… 52428 2.110 2

The first line has the version of the format. Each other line begins with an image's index in the list, from 0. For a
failed image it has the number of attempts, their duration in seconds, and the reason. For a present image it has the
digest, the size in bytes, the duration in seconds and the number of attempts; the last two are 0 if the node had the
image already. If the report exceeds 4096 bytes, present images share one line (`0,4-9 present`). If it is still too
long, failures with the same reason share one line too (`1-3 failed manifest unknown`). If it is even then too long,
lines are left out, and the last line is `more...`. If one problem stops all images, the report is
`prepull 1 error REASON`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

VERSION = "1"
PULLER = "pull"
IMAGES_VARIABLE = "PREPULL_IMAGES"
_VERSION = re.compile(r"prepull ([0-9]+) ")
_INDEX, _NUMBER, _SECONDS, _INDICES = "([0-9]{1,5})", "([0-9]{1,18})", r"([0-9]{1,9}\.[0-9]+)", "([0-9,-]+)"
_HEADER = re.compile(rf"prepull 1 images={_INDEX} present={_INDEX} failed={_INDEX} seconds={_SECONDS}")
_ERROR = re.compile(r"prepull 1 error (.+)")
_PRESENT = re.compile(rf"{_INDEX} present (\S+) {_NUMBER} {_SECONDS} {_NUMBER}")
_FAILED = re.compile(rf"{_INDEX} failed {_NUMBER} {_SECONDS} (.+)")
_PRESENT_RANGES = re.compile(rf"{_INDICES} present")
_FAILED_RANGES = re.compile(rf"{_INDICES} failed (.+)")
_RANGE = re.compile(rf"{_INDEX}(?:-{_INDEX})?")
_MORE = "more..."


class InvalidReportError(ValueError):
    """A text is not a report."""


@dataclass(frozen=True)
class ImageResult:
    """The result of one image on one node. Fields that a shortened report leaves out are None."""

    index: int
    present: bool
    digest: str | None = None
    size: int | None = None
    seconds: float | None = None
    attempts: int | None = None
    reason: str | None = None


@dataclass(frozen=True)
class Report:
    """The report of one puller. `error` is the problem that stopped all images, if there was one."""

    images: int
    present: int
    failed: int
    seconds: float
    results: dict[int, ImageResult]
    error: str | None = None
    complete: bool = True


def parse(text: str) -> Report:
    """Read a report.

    Args:
        text: the termination message.

    Raises:
        InvalidReportError: the text is not a report, or has another version.
    """
    first, *lines = text.strip().split("\n")
    version = _VERSION.match(first)
    if version and version[1] != VERSION:
        found = version[1][:8]
        raise InvalidReportError(f"the report has version {found}, and this is for version {VERSION}; update prepull")
    if error := _ERROR.fullmatch(first):
        return Report(0, 0, 0, 0.0, {}, error=error[1])
    header = _HEADER.fullmatch(first)
    if not header:
        raise InvalidReportError(f"this is not a report of the puller: {first[:80]!r}")
    images, present, failed = (int(number) for number in header.groups()[:3])
    results: dict[int, ImageResult] = {}
    complete = True
    for line in lines:
        if line == _MORE:
            complete = False
            continue
        for result in _read(line, images):
            if result.index >= images or result.index in results:
                raise InvalidReportError(f"this line is of an image that is not in the list, or twice: {line[:80]!r}")
            results[result.index] = result
    return Report(images, present, failed, float(header[4]), results, complete=complete)


def says_all_present(text: str) -> bool:
    """Whether the first line of a report says that no image has failed. A verdict needs no more than that."""
    header = _HEADER.fullmatch(text.partition("\n")[0])
    return header is not None and int(header[3]) == 0


def _read(line: str, images: int) -> Iterator[ImageResult]:
    if match := _PRESENT.fullmatch(line):
        index, digest, size, seconds, attempts = match.groups()
        yield ImageResult(int(index), True, digest, int(size), float(seconds), int(attempts))
    elif match := _FAILED.fullmatch(line):
        index, attempts, seconds, reason = match.groups()
        yield ImageResult(int(index), False, seconds=float(seconds), attempts=int(attempts), reason=reason)
    elif match := _PRESENT_RANGES.fullmatch(line):
        yield from (ImageResult(index, True) for index in _indices(match[1], images))
    elif match := _FAILED_RANGES.fullmatch(line):
        yield from (ImageResult(index, False, reason=match[2]) for index in _indices(match[1], images))
    else:
        raise InvalidReportError(f"this is not a line of the puller's report: {line[:80]!r}")


def _indices(text: str, images: int) -> Iterator[int]:
    for part in text.split(","):
        match = _RANGE.fullmatch(part)
        first, last = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
        if not first <= last < images:
            raise InvalidReportError(f"this is not a range of the {images} images: {part[:80]!r}")
        yield from range(first, last + 1)


def of_pod(pod: Mapping[str, Any]) -> dict[str, ImageResult]:
    """Read a pod's latest report, by image.

    Args:
        pod: a pod of a PrePullDaemonSet, as the API server returns it.

    Returns:
        The result of each image in the report. Empty if the first run of the puller has not ended, or if one problem
        stopped all images.

    Raises:
        InvalidReportError: the message is not a report.
    """
    images = images_of_pod(pod)
    for status in (pod.get("status") or {}).get("initContainerStatuses") or []:
        # A run that was killed has written no message, but the run before it may have.
        for state in ("state", "lastState"):
            message = ((status.get(state) or {}).get("terminated") or {}).get("message")
            if status.get("name") == PULLER and message:
                report = parse(message)
                return {images[index]: result for index, result in report.results.items() if index < len(images)}
    return {}


def images_of_pod(pod: Mapping[str, Any]) -> list[str]:
    """The images that a pod's puller has to pull, in the order of the report."""
    return list(_listed(variable(pod, IMAGES_VARIABLE) or ""))


@lru_cache(maxsize=64)
def _listed(text: str) -> tuple[str, ...]:
    # All pods of a component have the same list.
    return tuple(line.split(" ")[0] for line in text.splitlines())


def variable(pod: Mapping[str, Any], name: str) -> str | None:
    """The value of an environment variable of a pod's puller; None if there is no such variable or no puller."""
    for container in (pod.get("spec") or {}).get("initContainers") or []:
        for each in container.get("env") or []:
            if container.get("name") == PULLER and each.get("name") == name:
                value: str | None = each.get("value")
                return value
    return None
