"""Finds the images that other resources run, so that no list has to be kept by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from itertools import chain
from types import MappingProxyType
from typing import Any, TypeVar

import pulumi

from ..images import workloads
from ..images.placements import EVERYWHERE, Placement
from . import charts
from .errors import PrePullArgumentError
from .inputs import has, is_plain, merged, pruned

T = TypeVar("T")
Placed = Mapping[Placement, Sequence[str]]
"""Images by the nodes that need them. Values of outputs are a MappingProxyType: of a dict, keys must be texts."""

_SHAPES = (workloads.SHAPE, workloads.WHERE)
"""The fields that decide on the images of a workload, and those that decide on its placements."""


def images_of(*sources: Any) -> pulumi.Output[list[str]]:
    """The images that workloads run, for the argument `images` of PrePullDaemonSet.

    The list includes the images of init containers, sidecars, ephemeral containers and image volumes. Each image is in
    the list once, in canonical form. What is no image (Istio's `auto`, an empty text, a template's text), and pods that
    no Linux node runs, are left out, with a warning that names the workload.

    Images of a spec or a template (`DeploymentSpecArgs` or a mapping) are known at once. The workload can wait for the
    component.

    Images of a resource are known only when the resource exists: a workload, a chart, a release, a `ConfigFile`, a
    `ConfigGroup`, or a component that lists its children in an output `resources`. The resource then cannot wait for
    the component; its images are pulled on nodes that join later.

    If workloads must wait, or if a component does not list its children, use a block of `prepull_stack`.

    Args:
        sources: resources, specs, complete manifests, or lists of these; each may be an output.

    Returns:
        The images, without duplicates.

    Raises:
        PrePullArgumentError: a source runs no pods, or is a component that does not list its children. If the image of
            a source is not an image reference, the program fails later; the message names the source.

    Example:
        >>> spec = k8s.apps.v1.DeploymentSpecArgs(…)
        >>> images = PrePullDaemonSet("images", {"images": images_of(spec)})
        >>> k8s.apps.v1.Deployment("web", spec=spec, opts=pulumi.ResourceOptions(depends_on=[images]))
    """
    if not sources:
        raise PrePullArgumentError("images_of: there is nothing to look into; give it workloads or their specs")
    return together([_source(source, f"images_of: argument {index}") for index, source in enumerate(sources, 1)])


def together(lists: Sequence[pulumi.Output[list[str]]]) -> pulumi.Output[list[str]]:
    """Several lists as one, without duplicates."""
    return pulumi.Output.all(*lists).apply(lambda found: workloads.unique(chain.from_iterable(found)))


def title(type_: str, name: str) -> str:
    """A resource's name for messages: `Deployment 'web'`."""
    return f"{type_.rpartition(':')[2]} '{name}'"


def is_workload(type_: str) -> bool:
    """Whether a resource of this type is a workload of Kubernetes' own API, or a patch of one."""
    package, _, rest = type_.partition(":")
    api_version, _, kind = rest.partition(":")
    return package == "kubernetes" and workloads.runs_pods(api_version, kind.removesuffix("Patch"))


def of_inputs(value: Any, name: str) -> pulumi.Output[list[str]]:
    """The images in a workload's inputs. The result depends on the fields of workloads.SHAPE only.

    Args:
        value: the workload's inputs, or a part of them that contains the images.
        name: the workload's name in an error.
    """
    return pulumi.Output.from_input(pruned(value, workloads.SHAPE)).apply(
        lambda found: _told(lambda: workloads.images(found, name, _warn))
    )


def placed_of_inputs(
    value: Any, name: str, classes: workloads.Classes, *, everywhere: bool = False
) -> pulumi.Output[Placed]:
    """The same by the nodes where the pods may run. The result depends on the fields of workloads.WHERE too.

    Args:
        value: as for `of_inputs`.
        name: as for `of_inputs`.
        classes: the RuntimeClasses that are known.
        everywhere: take all images for EVERYWHERE, and do not read placements.
    """
    if everywhere:
        return of_inputs(value, name).apply(lambda images: _placed({EVERYWHERE: images} if images else {}))

    parts = [pruned(value, shape) for shape in _SHAPES]

    def read(known: Sequence[Any]) -> Placed:
        return _placed(_told(lambda: workloads.by_placement(merged(*known), name, classes, _warn)))

    if all(is_plain(value, shape) for shape in _SHAPES):
        # An output takes everything apart that is given to it.
        return pulumi.Output.from_input("").apply(lambda _: read(parts))
    return pulumi.Output.all(*parts).apply(read)


