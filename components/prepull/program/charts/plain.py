"""Inputs as plain data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi


def plain(value: Any) -> Any:
    """A copy in which mappings replace Pulumi's input classes. Assets and archives stay what they are."""
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [plain(item) for item in value]
    if isinstance(value, (pulumi.Asset, pulumi.Archive)):
        return value
    return plain(vars(value)) if hasattr(value, "__dict__") else value
