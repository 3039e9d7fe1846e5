"""The report that the puller leaves on each node: what it says, and how to read it.

puller.sh writes it as the container's termination message, which the kubelet cuts at 4096 bytes:

    prepull 1 images=4 present=2 failed=2 seconds=31.020
    1 failed 5 30.412 manifest unknown
    3 failed 5 30.998 unauthorized
    0 present sha256:9715… 13256 0.840 1
    2 present sha256:44ae… 52428 2.110 2

The first line has the version of the format. Each other line begins with an image's place in the list, from 0. A failed
image has its attempts, the seconds they took and the reason; a present one its digest, its size in bytes, seconds and
attempts, both 0 if it was there before. Where that is more than 4096 bytes, present images share one line
(`0,4-9 present`); where it still is, so do failures for one reason (`1-3 failed manifest unknown`); and a last line
`more...` says that even so some had to be left out. What stops all images at once is `prepull 1 error REASON`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

VERSION = "1"
PULLER = "pull"
IMAGES_VARIABLE = "PREPULL_IMAGES"
_HEADER = re.compile(r"prepull (\d+) images=(\d+) present=(\d+) failed=(\d+) seconds=(\d+\.\d+)")
_ERROR = re.compile(r"prepull (\d+) error (.+)")
_PRESENT = re.compile(r"(\d+) present (\S+) (\d+) (\d+\.\d+) (\d+)")
_FAILED = re.compile(r"(\d+) failed (\d+) (\d+\.\d+) (.+)")
_PRESENT_RANGES = re.compile(r"([\d,-]+) present")
_FAILED_RANGES = re.compile(r"([\d,-]+) failed (.+)")
_MORE = "more..."


class InvalidReportError(ValueError):
    """A text is not a report."""


@dataclass(frozen=True)
class ImageResult:
    """How one image fared on one node. What a shortened report leaves out is None."""

    index: int
    present: bool
    digest: str | None = None
    size: int | None = None
    seconds: float | None = None
    attempts: int | None = None
    reason: str | None = None


@dataclass(frozen=True)
class Report:
    """What one puller reported; `error` is what stopped all images at once."""

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
        InvalidReportError: it is not a report, or of a later version.
    """
    first, *lines = text.strip().splitlines() or [""]
    if error := _ERROR.fullmatch(first):
        _check_version(error[1])
        return Report(0, 0, 0, 0.0, {}, error=error[2])
    header = _HEADER.fullmatch(first)
    if not header:
        raise InvalidReportError(f"this is not a report of the puller: {first[:80]!r}")
    _check_version(header[1])
    results: dict[int, ImageResult] = {}
    complete = True
    for line in lines:
        if line == _MORE:
            complete = False
        else:
            results.update((result.index, result) for result in _read(line))
    return Report(int(header[2]), int(header[3]), int(header[4]), float(header[5]), results, complete=complete)


def _check_version(version: str) -> None:
    if version != VERSION:
        raise InvalidReportError(f"the report has version {version}, and this is for version {VERSION}; update prepull")


def _read(line: str) -> list[ImageResult]:
    if match := _PRESENT.fullmatch(line):
        index, digest, size, seconds, attempts = match.groups()
        return [ImageResult(int(index), True, digest, int(size), float(seconds), int(attempts))]
    if match := _FAILED.fullmatch(line):
        index, attempts, seconds, reason = match.groups()
        return [ImageResult(int(index), False, seconds=float(seconds), attempts=int(attempts), reason=reason)]
    if match := _PRESENT_RANGES.fullmatch(line):
        return [ImageResult(index, True) for index in _indices(match[1])]
    if match := _FAILED_RANGES.fullmatch(line):
        return [ImageResult(index, False, reason=match[2]) for index in _indices(match[1])]
    raise InvalidReportError(f"this is not a line of the puller's report: {line[:80]!r}")


def _indices(text: str) -> list[int]:
    indices: list[int] = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        if not first.isdigit() or (last and not last.isdigit()):
            raise InvalidReportError(f"this is not a range of images: {part!r}")
        if int(last or first) - int(first) > 100_000:
            raise InvalidReportError(f"this range is longer than any list of images: {part!r}")
        indices.extend(range(int(first), int(last or first) + 1))
    return indices


def of_pod(pod: Mapping[str, Any]) -> dict[str, ImageResult]:
    """Read a pod's latest report, by image.

    Args:
        pod: a pod of a PrePullDaemonSet, as the API server returns it.

    Returns:
        What is known of each image; empty while the first run of the puller is not over.
    """
    images = images_of_pod(pod)
    for status in (pod.get("status") or {}).get("initContainerStatuses") or []:
        ended = (status.get("state") or {}).get("terminated") or (status.get("lastState") or {}).get("terminated")
        if status.get("name") == PULLER and ended and ended.get("message"):
            report = parse(ended["message"])
            return {images[index]: result for index, result in report.results.items() if index < len(images)}
    return {}


def images_of_pod(pod: Mapping[str, Any]) -> list[str]:
    """The images that a pod's puller was told to pull, in the report's order."""
    for container in (pod.get("spec") or {}).get("initContainers") or []:
        for variable in container.get("env") or []:
            if container.get("name") == PULLER and variable.get("name") == IMAGES_VARIABLE:
                return [line.split(" ")[0] for line in (variable.get("value") or "").splitlines()]
    return []
