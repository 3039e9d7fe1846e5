"""The requests to a registry, from its log."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from prepull.status.times import moment

if TYPE_CHECKING:
    from lab import Lab

_FIELD = re.compile(r'([\w.]+)=("(?:[^"\\]|\\.)*"|\S+)')
_DURATION = re.compile(r"([0-9.]+)(ns|µs|us|ms|s|m|h)")
_UNITS = {"ns": 1e-9, "µs": 1e-6, "us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}


@dataclass(frozen=True)
class Request:
    """One answered request. Times are in seconds since the epoch."""

    began: float
    ended: float
    method: str
    path: str
    written: int

    @property
    def is_layer(self) -> bool:
        """Whether the request was for content, and not for a check or a list."""
        return self.method == "GET" and "/blobs/" in self.path


def now() -> str:
    """The current time, in the form for `read`."""
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def read(lab: Lab, since: str, repository: str) -> list[Request]:
    """The requests to the lab's registry below a repository prefix, since a time."""
    # Distribution writes its log to standard error.
    command = [str(lab.engine.client), "logs", "--since", since, lab.registry.container]
    told = subprocess.run(command, env=dict(lab.engine.environ), check=True, capture_output=True, text=True)
    return requests(told.stderr.splitlines(), repository)


def requests(lines: Iterable[str], repository: str) -> list[Request]:
    """The requests below a repository prefix, from Distribution's log.

    Args:
        lines: the lines of the log.
        repository: the prefix of the images' names.
    """
    found = []
    for line in lines:
        if 'msg="response completed"' not in line:
            continue
        fields = {key: value.strip('"') for key, value in _FIELD.findall(line)}
        path = fields.get("http.request.uri", "")
        if not path.startswith(f"/v2/{repository}/"):
            continue
        ended = moment(fields["time"])
        took = _seconds(fields.get("http.response.duration", "0s"))
        written = int(fields.get("http.response.written", "0"))
        found.append(Request(ended - took, ended, fields["http.request.method"], path, written))
    return found


def megabytes(found: Iterable[Request]) -> float:
    """The number of bytes that were sent as content."""
    return sum(request.written for request in found if request.is_layer) / 1_000_000


def peak(found: Sequence[Request]) -> int:
    """The largest number of requests at the same time."""
    # At the same time, count ends before starts.
    steps = sorted([(request.began, 1) for request in found] + [(request.ended, -1) for request in found])
    most = now = 0
    for _, step in steps:
        now += step
        most = max(most, now)
    return most


def _seconds(text: str) -> float:
    return sum(float(number) * _UNITS[unit] for number, unit in _DURATION.findall(text))
