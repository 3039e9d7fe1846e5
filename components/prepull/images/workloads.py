"""The images that manifests name: from plain data to canonical references. No I/O, no Pulumi."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from .references import InvalidReferenceError, parse

# Other projects have kinds with the same names.
GROUPS = {
    "Pod": "",
    "PodTemplate": "",
    "ReplicationController": "",
    "DaemonSet": "apps",
    "Deployment": "apps",
    "ReplicaSet": "apps",
    "StatefulSet": "apps",
    "CronJob": "batch",
    "Job": "batch",
}
"""The kinds that run pods, and their API groups."""
_FORMER_GROUP = "extensions"

_CONTAINERS = [{"image": None}]
SHAPE: dict[str, Any] = {
    "initContainers": _CONTAINERS,
    "containers": _CONTAINERS,
    "ephemeralContainers": _CONTAINERS,
    "volumes": [{"image": {"reference": None}}],
}
"""The fields on the way to an image: a mapping of fields, a list of one item's shape, or None for the image."""
# A pod's spec is within a template, which is within a workload, which may be an item of a list.
SHAPE |= {"spec": SHAPE, "template": SHAPE, "jobTemplate": SHAPE, "items": [SHAPE]}


class InvalidWorkloadError(ValueError):
    """A workload names something that is not an image; the message has a line for each."""


def runs_pods(api_version: str, kind: str) -> bool:
    """Whether Kubernetes runs pods for a kind: `("apps/v1", "Deployment")`, not `("batch.volcano.sh/v1alpha1", "Job")`.

    Args:
        api_version: group and version, as in a manifest. Pulumi's `core/v1` counts as `v1`.
        kind: the kind, or the kind of its lists (`DeploymentList`).
    """
    group = api_version.rpartition("/")[0].removeprefix("core")
    kind = kind.removesuffix("List")
    return kind in GROUPS and group in (GROUPS[kind], _FORMER_GROUP)


def images(manifest: Any, name: str) -> list[str]:
    """Every image of one workload: of its containers, init containers, ephemeral containers and image volumes.

    Args:
        manifest: the workload, a list of workloads, or a part that has images: a spec, a template, a pod's spec.
        name: its name in errors.

    Returns:
        Canonical references without duplicates, in the order of the manifest.

    Raises:
        InvalidWorkloadError: the workload names something that is not an image.
    """
    named, complaints = read(manifest, name)
    if complaints:
        raise InvalidWorkloadError("\n".join(complaints))
    return named


def read(manifest: Any, name: str) -> tuple[list[str], list[str]]:
    """The same for callers that ignore invalid names: the images, and a complaint about each invalid name."""
    named, complaints = [], []
    for place, value in _leaves(manifest, SHAPE, ""):
        try:
            named.append(str(parse(_text(value))))
        except InvalidReferenceError as error:
            complaints.append(f"{name}: {place}: {value!r} is not an image reference: {error}")
    return unique(named), complaints


def of_manifests(
    manifests: Iterable[Any], name: str, chosen: Callable[[str | None], bool] = lambda _: True
) -> list[str]:
    """The images of all manifests that run pods.

    Args:
        manifests: complete manifests, with apiVersion and kind.
        name: their source, for errors.
        chosen: gets a manifest's namespace or None, and decides whether the manifest counts. Default: all count.

    Raises:
        InvalidWorkloadError: a manifest names something that is not an image.
    """
    found: list[str] = []
    for manifest in manifests:
        if isinstance(manifest, Mapping):
            kind, metadata = str(manifest.get("kind", "")), manifest.get("metadata") or {}
            if kind == "List":
                found += of_manifests(manifest.get("items") or [], name, chosen)
            elif runs_pods(str(manifest.get("apiVersion", "")), kind) and chosen(metadata.get("namespace")):
                found += images(manifest, f"{name}: {kind} '{metadata.get('name', '')}'")
    return unique(found)


def unique(names: Iterable[str]) -> list[str]:
    """The same names in the same order, without duplicates."""
    return list(dict.fromkeys(names))


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise InvalidReferenceError("it is not a text")
    return value


def _leaves(value: Any, shape: Any, place: str) -> Iterator[tuple[str, Any]]:
    # A container without an image gets one from an admission controller or an operator; nobody else knows it.
    if value is None or (shape is None and value == ""):
        return
    if shape is None:
        yield place, value
    elif isinstance(shape, list):
        items = value if isinstance(value, Sequence) and not isinstance(value, str) else []
        for index, item in enumerate(items):
            yield from _leaves(item, shape[0], f"{place}[{index}]")
    elif isinstance(value, Mapping):
        for field, inner in shape.items():
            if field in value:
                yield from _leaves(value[field], inner, f"{place}.{field}".lstrip("."))
