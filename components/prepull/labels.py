"""The labels by which the component's objects are known."""

from __future__ import annotations

import hashlib
import re

NAME_LABEL = "app.kubernetes.io/name"
INSTANCE_LABEL = "app.kubernetes.io/instance"
PLAN_LABEL = "prepull.dev/plan"
_LABEL_VALUE_LENGTH = 63


def selector(name: str) -> dict[str, str]:
    """The labels that tell this component's pods from all others.

    They follow from the component's name alone: a changed selector would replace the DaemonSet.
    """
    return {NAME_LABEL: "prepull", INSTANCE_LABEL: label_value(name)}


def label_value(name: str) -> str:
    """A name as a label's value: itself where the API allows it, else shortened, with a hash to stay distinct."""
    if len(name) <= _LABEL_VALUE_LENGTH and re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?", name):
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:8]
    readable = re.sub(r"[^A-Za-z0-9_.-]+", "-", name)[: _LABEL_VALUE_LENGTH - 9].strip("-_.")
    return f"{readable}-{digest}" if readable else digest
