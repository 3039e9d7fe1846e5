"""Readers of Kubernetes structures: names, labels, taints, tolerations, affinities, resources, quantities.

Structures may be written in the API's names (`nodeAffinity`) or in Pulumi's Python names (`node_affinity`); the result
has the API's.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from .. import quantities
from ..choices import TaintEffect, TolerationOperator
from .readers import (
    InvalidValueError,
    choice,
    each,
    is_number,
    mapping,
    matching,
    read_all,
    read_values,
    sequence,
    string,
    unique,
    whole,
)

_SUBDOMAIN = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*"
_LABEL_KEY = re.compile(rf"(?:(?=[^/]{{1,253}}/){_SUBDOMAIN}/)?[A-Za-z0-9](?:[A-Za-z0-9_.-]{{0,61}}[A-Za-z0-9])?")
_LABEL_VALUE = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?")
_NAMESPACE = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_OBJECT_NAME = re.compile(rf"(?=.{{1,253}}\Z){_SUBDOMAIN}")
_PLAIN_RESOURCES = ("cpu", "memory", "ephemeral-storage")
_AFFINITIES = ("nodeAffinity", "podAffinity", "podAntiAffinity")
_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_OS_LABEL = "kubernetes.io/os"
_NUMBER_BITS = 63
_PERCENT = re.compile(r"([0-9]{1,3})%")
_WHOLE = 100
_BYTES = re.compile(r"([0-9]+(?:\.[0-9]+)?)([kKMGTPE])[iI]?[bB]")
_LARGEST_DISK = 2**60
# The API's affinities have a dozen levels.
_DEEPEST = 50
# "Kubernetes reserves all labels, annotations and taints in the kubernetes.io and k8s.io namespaces."
# https://kubernetes.io/docs/reference/labels-annotations-taints/
_KUBERNETES_DOMAIN = re.compile(r"(?:.+\.)?(?:kubernetes|k8s)\.io")
# Cluster Autoscaler expects startup taints of others to have this prefix, or an older one.
# https://github.com/kubernetes/autoscaler/releases/tag/cluster-autoscaler-1.29.0
_STARTUP_DOMAIN = "startup-taint.cluster-autoscaler.kubernetes.io"
_STARTUP_DOMAINS = (_STARTUP_DOMAIN, "ignore-taint.cluster-autoscaler.kubernetes.io")

namespace = matching(_NAMESPACE, "a namespace; it has lower-case letters, digits and '-'")
priority_class_name = matching(_OBJECT_NAME, "the name of a PriorityClass; it has lower-case letters, digits, '-.'")
service_account_name = matching(_OBJECT_NAME, "the name of a ServiceAccount; it has lower-case letters, digits, '-.'")
taint_key = matching(_LABEL_KEY, "the key of a taint; write 'name' or 'prefix.example.com/name'")
label_value = matching(_LABEL_VALUE, "a label's value; it has at most 63 letters, digits, '-_.'")
_label_key = matching(_LABEL_KEY, "a key; write 'name' or 'prefix.example.com/name'")
# The API server refuses a list that has a name twice.
secret_names = unique(matching(_OBJECT_NAME, "the name of a Secret; it has lower-case letters, digits, '-.'"))


def startup_taint(value: Any) -> str:
    """Read the key of a taint that the component removes, which must be no taint of Kubernetes itself."""
    key = taint_key(value)
    domain, _, name = key.rpartition("/")
    if _KUBERNETES_DOMAIN.fullmatch(domain) and domain not in _STARTUP_DOMAINS:
        raise InvalidValueError(
            f"{key!r} is in a domain of Kubernetes, whose own programs set and remove the taints there; write a key "
            f"of your own, such as 'example.com/{name}', or '{_STARTUP_DOMAIN}/{name}' with Cluster Autoscaler"
        )
    return key


def integer(value: Any) -> int:
    """Read a whole number that fits the API's 64 bits."""
    number = whole(value)
    if number.bit_length() > _NUMBER_BITS:
        raise InvalidValueError("the number is larger than any that the API takes; write a smaller one")
    return number


def free_disk(value: Any) -> str:
    """Read what is to stay free of a disk: a size as a quantity, or a share. Whatever means nothing is "0"."""
    text = str(whole(value)) if is_number(value) else string(value)
    if share := _PERCENT.fullmatch(text):
        if int(share[1]) >= _WHOLE:
            raise InvalidValueError(f"{text!r} is the whole disk: nothing would be pulled; write less, such as '15%'")
        return text if int(share[1]) else "0"
    if size := _BYTES.fullmatch(text):
        number, prefix = size.groups()
        binary, decimal = f"{number}{prefix.upper()}i", f"{number}{prefix.replace('K', 'k')}"
        way_out = f"write '{binary}', or '{decimal}' for powers of ten"
        raise InvalidValueError(f"{text!r} is not a quantity of Kubernetes; {way_out}")
    try:
        size_in_bytes = quantities.amount(text)
    except ValueError:
        size_in_bytes = None
    if size_in_bytes is None or 0 < size_in_bytes < 1 or size_in_bytes > _LARGEST_DISK:
        raise InvalidValueError(f"{text!r} is neither a size nor a share of a disk; write one such as '20Gi' or '15%'")
    return text if size_in_bytes else "0"


def labels(value: Any) -> dict[str, str]:
    """Read labels."""
    return _keyed(value, label_value)


def annotation_values(value: Any) -> dict[str, str]:
    """Read annotations."""
    return _keyed(value, string)


def node_selector(value: Any) -> dict[str, str]:
    """Read the labels that a node must have."""
    selector = labels(value)
    if (system := selector.get(_OS_LABEL, "linux")) != "linux":
        why = f": {system!r} is not supported; leave it out: Linux is selected anyway"
        raise InvalidValueError(within=[f"[{_OS_LABEL!r}]{why}"])
    return selector


