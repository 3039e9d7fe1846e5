"""Finds the images that other resources run, so that no list has to be kept by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from inspect import isawaitable
from itertools import chain
from typing import Any

import pulumi

from ..images import workloads
from . import charts
from .errors import PrePullArgumentError


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

    def read(found: Any) -> list[str]:
        try:
            return workloads.images(found, name, _warn)
        except workloads.InvalidWorkloadError as error:
            raise pulumi.RunError(str(error)) from None

    return pulumi.Output.from_input(pruned(value, workloads.SHAPE)).apply(read)


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

    def read(manifests: Sequence[Any]) -> list[str]:
        try:
            return workloads.of_manifests(manifests, what, chosen, _warn)
        except workloads.InvalidWorkloadError as error:
            raise pulumi.RunError(str(error)) from None

    return charts.rendered(type_, name, inputs, opts).apply(read)


def _source(source: Any, name: str) -> pulumi.Output[list[str]]:
    if isinstance(source, pulumi.Output):
        return source.apply(lambda known: _source(known, name))
    if isinstance(source, pulumi.Resource):
        return _resource(source)
    if isinstance(source, Sequence) and not isinstance(source, str):
        return together([_source(item, f"{name}[{index}]") for index, item in enumerate(source)])
    if isinstance(source, str) or not any(_has(source, field) for field in workloads.FIELDS):
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


def pruned(value: Any, shape: Any) -> Any:
    """A copy of inputs that contains some fields only. Outputs stay outputs.

    Args:
        value: inputs, as Pulumi's classes or as mappings.
        shape: the fields to keep, in the API's names, in the form of workloads.SHAPE.
    """
    if value is None or shape is None:
        return value
    if isinstance(value, pulumi.Output) or isawaitable(value):
        later: pulumi.Output[Any] = pulumi.Output.from_input(value)
        return later.apply(lambda known: pulumi.Output.from_input(pruned(known, shape)))
    if isinstance(shape, list):
        items = value if isinstance(value, Sequence) and not isinstance(value, str) else []
        return [pruned(item, shape[0]) for item in items]
    return {field: pruned(_field(value, field), inner) for field, inner in shape.items() if _has(value, field)}


def _has(value: Any, field: str) -> bool:
    names = (_snake(field), field)
    if isinstance(value, Mapping):
        return any(name in value for name in names)
    return isinstance(getattr(type(value), names[0], None), property)


def _field(value: Any, field: str) -> Any:
    snake = _snake(field)
    # Pulumi's classes have a property for each field. Some are mappings too, but warn when they are used as mappings.
    if isinstance(getattr(type(value), snake, None), property):
        return getattr(value, snake)
    return value[snake] if snake in value else value[field]


def _snake(field: str) -> str:
    return "".join(f"_{char.lower()}" if char.isupper() else char for char in field)
