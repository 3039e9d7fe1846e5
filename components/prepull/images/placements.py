"""Where pods may be scheduled: from a pod's spec to a placement, which workloads share. No I/O, no Pulumi.

A placement has what Kubernetes' scheduler requires of a node by the pod's spec: the node selector, the required node
affinity, the tolerations, and the same of the pod's RuntimeClass. Placements of pods that may run on the same nodes are
equal, whatever the order in which the specs were written.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from types import MappingProxyType
from typing import Any

from .left_out import is_of_every_linux, items, mapping

KEYS = "keys"
_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_CONDITION = {"key": None, "operator": None, "values": None}
_TERM = {"matchExpressions": [_CONDITION], "matchFields": [_CONDITION]}
TOLERATION: dict[str, Any] = {"key": None, "operator": None, "value": None, "effect": None}
_RESOURCES = [{"resources": {"limits": KEYS, "requests": KEYS}}]
SHAPE: dict[str, Any] = {
    "nodeSelector": None,
    "affinity": {"nodeAffinity": {_REQUIRED: {"nodeSelectorTerms": [_TERM]}}},
    "tolerations": [TOLERATION],
    "runtimeClassName": None,
    "nodeName": None,
    "containers": _RESOURCES,
    "initContainers": _RESOURCES,
}
"""The fields of a pod's spec that decide where it may run, in the form of workloads.SHAPE. Of a mapping with the shape
KEYS, only the keys decide."""

_EVERY_TAINT = {"operator": "Exists"}
# Kubernetes adds tolerations of these to the pods of every DaemonSet.
# https://kubernetes.io/docs/concepts/workloads/controllers/daemonset/#taints-and-tolerations
_OF_EVERY_DAEMON_SET = frozenset(
    (
        "node.kubernetes.io/disk-pressure",
        "node.kubernetes.io/memory-pressure",
        "node.kubernetes.io/pid-pressure",
        "node.kubernetes.io/unschedulable",
    )
)
# A node that joins has them until its agents run, and pulls in the meantime. The last two are startup taints:
# https://docs.cilium.io/en/stable/installation/taints/
# https://github.com/kubernetes-sigs/aws-ebs-csi-driver/blob/master/docs/install.md#configure-node-startup-taint
_STATES = (
    "node.kubernetes.io/not-ready",
    "node.kubernetes.io/unreachable",
    "node.kubernetes.io/network-unavailable",
    "node.cloudprovider.kubernetes.io/uninitialized",
    "node.cilium.io/agent-not-ready",
    "ebs.csi.aws.com/agent-not-ready",
)
_HASH_DIGITS = 6
_SLUG_LETTERS = 24


@dataclass(frozen=True)
class Placement:
    """The nodes where pods may run. Two placements are equal if they require the same of a node.

    Attributes:
        node_selector: labels that a node must have. That of Linux is left out, as the component always requires it.
        affinity: a required node affinity in the API's names; None if there is none.
        tolerations: the taints of nodes where the pods may run, without those that only say how a node is at the
            moment. Equal ones, and those that another one includes, are there once.
    """

    node_selector: Mapping[str, str] = field(compare=False)
    affinity: Mapping[str, Any] | None = field(compare=False)
    tolerations: Sequence[Mapping[str, Any]] = field(compare=False)
    _key: str = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Keep what makes placements equal as a text, which can be hashed."""
        object.__setattr__(self, "_key", _text([self.node_selector, self.affinity, list(self.tolerations)]))

    @property
    def slug(self) -> str:
        """A short name: a readable part and a hash, such as `gpu-pool-3f09ac`. It depends on the placement alone."""
        for plain, slug in ((EVERYWHERE, "everywhere"), (UNTAINTED, "untainted")):
            if self == plain:
                return slug
        words = re.sub(r"[^a-z0-9]+", "-", self._readable().lower()).strip("-")[:_SLUG_LETTERS].rstrip("-")
        digits = sha256(self._key.encode()).hexdigest()[:_HASH_DIGITS]
        return f"{words}-{digits}" if words else digits

    @property
    def title(self) -> str:
        """The placement in words, such as `nodes with pool=gpu, also if tainted nvidia.com/gpu`."""
        if self == EVERYWHERE:
            return "every node"
        selected = [f"{key}={value}" for key, value in self.node_selector.items()]
        terms = [_of_term(term) for term in _terms(self.affinity)]
        if len(terms) == 1:
            selected += terms
        elif terms:
            selected.append(" or ".join(f"({term})" for term in terms))
        where = f"nodes with {' and '.join(selected)}" if selected else "nodes"
        tainted = " or ".join(_of_toleration(each) for each in self.tolerations)
        return f"{where}, also if tainted {tainted}" if tainted else f"untainted {where}"

    def arguments(self, given: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The arguments of a PrePullDaemonSet whose pods run on these nodes.

        The taints that say how a node is at the moment (not ready, no network yet, …) are tolerated in addition: nodes
        that join pull before their agents are ready.

        Args:
            given: the user's arguments, in the API's names. They apply to every placement. Of `node_selector`, a
                label that is in both has the given value. A node must match both affinities. Given `tolerations` are
                added; in place of "every taint" they count alone. Default: none.

        Returns:
            `node_selector`, `affinity` and `tolerations`, those of them that are not empty or differ from the default.
        """
        given = {key: value for key, value in (given or {}).items() if value is not None}
        made: dict[str, Any] = {}
        if selector := {**self.node_selector, **mapping(given.get("node_selector"))}:
            made["node_selector"] = selector
        if affinity := _both(self.affinity, given.get("affinity")):
            made["affinity"] = affinity
        if self != EVERYWHERE or "tolerations" in given:
            own = [] if self == EVERYWHERE else self.tolerations
            made["tolerations"] = _tolerating(own, items(given.get("tolerations")), states=self != EVERYWHERE)
        return made

    def _readable(self) -> str:
        """The part of the placement that says most about it: a label, else a condition, else a taint."""
        for key, value in self.node_selector.items():
            # `nvidia.com/gpu.present=true` is about a GPU, `pool=gpu` too.
            last = key.rpartition("/")[2]
            return last if value in ("true", "") else f"{last}-{value}"
        for term in _terms(self.affinity):
            return _of_term(term).rpartition("/")[2]
        return "-".join(_of_toleration(each).rpartition("/")[2] for each in self.tolerations)


def placement(
    pod_spec: Mapping[str, Any], runtime_classes: Mapping[str, Mapping[str, Any]] = MappingProxyType({})
) -> Placement:
    """The nodes where Kubernetes may schedule a pod.

    `nodeName` is not read: the scheduler writes it into every pod, so that it says where a pod is, and not where other
    pods of the workload may be. Preferences, and affinities to other pods, exclude no node for good, and do not count.
    A pod that requests an extended resource (`nvidia.com/gpu`) tolerates the taint of the same name, as with the
    admission plugin ExtendedResourceToleration.

    Args:
        pod_spec: the spec of a pod or of a template, in the API's names.
        runtime_classes: RuntimeClass manifests by their names. The `scheduling` of the pod's class counts as if it
            were in the spec. Default: none is known, and so none counts.

    Returns:
        The placement. It is UNTAINTED for a pod that names no nodes, and EVERYWHERE for one that tolerates all taints
        besides.

    Example:
        >>> spec = {"nodeSelector": {"pool": "gpu"}, "tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists"}]}
        >>> placement(spec).arguments()["node_selector"]
        {'pool': 'gpu'}
    """
    scheduling = mapping(mapping(runtime_classes.get(str(pod_spec.get("runtimeClassName")))).get("scheduling"))
    selector = {**mapping(pod_spec.get("nodeSelector")), **mapping(scheduling.get("nodeSelector"))}
    tolerations = [*items(pod_spec.get("tolerations")), *items(scheduling.get("tolerations"))]
    of_devices = [{"key": name, "operator": "Exists", "effect": "NoSchedule"} for name in _devices(pod_spec)]
    required = mapping(mapping(mapping(pod_spec.get("affinity")).get("nodeAffinity")).get(_REQUIRED))
    return Placement(
        {key: selector[key] for key in sorted(selector, key=str) if not is_of_every_linux(key, "In", [selector[key]])},
        _affinity(items(required.get("nodeSelectorTerms"))),
        _canonical([*map(mapping, tolerations), *of_devices]),
    )


def _affinity(terms: Iterable[Any]) -> dict[str, Any] | None:
    """The required node affinity with these alternatives, sorted; None if it excludes no Linux node."""
    # One without a condition matches no node.
    conditional = [
        term for term in map(mapping, terms) if items(term.get("matchExpressions")) or items(term.get("matchFields"))
    ]
    alternatives = [
        {
            name: conditions
            for name in ("matchExpressions", "matchFields")
            if (conditions := _distinct(map(_condition, map(mapping, items(term.get(name))))))
        }
        for term in conditional
    ]
    if not alternatives or not all(alternatives):
        return None
    return _required(_distinct(alternatives))


def _condition(given: Mapping[str, Any]) -> dict[str, Any]:
    values = sorted(set(map(str, items(given.get("values")))))
    key, operator = given.get("key"), given.get("operator")
    if is_of_every_linux(str(key), str(operator), values):
        return {}
    return {"key": key, "operator": operator, **({"values": values} if values else {})}


def _distinct(found: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    by_text = {_text(each): each for each in found if each}
    return [by_text[text] for text in sorted(by_text)]


def _canonical(tolerations: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Tolerations that let pods onto other nodes, each once, without those that another one includes."""
    decisive = _distinct(
        made
        for each in tolerations
        # Nothing is kept off a node by the third effect.
        if each.get("effect") != "PreferNoSchedule" and each.get("key") not in (*_STATES, *_OF_EVERY_DAEMON_SET)
        if (made := _toleration(each))
    )
    return [each for each in decisive if not any(_includes(other, each) for other in decisive if other is not each)]


