"""The component as a Pulumi plugin, which is how programs in every other language use it."""

import inspect
import json
import re
from collections.abc import Mapping
from typing import Any, Optional, cast

import pulumi
from pulumi.errors import InputPropertiesError
from pulumi.provider import ConstructResult
from pulumi.provider.experimental.analyzer import ComponentDefinition
from pulumi.provider.experimental.component import ComponentProvider
from pulumi.provider.experimental.util import camel_case
from pulumi.provider.server import ComponentInitError

from ..arguments.check import InvalidArgumentError, check
from ..arguments.table import ARGUMENTS
from ..version import __version__
from .component import PrePullDaemonSet

# ruff: noqa: UP045 - as in component.py


_TYPE = "prepull:index:PrePullDaemonSet"


class PrePullProvider(ComponentProvider):
    """PrePullDaemonSet under the names of its schema, `prepull:index:PrePullDaemonSet` with `pullPolicy`.

    Pulumi's `component_provider_host` would serve the same schema, but it shows a wrong argument as a traceback, drops
    arguments that it does not know, and fails where a number is an output. So this hands over all arguments as they
    are: the component's own check knows better what is wrong with them.

    Example:
        >>> pulumi.provider.main(PrePullProvider(), sys.argv[1:])
    """

    def __init__(self) -> None:
        super().__init__([PrePullDaemonSet], "prepull", None, __version__)
        schema = _readable(json.loads(self.schema or ""))
        # PrePullDaemonSetArgs lets every key be absent, for `args_from_config` and `prepull_stack`. SDKs disagree on
        # what that means for the schema.
        schema["resources"][_TYPE]["requiredInputs"] = ["images"]
        self.schema = json.dumps(schema)

    def map_inputs(self, inputs: Mapping[str, Any], component_def: ComponentDefinition) -> dict[str, Any]:
        """The arguments under their Python names."""
        return {component_def.inputs_mapping.get(key, key): value for key, value in inputs.items()}

    def construct(
        self,
        name: str,
        resource_type: str,
        inputs: Mapping[str, Any],
        options: Optional[pulumi.ResourceOptions] = None,
    ) -> ConstructResult:
        """Declare a component.

        Raises:
            InputPropertiesError: an argument is wrong; the engine shows the message alone.
        """
        try:
            made = super().construct(name, resource_type, inputs, options)
        except ComponentInitError as error:
            if isinstance(error.inner, InvalidArgumentError):
                raise _refusal(error.inner) from None
            raise
        given = self.map_inputs(inputs, self._component_defs["PrePullDaemonSet"])
        return ConstructResult(_urn_once_checked(name, given, made.urn), made.state)


async def _urn_once_checked(name: str, args: Mapping[str, Any], urn: pulumi.Input[str]) -> str:
    """The component's URN, which the engine is told first, unless an argument that was an output is wrong.

    Such an argument fails what the component declares as well, but the SDK shows that as a traceback.
    """
    known = await pulumi.Output.from_input(dict(args)).future()
    if known is not None:
        try:
            check(name, known)
        except InvalidArgumentError as error:
            raise _refusal(error) from None
    return cast(str, await pulumi.Output.from_input(urn).future())


def _refusal(error: InvalidArgumentError) -> InputPropertiesError:
    # The message names all that is wrong. Without a list, be it empty, the SDK fails to send it.
    return InputPropertiesError(in_camel_case(str(error)), [])


_SNAKE_CASE = (*(name for name in ARGUMENTS if "_" in name), "toleration_seconds", "depends_on")
# Not within what may be an image, a path or a label: those are the user's own texts.
_NAMES = re.compile(rf"(?<![\w./:@-])(?:{'|'.join(_SNAKE_CASE)})(?![\w./@-]|:\S)")


def in_camel_case(text: str) -> str:
    """A text about arguments with their names as other languages write them."""
    return _NAMES.sub(lambda match: camel_case(match[0]), text)


def _readable(schema: Any) -> Any:
    """The schema with descriptions as the users of other languages read them."""
    if isinstance(schema, list):
        return [_readable(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    read = {key: _readable(value) for key, value in schema.items()}
    for part in ("items", "additionalProperties"):
        # The analyser repeats the property's own.
        read.get(part, {}).pop("description", None)
    if isinstance(read.get("description"), str):
        read["description"] = _described(read["description"])
    return read


def _described(docstring: str) -> str:
    # An example in Python is of no use to them.
    text, _, _ = inspect.cleandoc(docstring).partition("\n\nExample:")
    return in_camel_case(text)
