"""The component as a Pulumi plugin: programs in other languages use the component through it."""

import inspect
import json
import re
from collections.abc import Mapping
from typing import Any, Optional, cast

import pulumi
from pulumi.provider import ConstructResult, Provider
from pulumi.provider.experimental.component import ComponentProvider

from ..arguments.check import InvalidArgumentError, check
from ..arguments.table import ARGUMENTS
from ..version import __version__
from .component import PrePullDaemonSet

# ruff: noqa: UP045 - as in component.py

_PACKAGE = "prepull"
_TOKEN = f"{_PACKAGE}:index:PrePullDaemonSet"
# What a registry shows of the package. The keywords with a slash sort it there:
# https://www.pulumi.com/docs/iac/guides/building-extending/packages/schema/
# Its repository, publisher and logo are for whoever publishes it: they name the place where it is published.
_METADATA: dict[str, Any] = {
    "description": "Container images on every Kubernetes node before the workloads need them: a Pulumi component",
    "keywords": [
        "pulumi",
        "kubernetes",
        "daemonset",
        "image",
        "pre-pull",
        "containerd",
        "docker",
        "category/infrastructure",
        "kind/component",
    ],
    "license": "Apache-2.0",
}


class PrePullProvider(Provider):
    """PrePullDaemonSet under the names of its schema, `prepull:index:PrePullDaemonSet` with `pullPolicy`.

    Pulumi's `component_provider_host` would serve the same schema, but it shows a wrong argument as a traceback, drops
    unknown arguments, and fails if a number is an output. Therefore this provider passes all arguments on unchanged,
    and the component's own check reports what is wrong with them.

    Example:
        >>> pulumi.provider.main(PrePullProvider(), sys.argv[1:])
    """

    def __init__(self) -> None:
        generated = ComponentProvider([PrePullDaemonSet], _PACKAGE, None, __version__).schema
        schema = {**_readable(json.loads(generated or "")), **_METADATA}
        # The classes let every key be absent, for `args_from_config` and `prepull_stack`. SDKs disagree on what that
        # means for the schema.
        schema["resources"][_TOKEN]["requiredInputs"] = ["images"]
        provider = schema["types"][f"{_PACKAGE}:index:CredentialProvider"]
        # At the end, wherever an SDK has it.
        provider.pop("required", None)
        provider["required"] = ["command", "matchImages"]
        for choice in (found for found in schema["types"].values() if "enum" in found):
            for member in choice["enum"]:
                # As Pulumi's own packages write them; each SDK makes of it what is usual in its language.
                member["name"] = "".join(part.capitalize() for part in member["name"].split("_"))
        self._outputs = schema["resources"][_TOKEN]["properties"]
        super().__init__(__version__, json.dumps(schema))

    def construct(
        self,
        name: str,
        resource_type: str,
        inputs: Mapping[str, Any],
        options: Optional[pulumi.ResourceOptions] = None,
    ) -> ConstructResult:
        """Declare a component.

        Args:
            name: the resource's name.
            resource_type: its type token; the schema has one.
            inputs: its arguments under the names of the schema.
            options: its resource options.

        Raises:
            ValueError: the type token is not the component's.
            InputPropertiesError: an argument is wrong; the engine shows the message without a traceback.
        """
        if resource_type != _TOKEN:
            raise ValueError(f"{resource_type}: there is no such component; there is {_TOKEN}")
        args = arguments(inputs)
        try:
            made = PrePullDaemonSet(name, cast(Any, args), options)
        except InvalidArgumentError as error:
            raise _refusal(error) from None
        state = {output: getattr(made, _snake_case(output)) for output in self._outputs}
        return ConstructResult(_urn_once_checked(name, args, made.urn), state)


def arguments(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments under their Python names. Unknown names stay as they are; the check reports them."""
    return {_PYTHON_NAMES.get(name, name): value for name, value in inputs.items()}


def _camel_case(name: str) -> str:
    return re.sub("_([a-z])", lambda found: found[1].upper(), name)


def _snake_case(name: str) -> str:
    return re.sub("[A-Z]", lambda found: f"_{found[0].lower()}", name)


_PYTHON_NAMES = {_camel_case(name): name for name in ARGUMENTS}


async def _urn_once_checked(name: str, args: Mapping[str, Any], urn: pulumi.Input[str]) -> str:
    """The component's URN, after the arguments that were outputs have been checked.

    A wrong one also fails the component's own resources, but the SDK would show that failure as a traceback.

    Raises:
        InputPropertiesError: an argument is wrong.
    """
    known = await pulumi.Output.from_input(dict(args)).future()
    if known is not None:
        try:
            check(name, known)
        except InvalidArgumentError as error:
            raise _refusal(error) from None
    return cast(str, await pulumi.Output.from_input(urn).future())


def _refusal(error: InvalidArgumentError) -> pulumi.InputPropertiesError:
    # The message contains all errors. The SDK cannot send the error without a list, although the list may be empty.
    return pulumi.InputPropertiesError(in_camel_case(str(error)), [])


_SNAKE_CASE = (*(name for name in ARGUMENTS if "_" in name), "toleration_seconds", "match_images", "depends_on")
# Not within images, paths or labels: these are the user's own texts.
_NAMES = re.compile(rf"(?<![\w./:@-])(?:{'|'.join(_SNAKE_CASE)})(?![\w./@-]|:\S)")


def in_camel_case(text: str) -> str:
    """A text, with the names of arguments in camel case, as other languages write them."""
    return _NAMES.sub(lambda match: _camel_case(match[0]), text)


def _readable(schema: Any) -> Any:
    """The schema, with descriptions for users of other languages."""
    if isinstance(schema, list):
        return [_readable(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    read = {key: _readable(value) for key, value in schema.items()}
    for part in ("items", "additionalProperties"):
        # The analyser repeats the property's description here.
        read.get(part, {}).pop("description", None)
    if isinstance(read.get("description"), str):
        read["description"] = _described(read["description"])
    return read


def _described(docstring: str) -> str:
    # Users of other languages cannot use an example in Python.
    text, _, _ = inspect.cleandoc(docstring).partition("\n\nExample:")
    return in_camel_case(text)
