"""A number or a percentage of nodes."""

from __future__ import annotations

import pytest
from prepull.status.share import Share


@pytest.mark.parametrize(
    ("text", "nodes", "enough"),
    [
        ("3", 10, 3),
        ("3", 1, 3),
        ("0", 10, 0),
        ("007", 10, 7),
        ("999999", 10, 999_999),
        ("0%", 10, 0),
        ("1%", 3, 1),
        ("34%", 3, 2),
        ("50%", 4, 2),
        ("100%", 3, 3),
        ("100%", 0, 0),
    ],
)
def test_how_many_nodes_are_enough(text: str, nodes: int, enough: int) -> None:
    assert Share.parse(text).of(nodes) == enough


@pytest.mark.parametrize("text", ["", "%", "-1", "1.5", "101%", "1000000", "1000%", "3 ", " 3", "3\n", "٣", "half"])
def test_anything_else_is_neither(text: str) -> None:
    with pytest.raises(ValueError, match="is neither a number of nodes nor a share of them; write '3' or '90%'"):
        Share.parse(text)
