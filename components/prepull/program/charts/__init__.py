"""The manifests of Helm charts, YAML files and Kustomize directories, from the inputs of their resources.

Only the provider knows the children of such a resource, and only after the resource has been registered. To know them
earlier, this package asks the provider to render the same inputs, as for `kubernetes.helm.v3.Chart`, or reads the same
YAML.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pulumi
import yaml

from . import helm, yaml_files
from .ask import Answer, CannotRenderError, Inputs, answer

OUTPUTS_OF_RELEASE = helm.OUTPUTS_OF_RELEASE
"""The outputs of a release that decide on its manifests, by their Python names."""


def rendered(type_: str, name: str, inputs: Inputs, opts: pulumi.InvokeOptions) -> pulumi.Output[list[Any]]:
    """The manifests that a resource of one of the types in RENDERED makes.

    Args:
        type_: its type.
        name: its name; also the name of a release whose inputs have none.
        inputs: its inputs, under their Python names.
        opts: the options of the call to the provider.

    Returns:
        The manifests. The program fails if they cannot be known from the inputs; the message names the resource.
    """
    # Inputs of Helm and Kustomize may be nested to any depth, and rendering requires all of them.
    known = pulumi.Output.from_input({key: value for key, value in inputs.items() if value is not None})

    async def render(found: Inputs) -> Any:
        try:
            return await RENDERED[type_](name, found, opts)
        except (CannotRenderError, OSError, UnicodeError, yaml.YAMLError) as error:
            raise pulumi.RunError(
                f"{type_.rpartition(':')[2]} '{name}': its images cannot be known in advance: {error}; name it in "
                "exclude, and write its images in images"
            ) from None

    return known.apply(lambda found: pulumi.Output.from_input(render(found)))


async def _yaml(name: str, inputs: Inputs, opts: pulumi.InvokeOptions) -> Sequence[Any]:
    del name, opts
    return yaml_files.manifests(inputs)


async def _directory(name: str, inputs: Inputs, opts: pulumi.InvokeOptions) -> pulumi.Output[Any]:
    del name
    return await answer("kubernetes:kustomize:directory", {"directory": inputs["directory"]}, opts)


RENDERED: Mapping[str, Callable[[str, Inputs, pulumi.InvokeOptions], Answer]] = {
    helm.RELEASE: helm.of_release,
    helm.CHART: helm.of_chart,
    "kubernetes:kustomize/v2:Directory": _directory,
    "kubernetes:yaml/v2:ConfigFile": _yaml,
    "kubernetes:yaml/v2:ConfigGroup": _yaml,
}
"""The resources whose manifests can be known from their inputs alone."""
