"""The interface of every runtime: its part of the pod, and the arguments that it refuses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from ..plan import Plan


@dataclass(frozen=True)
class Pod:
    """The part of a pod spec that depends on the runtime, in the API's own names."""

    init_containers: list[dict[str, Any]] = field(default_factory=list)
    containers: list[dict[str, Any]] = field(default_factory=list)
    volumes: list[dict[str, Any]] = field(default_factory=list)
    pause_mounts: list[dict[str, Any]] = field(default_factory=list)
    marks: bool = False
    """Whether ordinary containers pull, each of which then leaves a mark: what waits for the images waits for these."""
    host_network: bool = False
    """Whether the pod uses the node's own network, and so waits neither for a network plugin nor for an address."""


def refused(reasons: Mapping[str, str], given: Iterable[str]) -> dict[str, str]:
    """The given arguments that have a reason against them, each with the reason."""
    return {key: reasons[key] for key in given if key in reasons}


class Runtime(Protocol):
    """A way to pull. To add one, write a file in this package, and list its runtime in `RUNTIMES`."""

    @property
    def name(self) -> str:
        """The value of the argument `runtime` that selects it."""

    @property
    def puller_image(self) -> str:
        """The default for the argument `puller_image`."""

    @property
    def reports(self) -> bool:
        """Whether it runs puller.sh, which writes a report. With other runtimes, a ready pod has its images."""

    def refusals(self, given: Iterable[str]) -> dict[str, str]:
        """The given arguments that it cannot honour, each with the reason and the way out."""

    def pod(self, plan: Plan) -> Pod:
        """The containers that pull the plan's images onto a node, and the volumes that they need."""