def _keyed(value: Any, read: Callable[[Any], str]) -> dict[str, str]:
    """Read a mapping whose keys are keys of labels."""
    given = mapping(value)
    read_all((("", key) for key in given), _label_key)
    return read_values(given, read)


_TOLERATION_FIELDS: Mapping[str, Callable[[Any], Any]] = {
    "key": taint_key,
    "operator": choice(*TolerationOperator),
    "value": label_value,
    "effect": choice(*TaintEffect),
    "tolerationSeconds": integer,
}


def _toleration(value: Any) -> Mapping[str, Any]:
    given = fields(value, _TOLERATION_FIELDS, "a toleration")
    pairs = {key: (key, item) for key, item in given.items()}
    toleration = read_values(pairs, lambda pair: _TOLERATION_FIELDS[pair[0]](pair[1]))
    if toleration.get("operator") == "Exists" and toleration.get("value"):
        raise InvalidValueError("a toleration with the operator Exists has no value; leave the value out")
    if "key" not in toleration and toleration.get("operator") != "Exists":
        raise InvalidValueError("a toleration without a key needs the operator Exists")
    if "tolerationSeconds" in toleration and toleration.get("effect") != "NoExecute":
        raise InvalidValueError("a toleration with toleration_seconds needs the effect NoExecute")
    return toleration


tolerations = each(_toleration)


def affinity(value: Any) -> Mapping[str, Any] | None:
    """Read an affinity; an empty one is None.

    Only the part that the component extends must have the API's form. The API server checks the rest.
    """
    checked = read_values(fields(value, _AFFINITIES, "an affinity"), _structure)
    terms = mapping(checked.get("nodeAffinity", {}).get(_REQUIRED) or {}).get("nodeSelectorTerms") or []
    for term in sequence(terms):
        sequence(mapping(term).get("matchExpressions") or [])
    return checked or None


def resources(value: Any) -> Mapping[str, Any] | None:
    """Read the requests and limits of a container; empty ones are None."""
    given = fields(value, ("requests", "limits"), "resources")
    read = read_values(given, _amounts)
    requests, limits = read.get("requests", {}), read.get("limits", {})
    above = [
        f"['requests'][{name!r}]: {requests[name]!r} is more than the limit, {limit!r}; "
        "write a smaller request or a larger limit"
        for name, limit in limits.items()
        if name in requests and quantities.amount(requests[name]) > quantities.amount(limit)
    ]
    if above:
        raise InvalidValueError(within=above)
    return read or None


def _amounts(value: Any) -> dict[str, str]:
    """Read quantities by the names of resources.

    The API server takes the names that it knows, and others only with a domain.
    https://github.com/kubernetes/kubernetes/blob/v1.34.0/pkg/apis/core/validation/validation.go
    """
    amounts = _keyed(value, quantity)
    for name in amounts:
        if "/" not in name and name not in _PLAIN_RESOURCES and not name.startswith("hugepages-"):
            names = ", ".join(_PLAIN_RESOURCES)
            raise InvalidValueError(f"{name!r} is not a resource; write {names} or a name such as 'example.com/{name}'")
    return amounts


def quantity(value: Any) -> str:
    """Read a quantity such as "100m" or "64Mi"."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = str(value) if is_number(value) else string(value)
    try:
        quantities.amount(text)
    except ValueError as error:
        raise InvalidValueError(f"{text!r} is not a quantity; {error}") from None
    return text


def fields(value: Any, known: Iterable[str], what: str) -> dict[str, Any]:
    """Read the fields of a structure, as they are, in the API's names and without those that are None.

    Args:
        value: the structure.
        known: the names that it may have.
        what: what it is, for the message.
    """
    found: dict[str, Any] = {}
    for key, item in mapping(value).items():
        name = _camel(key)
        if name not in known:
            raise InvalidValueError(f"{key!r} is not a field of {what}; they are {', '.join(known)}")
        if name in found:
            raise InvalidValueError(f"{name} is there twice; leave out {key!r}")
        if item is not None:
            found[name] = item
    return found


def _structure(value: Any) -> dict[str, Any]:
    structure: dict[str, Any] = _api_names(mapping(value))
    return structure


def _api_names(value: Any, depth: int = 0) -> Any:
    """The same structure in the API's names."""
    if depth > _DEEPEST:
        raise InvalidValueError(f"it is nested more than {_DEEPEST} times; the API has no such structure")
    if isinstance(value, Mapping):
        # The keys of labels are data, not names of fields.
        return {
            _camel(string(key)): {string(name): _scalar(value) for name, value in item.items()}
            if _camel(key) == "matchLabels" and isinstance(item, Mapping)
            else _api_names(item, depth + 1)
            for key, item in mapping(value).items()
        }
    if isinstance(value, (list, tuple)):
        return [_api_names(item, depth + 1) for item in value]
    return _scalar(value)


def _scalar(value: Any) -> Any:
    """A value that JSON has as well; YAML and Python have more kinds of values."""
    if isinstance(value, str):
        return string(value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, float) and math.isfinite(value) and not value.is_integer():
        return value
    if not isinstance(value, int) and not (isinstance(value, float) and math.isfinite(value)):
        raise InvalidValueError(f"{value!r} is neither a text nor a number; put a text in quotes")
    return integer(value)


def _camel(key: str) -> str:
    if not re.fullmatch(r"[a-z]+(?:_[a-z]+)+", key):
        return key
    head, *rest = key.split("_")
    return head + "".join(part.capitalize() for part in rest)
