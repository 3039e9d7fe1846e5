"""What a registry was asked for, by its own log."""

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
        """Whether it asked for content, and not for what there is."""
        return self.method == "GET" and "/blobs/" in self.path


def now() -> str:
    """This moment, as `read` takes it."""
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def read(lab: Lab, since: str, repository: str) -> list[Request]:
    """The requests to the lab's registry for what lies below a repository, from a moment on."""
    # Distribution logs to its standard error.
    command = [str(lab.engine.client), "logs", "--since", since, lab.registry.container]
    told = subprocess.run(command, env=dict(lab.engine.environ), check=True, capture_output=True, text=True)
    return requests(told.stderr.splitlines(), repository)


def requests(lines: Iterable[str], repository: str) -> list[Request]:
    """The requests for what lies below a repository, as Distribution logs them.

    Args:
        lines: its log.
        repository: what the names of the images begin with.
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
    """How much content was sent."""
    return sum(request.written for request in found if request.is_layer) / 1_000_000


def peak(found: Sequence[Request]) -> int:
    """How many requests were being answered at the busiest moment."""
    # What ends at a moment makes place for what begins then.
    steps = sorted([(request.began, 1) for request in found] + [(request.ended, -1) for request in found])
    most = now = 0
    for _, step in steps:
        now += step
        most = max(most, now)
    return most


def _seconds(text: str) -> float:
    return sum(float(number) * _UNITS[unit] for number, unit in _DURATION.findall(text))
