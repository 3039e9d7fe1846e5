"""The images that manifests name, and nodes can pull: from plain data to canonical references. No I/O, no Pulumi."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from . import placements
from .left_out import PLACEMENT, is_template, items, keeps_off_linux, mapping, selects_no_linux, writer_of
from .placements import EVERYWHERE, Placement, placement
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

_CONTAINERS = [{"name": None, "image": None}]
_POD: dict[str, Any] = {
    "initContainers": _CONTAINERS,
    "containers": _CONTAINERS,
    "ephemeralContainers": _CONTAINERS,
    "volumes": [{"name": None, "image": {"reference": None}}],
}
# A pod's spec is within a template, which is within a workload, which may be an item of a list.
_WITHIN = ("spec", "template", "jobTemplate")
FIELDS = (*_POD, *_WITHIN, "items")
"""The fields of a workload, or of a part of one, on the way to its images."""
SHAPE: dict[str, Any] = {**_POD, **PLACEMENT}
"""The fields that decide on images: a mapping of fields, a list with the shape of one item, or None for a value."""
SHAPE |= {**dict.fromkeys(_WITHIN, SHAPE), "items": [SHAPE]}
WHERE: dict[str, Any] = {**placements.SHAPE, "os": PLACEMENT["os"]}
"""The fields that decide on placements, in the same form, with the shape placements.KEYS for the keys of a mapping."""
WHERE |= {**dict.fromkeys(_WITHIN, WHERE), "items": [WHERE]}
Classes = Mapping[str, Mapping[str, Any]]
"""RuntimeClass manifests by their names."""


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


class Found(NamedTuple):
    """What a workload names."""

    images: list[str]
    """Canonical references without duplicates, in the order of the manifest."""
    left_out: list[str]
    """A line for each thing that no puller can pull: what is no image, or a pod that no Linux node runs."""
    invalid: list[str]
    """A line for each thing that is meant as an image, and is not an image reference."""


def images(manifest: Any, name: str, tell: Callable[[str], Any] = lambda _: None) -> list[str]:
    """Every image of one workload: of its containers, init containers, ephemeral containers and image volumes.

    Args:
        manifest: the workload, a list of workloads, or a part that has images: a spec, a template, a pod's spec.
        name: its name in messages.
        tell: gets a line for each thing that is left out.

    Returns:
        Canonical references without duplicates, in the order of the manifest.

    Raises:
        InvalidWorkloadError: the workload names something that is not an image, and was meant as one.
    """
    return _told(read(manifest, name), tell)


def read(manifest: Any, name: str, classes: Classes = MappingProxyType({})) -> Found:
    """The same for callers that ignore invalid names. It decides for all callers what is left out.

    Args:
        manifest: as for `images`.
        name: its name in messages.
        classes: the RuntimeClasses that are known.
    """
    together = Found([], [], [])
    for _, found in read_pods(manifest, name, classes):
        for every, own in zip(together, found, strict=True):
            every.extend(own)
    return Found(unique(together.images), together.left_out, together.invalid)


def read_pods(
    manifest: Any, name: str, classes: Classes = MappingProxyType({})
) -> Iterator[tuple[Mapping[str, Any], Found]]:
    """The same for each pod by itself, with the pod's spec. A list of workloads has several.

    Args:
        manifest: as for `images`.
        name: its name in messages.
        classes: the RuntimeClasses that are known.
    """
    off = _off_linux(classes)
    for place, pod in _pods(manifest, ""):
        found = Found([], [], [])
        _read_pod(found, name, place, pod, off)
        if any(found):
            yield pod, Found(unique(found.images), found.left_out, found.invalid)


def placement_of(pod: Mapping[str, Any], classes: Classes) -> Placement:
    """The placement of a pod's spec that somebody wrote. With `nodeName` it is EVERYWHERE: no scheduler is asked."""
    return EVERYWHERE if pod.get("nodeName") else placement(pod, classes)


def by_placement(
    manifest: Any, name: str, classes: Classes = MappingProxyType({}), tell: Callable[[str], Any] = lambda _: None
) -> dict[Placement, list[str]]:
    """The images of one workload, by the nodes where its pods may run.

    Args:
        manifest: as for `images`.
        name: its name in messages.
        classes: the RuntimeClasses that are known.
        tell: gets a line for each thing that is left out.

    Raises:
        InvalidWorkloadError: as for `images`.
    """
    placed: dict[Placement, list[str]] = {}
    for pod, found in read_pods(manifest, name, classes):
        if told := _told(found, tell):
            add(placed, {placement_of(pod, classes): told})
    return placed


def placements_of(manifest: Any, classes: Classes) -> list[Placement]:
    """The placements of the pods in a manifest of which only the fields of WHERE are known.

    Args:
        manifest: as for `images`, with an item for each container.
        classes: the RuntimeClasses that are known.
    """
    off = _off_linux(classes)
    pods = [pod for _, pod in _pods(manifest, "") if any(pod.get(field) for field in ("containers", "initContainers"))]
    return list(dict.fromkeys(placement_of(pod, classes) for pod in pods if keeps_off_linux(pod, off) is None))


def add(placed: dict[Placement, list[str]], more: Mapping[Placement, Iterable[str]]) -> None:
    """Add images to those of their placements, each once."""
    for each, images in more.items():
        placed[each] = unique([*placed.get(each, []), *images])