def _toleration(given: Mapping[str, Any]) -> dict[str, Any]:
    """A toleration without what is a default, and without a time limit: the images stay as long as the node."""
    made = {name: given[name] for name in ("key", "effect") if given.get(name)}
    if given.get("operator") in (None, "", "Equal"):
        value = {"value": given["value"]} if given.get("value") else {}
        return {**made, "operator": "Equal", **value} if "key" in made else {}
    # Newer operators compare the value with a number. Of those, every value counts.
    return {**made, "operator": "Exists"}


def _includes(wide: Mapping[str, Any], narrow: Mapping[str, Any]) -> bool:
    """Whether the first toleration tolerates every taint that the second one does."""
    if "effect" in wide and wide["effect"] != narrow.get("effect"):
        return False
    if wide["operator"] == "Exists":
        return "key" not in wide or wide["key"] == narrow.get("key")
    return {**wide, "effect": None} == {**narrow, "effect": None}


def _devices(pod_spec: Mapping[str, Any]) -> list[str]:
    """The extended resources that a pod requests.

    https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#extendedresourcetoleration
    """
    resources = [
        mapping(mapping(container).get("resources"))
        for kind in ("containers", "initContainers")
        for container in items(pod_spec.get(kind))
    ]
    # A limit without a request is the request too.
    names = {str(name) for each in resources for kind in ("limits", "requests") for name in mapping(each.get(kind))}
    return sorted(name for name in names if "/" in name and "kubernetes.io/" not in name)


