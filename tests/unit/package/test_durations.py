"""Durations in the form of Kubernetes and Go."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prepull import durations

from ..strategies import TEXTS


@given(st.text("0123456789.hms", max_size=12) | TEXTS)
def test_any_text_is_a_duration_or_an_invalid_one(text: str) -> None:
    try:
        milliseconds = durations.parse(text)
    except ValueError:
        return
    assert 0 <= milliseconds <= 8760 * 3_600_000


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [("0s", 0), ("1ms", 1), ("90s", 90_000), ("1h30m", 5_400_000), ("0.5s", 500), ("1.5ms", 2), ("1m1m", 120_000)],
)
def test_durations_add_up(text: str, milliseconds: int) -> None:
    assert durations.parse(text) == milliseconds
