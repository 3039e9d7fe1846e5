"""What every runtime provides: its part of the pod, and what it cannot do."""

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


def refused(reasons: Mapping[str, str], given: Iterable[str]) -> dict[str, str]:
    """The given arguments that there is a reason against, each with it."""
    return {key: reasons[key] for key in given if key in reasons}


class Runtime(Protocol):
    """A way to pull. To add one: a file in this package that makes one, and its entry in the registry."""

    @property
    def name(self) -> str:
        """The value of the argument `runtime` that selects it."""

    @property
    def puller_image(self) -> str:
        """The default for the argument `puller_image`."""

    @property
    def reports(self) -> bool:
        """Whether it runs puller.sh, which leaves a report; a pod of the others has its images once it is ready."""

    def refusals(self, given: Iterable[str]) -> dict[str, str]:
        """The arguments among the given ones that it cannot honour, each with the reason and the way out."""

    def pod(self, plan: Plan) -> Pod:
        """The containers that bring the plan's images onto a node, and the volumes that they need."""
