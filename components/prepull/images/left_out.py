"""What a manifest names and no puller can pull: what is no image, and what no Linux node runs. No I/O, no Pulumi."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

# The kubelet sets the first two on every node; a Linux node never has the third.
# https://kubernetes.io/docs/reference/labels-annotations-taints/
_OF_LINUX_NODES = {
    "kubernetes.io/os": "linux",
    "beta.kubernetes.io/os": "linux",
    "node.kubernetes.io/windows-build": None,
}

_EXPRESSIONS = [{"key": None, "operator": None, "values": None}]
_REQUIRED = {"nodeSelectorTerms": [{"matchExpressions": _EXPRESSIONS, "matchFields": [{"key": None}]}]}
PLACEMENT: dict[str, Any] = {
    "os": {"name": None},
    "nodeSelector": dict.fromkeys(_OF_LINUX_NODES),
    "runtimeClassName": None,
    "affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": _REQUIRED}},
}
"""The fields of a pod's spec that can keep it from Linux nodes, in the form of workloads.SHAPE."""

# The names of the containers in Istio's own templates:
# https://github.com/istio/istio/tree/master/manifests/charts/istio-control/istio-discovery/files
_OF_ISTIO = ("istio-proxy", "istio-init", "istio-validation")
_WRITTEN_BY_ISTIO = "auto"
# `{{ .Values.image }}`, `$(IMAGE)`, `<image>`, `@IMAGE@`, `__IMAGE__`, `gcr.io/PROJECT_ID/app`, `ko://…`. A URL of a
# registry is a mistake, and not a placeholder.
_TEMPLATE = re.compile(
    r"[{}<>$%#()\[\]]|^[@_]|(?:^|/)[A-Z0-9]+(?:_[A-Z0-9]+)+(?:[/:@]|$)|^(?!(?:https?|docker|oci)://)[a-z][a-z0-9+.-]*://"
)


def keeps_off_linux(pod: Mapping[str, Any], classes: Collection[str]) -> str | None:
    """What keeps a pod from every Linux node, such as `nodeSelector: kubernetes.io/os=windows`; None if nothing does.

    Args:
        pod: a pod's spec.
        classes: the names of the RuntimeClasses that do.
    """
    system, runtime_class = mapping(pod.get("os")).get("name"), pod.get("runtimeClassName")
    if isinstance(system, str) and system not in ("", "linux"):
        return f"os.name: {system}"
    for label, value in mapping(pod.get("nodeSelector")).items():
        if not _has_linux(label, "In", [value]):
            return f"nodeSelector: {label}={value}"
    if isinstance(runtime_class, str) and runtime_class in classes:
        return f"runtimeClassName: {runtime_class}"
    required = mapping(mapping(pod.get("affinity")).get("nodeAffinity")).get(
        "requiredDuringSchedulingIgnoredDuringExecution"
    )
    terms = [mapping(term) for term in items(mapping(required).get("nodeSelectorTerms"))]
    # The terms are alternatives. One without a condition matches no node.
    conditional = [term for term in terms if term.get("matchExpressions") or term.get("matchFields")]
    if conditional and not any(_may_match_linux(term) for term in conditional):
        return "affinity: no term of the required node affinity matches Linux"
    return None


def selects_no_linux(runtime_class: Mapping[str, Any]) -> bool:
    """Whether a RuntimeClass adds a node selector to its pods that no Linux node matches.

    https://kubernetes.io/docs/concepts/containers/runtime-class/#scheduling
    """
    return keeps_off_linux(mapping(runtime_class.get("scheduling")), ()) is not None


def writer_of(container: Any, text: str) -> str | None:
    """Who writes an image in the place of a text that a node could not take for one; None if it is an image.

    Kubernetes allows an empty image in a template. Istio's rule for `auto` is
    https://istio.io/latest/docs/setup/additional-setup/sidecar-injection/#customizing-injection.

    Args:
        container: the container's name.
        text: what it has as its image.
    """
    if not text.strip():
        return "another tool fills it in"
    return "Istio puts one in when a pod starts" if text == _WRITTEN_BY_ISTIO and container in _OF_ISTIO else None


def is_template(text: str) -> bool:
    """Whether a text that is no image reference is there for a tool to replace, and not a mistake."""
    return _TEMPLATE.search(text) is not None


def is_of_every_linux(label: str, operator: str, values: Sequence[Any]) -> bool:
    """Whether a condition is about the operating system, and every Linux node meets it.

    Args:
        label: the key of a label.
        operator: an operator of node affinity.
        values: its values.
    """
    return label in _OF_LINUX_NODES and _has_linux(label, operator, values)


def _may_match_linux(term: Mapping[str, Any]) -> bool:
    conditions = [mapping(each) for each in items(term.get("matchExpressions"))]
    return all(
        _has_linux(str(each.get("key")), str(each.get("operator")), items(each.get("values"))) for each in conditions
    )


def _has_linux(label: str, operator: str, values: Sequence[Any]) -> bool:
    """Whether a Linux node may have such a label."""
    if label not in _OF_LINUX_NODES:
        return True
    value = _OF_LINUX_NODES[label]
    return {
        "In": value in values,
        "NotIn": value not in values,
        "Exists": value is not None,
        "DoesNotExist": value is None,
        # These compare numbers, and neither `linux` nor a missing label is one.
        "Gt": False,
        "Lt": False,
    }.get(operator, True)


def mapping(value: Any) -> Mapping[str, Any]:
    """A mapping in a manifest; an empty one in place of anything else."""
    return value if isinstance(value, Mapping) else {}


def items(value: Any) -> Sequence[Any]:
    """A list in a manifest; an empty one in place of anything else."""
    return value if isinstance(value, Sequence) and not isinstance(value, str) else []