def _both(first: Mapping[str, Any] | None, second: Any) -> dict[str, Any] | None:
    """An affinity whose nodes match two affinities; the second may have other parts too, which stay."""
    if not isinstance(second, Mapping):
        return dict(first) if first else None
    ours, theirs = _terms(first), _terms(second)
    if not ours:
        return dict(second) or None
    combined = [_joined(one, other) for one in ours for other in theirs] if theirs else ours
    return {**second, "nodeAffinity": {**mapping(second.get("nodeAffinity")), **_required(combined)["nodeAffinity"]}}


def _joined(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    both = {name: [*items(one.get(name)), *items(other.get(name))] for name in ("matchExpressions", "matchFields")}
    return {name: conditions for name, conditions in both.items() if conditions}


def _tolerating(own: Sequence[Any], given: Sequence[Any], *, states: bool) -> list[dict[str, Any]]:
    made = [dict(each) for each in own]
    made += [dict(each) for each in given if each not in made]
    if not states or _EVERY_TAINT in made:
        return made
    return [*made, *({"key": key, "operator": "Exists"} for key in _STATES)]


def _required(terms: Sequence[Any]) -> dict[str, Any]:
    return {"nodeAffinity": {_REQUIRED: {"nodeSelectorTerms": list(terms)}}}


def _terms(affinity: Mapping[str, Any] | None) -> list[Mapping[str, Any]]:
    required = mapping(mapping(mapping(affinity).get("nodeAffinity")).get(_REQUIRED))
    return [mapping(term) for term in items(required.get("nodeSelectorTerms"))]


def _of_term(term: Mapping[str, Any]) -> str:
    conditions = [*items(term.get("matchExpressions")), *items(term.get("matchFields"))]
    texts = (
        f"{each.get('key')} {each.get('operator')} {','.join(map(str, items(each.get('values'))))}".strip()
        for each in map(mapping, conditions)
    )
    return " and ".join(texts)


def _of_toleration(toleration: Mapping[str, Any]) -> str:
    key, value, effect = (toleration.get(name) for name in ("key", "value", "effect"))
    return f"{key or 'any'}{f'={value}' if value else ''}{f':{effect}' if effect else ''}"


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)


EVERYWHERE = Placement({}, None, [_EVERY_TAINT])
"""Every Linux node, with whatever taints: the component's own defaults. It counts where a placement is not known."""
UNTAINTED = placement({})
"""The nodes without taints, where a pod may run whose spec names no nodes: most pods."""
