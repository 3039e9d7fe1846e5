"""The duration of each pull, from the pullers' reports."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from lab.package import of_pod

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lab.core import Lab


def seconds_of_last_pull(lab: Lab, outputs: Mapping[str, Any]) -> dict[tuple[str, str], float]:
    """The seconds by node and image; pulls without a report are missing."""
    listed = lab.cluster.kubectl(
        "get", "pods", "--namespace", outputs["namespace"], "--selector=app.kubernetes.io/name=prepull", "--output=json"
    )
    seconds: dict[tuple[str, str], float] = {}
    for pod in json.loads(listed)["items"]:
        owners = [owner["name"] for owner in pod["metadata"].get("ownerReferences") or []]
        if outputs["daemon_set_name"] in owners:
            for image, result in of_pod(pod).items():
                if result.seconds is not None:
                    seconds[pod["spec"]["nodeName"], image] = result.seconds
    return seconds
