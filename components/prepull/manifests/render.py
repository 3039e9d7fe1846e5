"""Renders the manifests that `pulumi up` would apply, with fixed names, for users who deploy from files. No Pulumi.

The same input gives the same bytes, without I/O. With `pin_digests`, the registries' answers are part of the input.
The names of immutable objects contain a hash of the content, so that a change makes new objects.
"""

from __future__ import annotations

import hashlib
import json
import re
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import yaml

from ..arguments import pins, weights
from ..arguments.check import InvalidArgumentError, check
from .kinds import KINDS
from .objects import Made, Object, Programs, objects_of

DEFAULT_NAMESPACE = "default"
HEADER = "# Written by `prepull render`; change its input, not this file.\n"

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")
# The limit for a Job's name, minus the longest suffix: "-gate-" and the hash.
_NAME_LENGTH = 63 - len("-gate-0123456789")

# Argo CD starts the next wave once all objects of this wave are healthy and its hooks have succeeded. As a hook, the
# gate runs again at each sync, and a failed gate does not block the next sync. Argo CD does not prune hooks: without
# HookSucceeded, each changed list would leave a Job behind.
# https://argo-cd.readthedocs.io/en/stable/user-guide/sync-waves/
_ARGO_CD_WAVE = {"argocd.argoproj.io/sync-wave": "-1"}
_ARGO_CD_HOOK = {
    "argocd.argoproj.io/hook": "Sync",
    "argocd.argoproj.io/hook-delete-policy": "BeforeHookCreation,HookSucceeded",
}
# Flux orders by Kustomizations (dependsOn, wait). It must recreate a Job that somebody has changed.
# https://fluxcd.io/flux/components/kustomize/kustomizations/#kustomizetoolkitfluxcdioforce
_FLUX_FORCE = {"kustomize.toolkit.fluxcd.io/force": "enabled"}


def manifests(
    name: str,
    args: Mapping[str, Any],
    namespace: str | None = None,
    *,
    warn: Callable[[str], None] = warnings.warn,
    tell: Callable[[str], None] | None = None,
    programs: Programs | None = None,
) -> dict[str, dict[str, Any]]:
    """The objects of a component, each after the objects that it refers to.

    Args:
        name: the component's name; the names of its objects begin with it.
        args: its arguments by their Python names, as for PrePullDaemonSet.
        namespace: the namespace of all objects. Default: the argument `namespace`, else "default". The manifests always
            name it.
        warn: called with a message for images that could not be pinned, if `on_pin_failure` is `warn`.
        tell: called with a text that says what the pinned images weigh. Default: nobody is told.
        programs: the programs that run on the cluster. Default: the programs of this package.

    Returns:
        The objects by the names of their files, without suffix.

    Raises:
        InvalidArgumentError: the name or an argument is wrong; the message has a line for each error.
        UnpinnableError: with `pin_digests`, a registry has no digest for an image, or does not answer.
    """
    if not _NAME.fullmatch(name) or len(name) > _NAME_LENGTH:
        raise InvalidArgumentError(
            f"'{name}' cannot begin the names of objects; "
            f"write at most {_NAME_LENGTH} lower-case letters, digits and '-', with a letter or digit at both ends"
        )
    plan = check(name, {**args, "namespace": namespace or args.get("namespace") or DEFAULT_NAMESPACE})
    plan = weights.weighed(name, pins.pinned(name, plan, warn=warn), tell=tell)
    made: dict[str, Made] = {}
    rendered = {}
    for item in objects_of(plan, programs):
        body = item.build(name, plan, {key: made[key] for key in item.needs})
        made[item.key] = Made(_object_name(name, item, body, str(plan.namespace)), str(plan.namespace))
        rendered[item.key] = _complete(item, made[item.key], body)
    return rendered


def files(rendered: Mapping[str, Mapping[str, Any]], *, kustomization: bool) -> dict[str, str]:
    """The manifests as files, one for each object.

    Args:
        rendered: the result of `manifests`.
        kustomization: add a kustomization.yaml that lists them.
    """
    written = {f"{key}.yaml": HEADER + dump(item) for key, item in rendered.items()}
    if kustomization:
        listed = {"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization", "resources": [*written]}
        written["kustomization.yaml"] = HEADER + dump(listed)
    return written


def stream(rendered: Mapping[str, Mapping[str, Any]]) -> str:
    """The manifests as one YAML stream."""
    return HEADER + "---\n".join(dump(item) for item in rendered.values())


def dump(item: Mapping[str, Any]) -> str:
    """One object as YAML that every parser reads in the same way."""
    text: str = yaml.dump(item, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)
    return text


def _object_name(name: str, item: Object, body: Mapping[str, Any], namespace: str) -> str:
    kind = KINDS[item.kind]
    if kind.cluster_wide:
        # Components with the same name in several namespaces must not share the object.
        return f"{name}{item.suffix}-{namespace}"
    if not kind.immutable:
        return name + item.suffix
    digest = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
    return f"{name}{item.suffix}-{digest[:10]}"


def _complete(item: Object, made: Made, body: Mapping[str, Any]) -> dict[str, Any]:
    kind = KINDS[item.kind]
    given = dict(body["metadata"])
    metadata: dict[str, Any] = {"name": made.name}
    if not kind.cluster_wide:
        metadata["namespace"] = made.namespace
    metadata["labels"] = given.pop("labels", {})
    ordering = {**_ARGO_CD_WAVE, **_ARGO_CD_HOOK, **_FLUX_FORCE} if item.kind == "Job" else _ARGO_CD_WAVE
    metadata["annotations"] = {**ordering, **given.pop("annotations", {})}
    head = {"apiVersion": kind.api_version, "kind": item.kind, "metadata": metadata}
    return {**head, **{key: value for key, value in body.items() if key != "metadata"}}


class _Dumper(yaml.SafeDumper):
    """Writes scripts as block scalars, no anchors, and quotes around texts that a parser might read as a number."""

    def ignore_aliases(self, data: Any) -> bool:
        del data
        return True


_PLAIN = re.compile(r"[A-Za-z/][A-Za-z0-9 ._/%-]*[A-Za-z0-9]|[A-Za-z]")
# PyYAML does not know all words that YAML 1.1 and 1.2 read differently.
_WORDS = frozenset(("y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf"))


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    if "\n" in text:
        style: str | None = "|"
    elif _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        style = None
    else:
        style = '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)
