"""Whether one placement has every node of another one."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prepull.images.placements import EVERYWHERE, UNTAINTED, Placement, placement
from prepull_policy.covering import covers

from ...plans import built, plan_of

REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
POOL = {"nodeSelector": {"pool": "gpu"}}


def affinity(*terms: Any) -> dict[str, Any]:
    return {"affinity": {"nodeAffinity": {REQUIRED: {"nodeSelectorTerms": list(terms)}}}}


def where(*conditions: tuple[str, str, list[str]]) -> dict[str, Any]:
    return {"matchExpressions": [{"key": key, "operator": op, "values": values} for key, op, values in conditions]}


@pytest.mark.parametrize(
    ("wide", "narrow", "is_covered"),
    [
        ({}, {}, True),
        ({}, POOL, True),
        (POOL, {}, False),
        (POOL, POOL, True),
        (POOL, affinity(where(("pool", "In", ["gpu"]))), True),
        (affinity(where(("pool", "In", ["gpu", "cpu"]))), POOL, True),
        (affinity(where(("pool", "In", ["gpu", "cpu"]))), affinity(where(("pool", "In", ["cpu", "arm"]))), False),
        (affinity(where(("pool", "Exists", []))), POOL, True),
        (affinity(where(("pool", "Exists", []))), affinity(where(("pool", "NotIn", ["a"]))), False),
        (affinity(where(("pool", "NotIn", ["cpu"]))), POOL, True),
        (affinity(where(("pool", "NotIn", ["gpu"]))), POOL, False),
        (affinity(where(("pool", "NotIn", ["cpu"]))), affinity(where(("pool", "DoesNotExist", []))), True),
        (affinity(where(("cores", "Gt", ["4"]))), affinity(where(("cores", "Gt", ["4"]))), True),
        (
            affinity(where(("zone", "In", ["a"])), where(("zone", "In", ["b"]))),
            affinity(where(("zone", "In", ["b"]))),
            True,
        ),
        (
            affinity(where(("zone", "In", ["a"]))),
            affinity(where(("zone", "In", ["a"])), where(("zone", "In", ["b"]))),
            False,
        ),
        (
            affinity({"matchFields": [{"key": "pool", "operator": "In", "values": ["gpu"]}]}),
            POOL,
            False,
        ),
        ({"tolerations": [{"operator": "Exists"}]}, {"tolerations": [{"key": "a", "value": "b"}]}, True),
        ({"tolerations": [{"key": "a", "operator": "Exists"}]}, {"tolerations": [{"key": "a", "value": "b"}]}, True),
        ({"tolerations": [{"key": "a", "value": "b"}]}, {"tolerations": [{"key": "a", "operator": "Exists"}]}, False),
        (
            {"tolerations": [{"key": "a", "operator": "Exists", "effect": "NoSchedule"}]},
            {"tolerations": [{"key": "a", "operator": "Exists"}]},
            False,
        ),
        ({}, {"tolerations": [{"key": "a", "operator": "Exists"}]}, False),
    ],
)
def test_as_far_as_the_texts_tell(wide: Any, narrow: Any, is_covered: bool) -> None:
    assert covers(placement(wide), placement(narrow)) is is_covered


@pytest.mark.parametrize(
    "of", [EVERYWHERE, UNTAINTED, placement(POOL), placement(affinity(where(("a", "Exists", []))))]
)
def test_the_daemon_set_of_a_placement_covers_it(of: Placement) -> None:
    spec = built(plan_of(**of.arguments()))["daemon-set"]["spec"]["template"]["spec"]
    assert covers(placement(spec), of)


VALUES = st.sampled_from([["1"], ["2"], ["1", "2"]])
KEYS = st.sampled_from("ab")
CONDITIONS: st.SearchStrategy[tuple[str, str, list[str]]] = st.one_of(
    st.tuples(KEYS, st.sampled_from(["In", "NotIn"]), VALUES),
    st.tuples(KEYS, st.sampled_from(["Exists", "DoesNotExist"]), st.just([])),
)
TOLERATIONS = st.fixed_dictionaries(
    {"key": st.sampled_from("ab")},
    optional={
        "operator": st.sampled_from(["Exists", "Equal"]),
        "value": st.sampled_from("12"),
        "effect": st.sampled_from(["NoSchedule", "NoExecute"]),
    },
)
TERMS = st.lists(CONDITIONS, min_size=1, max_size=2)
PLACEMENTS = st.builds(
    lambda selector, terms, tolerations: placement(
        {
            "nodeSelector": selector,
            **affinity(*(where(*conditions) for conditions in terms)),
            "tolerations": tolerations,
        }
    ),
    st.sampled_from([{}, {"a": "1"}, {"b": "2"}]),
    st.lists(TERMS, max_size=2),
    st.lists(TOLERATIONS, max_size=2),
)
LABELS = [dict(zip("ab", values, strict=True)) for values in product((None, "1", "2", "3"), repeat=2)]
TAINTS = [None, *({"key": k, "value": v, "effect": e} for k, v, e in product("ab", "12", ("NoSchedule", "NoExecute")))]


def runs_on(of: Placement, labels: Mapping[str, str | None], taint: Mapping[str, str] | None) -> bool:
    def meets(condition: Mapping[str, Any]) -> bool:
        value, values = labels[condition["key"]], condition.get("values", [])
        return {
            "In": value in values,
            "NotIn": value not in values,
            "Exists": value is not None,
            "DoesNotExist": value is None,
        }[condition["operator"]]

    def tolerates(toleration: Mapping[str, Any]) -> bool:
        assert taint is not None
        same = toleration["operator"] == "Exists" or toleration.get("value", "") == taint["value"]
        return toleration["key"] == taint["key"] and same and toleration.get("effect") in (None, taint["effect"])

    affinity_ = (of.affinity or {}).get("nodeAffinity", {}).get(REQUIRED, {}).get("nodeSelectorTerms", [])
    return (
        all(labels[key] == value for key, value in of.node_selector.items())
        and (not affinity_ or any(all(map(meets, term["matchExpressions"])) for term in affinity_))
        and (taint is None or any(map(tolerates, of.tolerations)))
    )


@given(PLACEMENTS, PLACEMENTS)
def test_no_node_of_a_covered_placement_is_missing(wide: Placement, narrow: Placement) -> None:
    if covers(wide, narrow):
        for labels, taint in product(LABELS, TAINTS):
            assert runs_on(wide, labels, taint) or not runs_on(narrow, labels, taint)
