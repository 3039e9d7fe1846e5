"""What is heard of a node that joins."""

from __future__ import annotations

import pytest

from bench.instruments.registration import READY, REGISTERED, Registration
from bench.scenarios.turns import turns


def test_the_first_time_of_an_event_counts() -> None:
    seen = Registration()

    assert seen.note(REGISTERED)
    first = seen.wait(REGISTERED, 0)
    assert not seen.note(REGISTERED)
    assert seen.wait(REGISTERED, 0) == first


def test_an_event_that_does_not_come_is_named() -> None:
    with pytest.raises(TimeoutError, match="not ready"):
        Registration().wait(READY, 0)


def test_each_form_has_another_one_before_it_in_each_round() -> None:
    assert list(turns(["a", "b"], 2)) == [(1, "a"), (1, "b"), (2, "b"), (2, "a")]
