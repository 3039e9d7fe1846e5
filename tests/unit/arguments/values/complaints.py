"""The complaints about arguments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from prepull.arguments import check as validation
from prepull.arguments.check import InvalidArgumentError


def complaints(args: Mapping[str, Any]) -> list[str]:
    with pytest.raises(InvalidArgumentError) as caught:
        validation.check("images", {"images": ["a"], **args})
    first, *lines = str(caught.value).split("\n  - ")
    assert first == "PrePullDaemonSet 'images' cannot be deployed as it is described:"
    return lines
