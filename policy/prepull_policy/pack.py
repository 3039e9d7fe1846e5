"""The rules as policies of Pulumi. Wiring only: rules.py decides."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pulumi_policy import (
    EnforcementLevel,
    Policy,
    PolicyConfigSchema,
    PolicyPack,
    PolicyProviderResource,
    PolicyResource,
    ReportViolation,
    StackValidationArgs,
    StackValidationPolicy,
)

# pulumi_policy does not export it, and a policy meets it wherever a preview does not know a value.
from pulumi_policy.proxy import UnknownValueError

from . import rules
from .resources import Resource
from .settings import InvalidSettingsError, Settings, read

_TEXTS = {"type": "array", "items": {"type": "string", "minLength": 1}, "default": []}
_EXCEPTIONS = {"exceptNamespaces": _TEXTS, "exceptNames": _TEXTS}

Rule = Callable[[Sequence[Resource], Settings], rules.Findings]


def serve() -> None:
    """Serve the policies to the engine, until it ends this process."""
    PolicyPack("prepull", policies=policies(), enforcement_level=EnforcementLevel.ADVISORY)


def policies() -> list[Policy]:
    """The policies. All but the one that has to be configured are advisory by default."""
    return [
        _policy(
            "pre-pulled",
            "Each image of a workload is pulled ahead of time where the workload may run.",
            lambda stack, settings: rules.pre_pulled(stack, settings.exceptions),
        ),
        _policy(
            "by-digest",
            "Each image is named by its digest.",
            lambda stack, settings: rules.by_digest(stack, settings.exceptions),
        ),
        _policy(
            "registries",
            "Each image is from one of the listed registries.",
            lambda stack, settings: rules.from_registries(stack, settings.registries, settings.exceptions),
            level=EnforcementLevel.DISABLED,
            registries=_TEXTS,
        ),
    ]


def _policy(
    name: str, description: str, rule: Rule, *, level: EnforcementLevel | None = None, **keys: dict[str, Any]
) -> StackValidationPolicy:
    schema = PolicyConfigSchema({**keys, **_EXCEPTIONS})

    def validate(args: StackValidationArgs, report: ReportViolation) -> None:
        try:
            settings = read(args.get_config(), schema.properties)
        except InvalidSettingsError as error:
            # An exception would end the whole preview with traces of Python.
            report(str(error), None)
            return
        findings = rule(stack_of(args.resources), settings)
        for finding in findings.violations:
            report(finding.text, finding.urn)
        for line in findings.undecided:
            # The engine shows what a policy pack prints.
            print(f"{name}: {line}", flush=True)

    return StackValidationPolicy(name, description, validate, level, schema)


def stack_of(found: Sequence[PolicyResource]) -> list[Resource]:
    """The resources of a stack as plain data."""
    made: dict[str, Resource] = {}

    def convert(each: PolicyResource) -> Resource:
        if each.urn not in made:
            parent = convert(each.parent) if each.parent else None
            props, unknown = plain(each.props)
            cluster = _cluster(each.provider)
            made[each.urn] = Resource(each.resource_type, each.name, props, each.urn, parent, cluster, unknown)
        return made[each.urn]

    return [convert(each) for each in found]


def _cluster(provider: PolicyProviderResource | None) -> str:
    """What tells a provider's cluster from others: what it connects with, or itself if that is not known yet."""
    if provider is None:
        return ""
    props, unknown = plain(provider.props)
    keys = ("kubeconfig", "context", "cluster")
    if any(path[0] in keys for path in unknown):
        return provider.urn
    # The SDK writes the variable into a provider that a program makes, and the engine's own provider reads it later.
    found = {"kubeconfig": os.environ.get("KUBECONFIG"), **props}
    return json.dumps([found.get(key) for key in keys])


def plain(props: Mapping[str, Any]) -> tuple[dict[str, Any], list[tuple[str, ...]]]:
    """A resource's properties as plain data, and the paths of those that are not known yet."""
    unknown: list[tuple[str, ...]] = []

    def copy(value: Any, path: tuple[str, ...]) -> Any:
        if isinstance(value, Mapping):
            pairs = ((key, take(value, key, (*path, str(key)))) for key in value)
            return {key: item for key, item in pairs if item is not _MISSING}
        if isinstance(value, Sequence) and not isinstance(value, str):
            taken = (take(value, index, (*path, str(index))) for index in range(len(value)))
            # None, so that the indices of the others stay.
            return [None if item is _MISSING else item for item in taken]
        return value

    def take(within: Any, key: Any, path: tuple[str, ...]) -> Any:
        try:
            value = within[key]
        except UnknownValueError:
            unknown.append(path)
            return _MISSING
        return copy(value, path)

    return copy(props, ()), unknown


_MISSING = object()
