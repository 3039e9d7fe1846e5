"""Whether one placement has every node of another one, as far as the texts of both tell. No Pulumi."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from prepull.images.left_out import items, mapping
from prepull.images.placements import Placement
from prepull.manifests.daemon_set import REAL_NODES

_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"


class _Condition(NamedTuple):
    label: str
    operator: str
    values: frozenset[str]


_Term = Sequence[_Condition]
# Virtual nodes run no pods of DaemonSets, so a placement need not have them.
_REAL = frozenset(_Condition(str(each["key"]), str(each["operator"]), frozenset(each["values"])) for each in REAL_NODES)


def covers(wide: Placement, narrow: Placement) -> bool:
    """Whether every node where pods of one placement may run is in another one.

    Args:
        wide: the placement that is to have the nodes.
        narrow: the placement whose nodes they are.
    """
    tolerated = all(any(_tolerates(one, other) for one in wide.tolerations) for other in narrow.tolerations)
    return tolerated and all(any(_implies(each, other) for other in _terms(wide)) for each in _terms(narrow))


def _terms(placement: Placement) -> list[_Term]:
    """The alternatives of a placement, each with the conditions that a node must meet."""
    selected = [_Condition(key, "In", frozenset([value])) for key, value in placement.node_selector.items()]
    required = mapping(mapping(mapping(placement.affinity).get("nodeAffinity")).get(_REQUIRED))
    alternatives = [mapping(term) for term in items(required.get("nodeSelectorTerms"))] or [{}]
    return [[*selected, *_conditions(term)] for term in alternatives]


def _conditions(term: Mapping[str, Any]) -> Iterator[_Condition]:
    # The fields of a node have names that no label has.
    for part, prefix in (("matchExpressions", ""), ("matchFields", "field:")):
        for each in map(mapping, items(term.get(part))):
            values = frozenset(map(str, items(each.get("values"))))
            yield _Condition(f"{prefix}{each.get('key')}", str(each.get("operator")), values)


def _implies(given: _Term, wanted: _Term) -> bool:
    """Whether each node that meets the given conditions meets the wanted ones."""
    return all(each in _REAL or _meets([one for one in given if one.label == each.label], each) for each in wanted)


def _meets(given: _Term, wanted: _Condition) -> bool:
    """Whether conditions on a label make sure of another condition on the same label."""
    if wanted in given:
        return True
    listed = [one.values for one in given if one.operator == "In"]
    excluded = frozenset[str]().union(*(one.values for one in given if one.operator == "NotIn"))
    # The values that a node may have; None if it may have any, or none at all.
    possible = frozenset.intersection(*listed) - excluded if listed else None
    if wanted.operator == "In":
        return possible is not None and possible <= wanted.values
    if wanted.operator == "NotIn":
        absent = any(one.operator == "DoesNotExist" for one in given)
        return absent or wanted.values <= excluded or (possible is not None and not possible & wanted.values)
    return wanted.operator == "Exists" and any(one.operator in ("In", "Exists", "Gt", "Lt") for one in given)


def _tolerates(wide: Mapping[str, Any], narrow: Mapping[str, Any]) -> bool:
    """Whether the first toleration tolerates every taint that the second one does."""
    if wide.get("effect") not in (None, narrow.get("effect")):
        return False
    if wide.get("operator") == "Exists":
        return wide.get("key") in (None, narrow.get("key"))
    return all(wide.get(name) == narrow.get(name) for name in ("key", "operator", "value"))