def placements_of_inputs(value: Any, name: str, classes: workloads.Classes) -> Sequence[Placement] | None:
    """The placements of a workload's pods, if the program wrote them as plain values; else None.

    A placement is left out if it is known already that no image is to be pulled there.

    Args:
        value: as for `of_inputs`.
        name: as for `of_inputs`.
        classes: the RuntimeClasses that are known.
    """
    images, where = _SHAPES
    if not is_plain(value, where):
        return None
    if is_plain(value, images):
        with suppress(workloads.InvalidWorkloadError):
            return list(workloads.by_placement(merged(pruned(value, images), pruned(value, where)), name, classes))
    return workloads.placements_of(pruned(value, where), classes)


def of_rendered(
    type_: str,
    name: str,
    inputs: Mapping[str, Any],
    opts: pulumi.InvokeOptions,
    chosen: Callable[[str | None], bool] = lambda _: True,
) -> pulumi.Output[list[str]]:
    """The images in the manifests that are rendered from a chart's inputs, or read from YAML.

    Args:
        type_: one of the types in charts.RENDERED.
        name: the resource's name.
        inputs: its inputs, under their Python names.
        opts: the options of the call to the provider.
        chosen: says for a manifest's namespace (None if the manifest has none) whether its images count. Default: all
            count.
    """
    what = title(type_, name)
    return charts.rendered(type_, name, inputs, opts).apply(
        lambda manifests: _told(lambda: workloads.of_manifests(manifests, what, chosen, _warn))
    )


def placed_of_rendered(
    type_: str,
    name: str,
    inputs: Mapping[str, Any],
    opts: pulumi.InvokeOptions,
    *,
    classes: workloads.Classes,
    chosen: Callable[[str | None], bool],
) -> pulumi.Output[Placed]:
    """The same by the nodes where the pods may run.

    Args:
        type_: as for `of_rendered`.
        name: as there.
        inputs: as there.
        opts: as there.
        classes: the RuntimeClasses that are known beside those among the manifests.
        chosen: as there.
    """
    what = title(type_, name)
    return charts.rendered(type_, name, inputs, opts).apply(
        lambda manifests: _placed(
            _told(lambda: workloads.of_manifests_by_placement(manifests, what, chosen, classes, _warn))
        )
    )


def _placed(images: Placed) -> Placed:
    return MappingProxyType(dict(images))


def _told(read: Callable[[], T]) -> T:
    try:
        return read()
    except workloads.InvalidWorkloadError as error:
        raise pulumi.RunError(str(error)) from None


def _source(source: Any, name: str) -> pulumi.Output[list[str]]:
    if isinstance(source, pulumi.Output):
        return source.apply(lambda known: _source(known, name))
    if isinstance(source, pulumi.Resource):
        return _resource(source)
    if isinstance(source, Sequence) and not isinstance(source, str):
        return together([_source(item, f"{name}[{index}]") for index, item in enumerate(source)])
    if isinstance(source, str) or not any(has(source, field) for field in workloads.FIELDS):
        raise PrePullArgumentError(f"{name}: {source!r} is neither a workload nor a part of one; give its spec")
    return of_inputs(source, name)


def _resource(resource: pulumi.Resource) -> pulumi.Output[list[str]]:
    type_, name = resource.pulumi_resource_type, resource.pulumi_resource_name
    if is_workload(type_):
        return of_inputs(resource, _title(resource))
    if type_ == "kubernetes:helm.sh/v3:Release":
        inputs = {field: getattr(resource, field) for field in charts.OUTPUTS_OF_RELEASE}
        return of_rendered(type_, name, inputs, pulumi.InvokeOptions(parent=resource))
    if isinstance(resource, pulumi.ComponentResource):
        return _component(resource)
    raise PrePullArgumentError(f"images_of: {_title(resource)} runs no pods; give it workloads, or what has such")


def _component(component: pulumi.ComponentResource) -> pulumi.Output[list[str]]:
    made = getattr(component, "resources", None)
    if not isinstance(made, pulumi.Output):
        raise PrePullArgumentError(
            f"images_of: {_title(component)} does not list its children in an output 'resources'; give images_of each "
            "of its workloads, or declare the component in a block of prepull_stack, which sees its children"
        )
    return made.apply(lambda found: _among((found or {}).values() if isinstance(found, Mapping) else found or []))


def _among(resources: Any) -> pulumi.Output[list[str]]:
    return together([_resource(each) for each in resources if _may_run_pods(each)])


def _may_run_pods(resource: Any) -> bool:
    """Whether the resource or its children may run pods."""
    if not isinstance(resource, pulumi.Resource):
        return False
    type_ = resource.pulumi_resource_type
    return (
        is_workload(type_)
        or type_ in charts.RENDERED
        or isinstance(getattr(resource, "resources", None), pulumi.Output)
    )


def _warn(line: str) -> None:
    pulumi.log.warn(f"left out: {line}")


def _title(resource: pulumi.Resource) -> str:
    return title(resource.pulumi_resource_type, resource.pulumi_resource_name)
