"""Quantities of Kubernetes, and what becomes of resources that are given in part."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prepull import quantities
from prepull.arguments import kubernetes
from prepull.arguments.readers import InvalidValueError

from ..strategies import TEXTS

PARTS = ("requests", "limits")


@given(st.text("0123456789.eE+-numkMGTPi", max_size=8) | TEXTS)
def test_any_text_is_a_quantity_or_an_invalid_one(text: str) -> None:
    try:
        amount = quantities.amount(text)
    except ValueError:
        return
    assert amount >= 0


@pytest.mark.parametrize(
    "same",
    [
        ("1", "1000m", "1e0", "1.0", "1000000u", "1000000000n"),
        ("1k", "1000", "1e3", "1E3", "1E+3"),
        ("1Ki", "1024", "1.024k"),
        ("1Gi", "1024Mi", "1048576Ki"),
        ("1E", "1000P", "1000000T", "1e18"),
        ("0.5Gi", "512Mi", "536870912", "536870912000m"),
        ("0", "0m", "0Ki", "0e5"),
    ],
)
def test_one_amount_can_be_written_in_several_ways(same: tuple[str, ...]) -> None:
    assert len({quantities.amount(text) for text in same}) == 1


def test_amounts_have_an_order() -> None:
    rising = ["0", "1n", "1u", "1m", "999m", "1", "1k", "1Ki", "1M", "1Mi", "1G", "1Gi", "1T", "1Ti", "1P", "1Pi", "1E"]
    assert sorted(rising, key=quantities.amount) == rising


DEFAULTS = {"requests": {"cpu": "10m", "memory": "16Mi"}, "limits": {"cpu": "500m", "memory": "64Mi"}}


def resources(*amounts: str) -> dict[str, dict[str, str]]:
    """The requests of CPU and memory, and their limits."""
    cpu_requests, memory_requests, cpu_limits, memory_limits = amounts
    return {
        "requests": {"cpu": cpu_requests, "memory": memory_requests},
        "limits": {"cpu": cpu_limits, "memory": memory_limits},
    }


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (None, resources("10m", "16Mi", "500m", "64Mi")),
        ({"limits": {"cpu": "1"}}, resources("10m", "16Mi", "1", "64Mi")),
        ({"requests": {"memory": "1Mi"}}, resources("10m", "1Mi", "500m", "64Mi")),
        # The default follows, in both directions.
        ({"limits": {"cpu": "5m"}}, resources("5m", "16Mi", "5m", "64Mi")),
        ({"limits": {"cpu": "0"}}, resources("0", "16Mi", "0", "64Mi")),
        ({"requests": {"memory": "1Gi"}}, resources("10m", "1Gi", "500m", "1Gi")),
        ({"requests": {"memory": "65Mi"}, "limits": {"cpu": "9m"}}, resources("9m", "65Mi", "9m", "65Mi")),
        (resources("1", "2", "3", "4"), resources("1", "2", "3", "4")),
        (
            {"limits": {"ephemeral-storage": "1Gi"}},
            {**DEFAULTS, "limits": {**DEFAULTS["limits"], "ephemeral-storage": "1Gi"}},
        ),
    ],
)
def test_what_is_not_given_has_its_default_which_gives_way(given: Any, expected: Any) -> None:
    assert quantities.completed(given, DEFAULTS) == expected


AMOUNTS = st.builds("{}{}".format, st.integers(0, 2000), st.sampled_from(["", "m", "k", "Ki", "Mi", "Gi"]))
NAMED = st.dictionaries(st.sampled_from(["cpu", "memory", "ephemeral-storage"]), AMOUNTS)


@given(st.dictionaries(st.sampled_from(PARTS), NAMED))
def test_whatever_is_accepted_the_api_server_accepts_too(written: dict[str, dict[str, str]]) -> None:
    try:
        given = kubernetes.resources(written)
    except InvalidValueError:
        return
    found = quantities.completed(given, DEFAULTS)
    for part in PARTS:
        assert found[part].keys() >= {"cpu", "memory"}
        assert found[part].items() >= written.get(part, {}).items()
    for name in found["requests"].keys() & found["limits"].keys():
        assert quantities.amount(found["requests"][name]) <= quantities.amount(found["limits"][name])