def of_manifests(
    manifests: Iterable[Any],
    name: str,
    chosen: Callable[[str | None], bool] = lambda _: True,
    tell: Callable[[str], Any] = lambda _: None,
) -> list[str]:
    """The images of all manifests that run pods.

    Args:
        manifests: complete manifests, with apiVersion and kind.
        name: their source, for messages.
        chosen: gets a manifest's namespace or None, and decides whether the manifest counts. Default: all count.
        tell: gets a line for each thing that is left out.

    Raises:
        InvalidWorkloadError: a manifest names something that is not an image, and was meant as one.
    """
    found: list[str] = []
    for title, manifest, classes in _chosen(manifests, name, chosen):
        found += _told(read(manifest, title, classes), tell)
    return unique(found)


def of_manifests_by_placement(
    manifests: Iterable[Any],
    name: str,
    chosen: Callable[[str | None], bool] = lambda _: True,
    classes: Classes = MappingProxyType({}),
    tell: Callable[[str], Any] = lambda _: None,
) -> dict[Placement, list[str]]:
    """The same by the nodes where the pods may run.

    Args:
        manifests: as for `of_manifests`.
        name: as there.
        chosen: as there.
        classes: RuntimeClasses that are known beside those among the manifests.
        tell: as there.

    Raises:
        InvalidWorkloadError: as for `of_manifests`.
    """
    placed: dict[Placement, list[str]] = {}
    for title, manifest, own in _chosen(manifests, name, chosen):
        add(placed, by_placement(manifest, title, {**classes, **own}, tell))
    return placed


def _chosen(
    manifests: Iterable[Any], name: str, chosen: Callable[[str | None], bool]
) -> Iterator[tuple[str, Mapping[str, Any], Classes]]:
    """Title and manifest of each that runs pods and counts, with the RuntimeClasses among all."""
    every = list(_each(manifests))
    classes = {str(mapping(one.get("metadata")).get("name")): one for one in every if _is_runtime_class(one)}
    for manifest in every:
        kind, metadata = str(manifest.get("kind", "")), mapping(manifest.get("metadata"))
        if runs_pods(str(manifest.get("apiVersion", "")), kind) and chosen(metadata.get("namespace")):
            yield f"{name}: {kind} '{metadata.get('name', '')}'", manifest, classes


def unique(names: Iterable[str]) -> list[str]:
    """The same names in the same order, without duplicates."""
    return list(dict.fromkeys(names))


def _told(found: Found, tell: Callable[[str], Any]) -> list[str]:
    if found.invalid:
        raise InvalidWorkloadError("\n".join(found.invalid))
    for line in found.left_out:
        tell(line)
    return found.images


def _read_pod(found: Found, name: str, place: str, pod: Mapping[str, Any], off: Collection[str]) -> None:
    """Add what a pod's spec names to the lists."""
    named = list(_named(pod, place))
    reason = keeps_off_linux(pod, off) if named else None
    if reason is not None:
        found.left_out.append(f"{name}: {_joined(place, reason)}: no Linux node runs it")
        return
    for location, container, value in named:
        _judge(found, f"{name}: {location}", container, value)


def _off_linux(classes: Classes) -> Collection[str]:
    """The names of the RuntimeClasses whose pods no Linux node runs."""
    return {name for name, manifest in classes.items() if selects_no_linux(manifest)}


def _judge(found: Found, where: str, container: Any, value: Any) -> None:
    """Add what a container has as its image to one of the three lists."""
    writer = writer_of(container, value) if isinstance(value, str) else None
    try:
        image = str(parse(_text(value)))
    except InvalidReferenceError as error:
        if writer is None and isinstance(value, str) and is_template(value):
            writer = "another tool replaces it"
        if writer is None:
            found.invalid.append(f"{where}: {value!r} is not an image reference: {error}")
            return
    if writer is None:
        found.images.append(image)
    else:
        found.left_out.append(f"{where}: {value!r} is no image: {writer}; to pull that image, write it in images")


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise InvalidReferenceError("it is not a text")
    return value


def _pods(value: Any, place: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every part of a manifest that may be a pod's spec, with its place."""
    if not isinstance(value, Mapping):
        return
    yield place, value
    for field in _WITHIN:
        yield from _pods(value.get(field), _joined(place, field))
    for index, item in enumerate(items(value.get("items"))):
        yield from _pods(item, _joined(place, f"items[{index}]"))


def _named(pod: Mapping[str, Any], place: str) -> Iterator[tuple[str, Any, Any]]:
    """What a pod's spec names as images: the place, the name of the container or volume, and the value."""
    for field in _POD:
        for index, item in enumerate(items(pod.get(field))):
            part = mapping(item)
            value, where = part.get("image"), f"{field}[{index}].image"
            if field == "volumes":
                value, where = mapping(value).get("reference"), f"{where}.reference"
            # A container without an image gets one from an admission controller or an operator; nobody else knows it.
            if value is not None:
                yield _joined(place, where), part.get("name"), value


def _each(manifests: Iterable[Any]) -> Iterator[Mapping[str, Any]]:
    """The manifests, with the items of lists in place of the lists."""
    for manifest in manifests:
        if isinstance(manifest, Mapping):
            if manifest.get("kind") == "List":
                yield from _each(items(manifest.get("items")))
            else:
                yield manifest


def _is_runtime_class(manifest: Mapping[str, Any]) -> bool:
    group = str(manifest.get("apiVersion", "")).partition("/")[0]
    return manifest.get("kind") == "RuntimeClass" and group == "node.k8s.io"


def _joined(place: str, field: str) -> str:
    return f"{place}.{field}".lstrip(".")
