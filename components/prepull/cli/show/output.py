"""A status as data, for programs: names in camelCase, times in UTC, unknown fields left out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timezone
from typing import Any

from ...status import observe
from ...status.nodes import Node, Status
from ...status.observe import Image


def data(statuses: Sequence[Status]) -> dict[str, Any]:
    """The statuses as plain data.

    Args:
        statuses: the status of each component.
    """
    return {"components": [_component(status) for status in statuses]}


def as_json(statuses: Sequence[Status], *, one_line: bool = False) -> str:
    """The statuses as JSON."""
    return json.dumps(data(statuses), indent=None if one_line else 2, ensure_ascii=False)


def as_yaml(statuses: Sequence[Status]) -> str:
    """The statuses as YAML."""
    from ...manifests.render import dump  # noqa: PLC0415 - a table needs no YAML

    return dump(data(statuses))


def _component(status: Status) -> dict[str, Any]:
    component = status.component
    return _known(
        name=component.component,
        namespace=component.namespace,
        daemonSet=component.name,
        plan=component.plan,
        desiredNodes=status.desired,
        readyNodes=status.complete,
        refused=status.refused,
        totals=status.totals,
        images=list(component.names),
        nodes=[_node(node) for node in status.nodes],
    )


def _node(node: Node) -> dict[str, Any]:
    pod = node.pod
    return _known(
        name=node.name,
        pod=pod.name,
        complete=node.complete,
        outdated=node.outdated,
        problem=pod.problem,
        images=[_image(name, image) for name, image in zip(pod.names, pod.images, strict=True)],
    )


def _image(name: str, image: Image) -> dict[str, Any]:
    return _known(
        name=name,
        state=image.state,
        digest=image.digest,
        bytes=image.size,
        seconds=image.seconds,
        attempts=image.attempts,
        reason=image.reason,
        pullingSince=_time(image.since) if image.state == observe.PULLING else None,
        nextTry=_time(image.next_try),
    )


def _time(seconds: float | None) -> str | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def _known(**fields: Any) -> dict[str, Any]:
    return {key: value for key, value in fields.items() if value is not None}
