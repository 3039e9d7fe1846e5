"""Decides which resources of a program are workloads, and which of them a block selects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any, cast

import pulumi

from ...images.placements import Placement
from ...images.workloads import Classes
from .. import charts
from ..errors import PrePullArgumentError
from ..images_of import Placed, is_workload, placed_of_inputs, placed_of_rendered, placements_of_inputs, title
from ..inputs import pruned

_DECLARES_LATER = (
    "kubernetes:helm.sh/v3:Chart",
    "kubernetes:kustomize:Directory",
    "kubernetes:yaml:ConfigFile",
    "kubernetes:yaml:ConfigGroup",
)


def has_images(type_: str) -> bool:
    """Whether a resource of this type runs pods, or is rendered to objects that run pods."""
    return is_workload(type_) or type_ in charts.RENDERED


def declares_later(type_: str) -> bool:
    """Whether the program declares the children of such a resource only after the provider has rendered them."""
    return type_ in _DECLARES_LATER


class Selection:
    """Selects resources by patterns for their names and namespaces, and gives their images and placements.

    Args:
        owner: the caller's name in an error.
        names: patterns for the name of a resource or of a resource around it.
        exclude: patterns for names that are not selected; they override `names`.
        namespaces: patterns for Kubernetes namespaces; None for all.

    Raises:
        PrePullArgumentError: an argument is neither a text nor a list of texts.
    """

    def __init__(self, owner: str, names: Any, exclude: Any, namespaces: Any) -> None:
        self._names = _patterns(owner, "names", names)
        self._exclude = _patterns(owner, "exclude", exclude)
        self._namespaces = None if namespaces is None else _patterns(owner, "namespaces", namespaces)

    @property
    def by_namespace(self) -> bool:
        """Whether there are patterns for namespaces. A namespace may be known later than the name."""
        return self._namespaces is not None

    def has_name(self, lineage: Iterable[str]) -> bool:
        """Whether a resource is selected by its own name and the names of the resources around it."""
        # The names of charts' children begin with the namespace.
        names = {part for name in lineage for part in (name, name.rpartition("/")[2])}
        return _match(names, self._names) and not _match(names, self._exclude)

    def placements(self, args: pulumi.ResourceTransformationArgs, classes: Classes) -> Sequence[Placement] | None:
        """The placements of a workload's pods, if the program wrote them as plain values; else None."""
        return placements_of_inputs(args.props, title(args.type_, args.name), classes)

    def images(
        self, args: pulumi.ResourceTransformationArgs, classes: Classes, *, everywhere: bool
    ) -> pulumi.Output[Placed]:
        """The images of a resource by their placements; none if its namespace is not selected.

        Args:
            args: Pulumi's description of the resource.
            classes: the RuntimeClasses that are known.
            everywhere: take all images of a workload for every node.
        """

        def read(namespace: str | None) -> pulumi.Output[Placed]:
            if args.type_ in charts.RENDERED:
                return self._rendered(args, classes, namespace)
            props = args.props if self._has_namespace(namespace) else {}
            return placed_of_inputs(props, title(args.type_, args.name), classes, everywhere=everywhere)

        return _namespace(args).apply(read) if self.by_namespace else read(None)

    def _rendered(
        self, args: pulumi.ResourceTransformationArgs, classes: Classes, namespace: str | None
    ) -> pulumi.Output[Placed]:
        options = pulumi.InvokeOptions(parent=args.opts.parent, provider=provider_of(args))
        inputs = cast(Mapping[str, Any], args.props)
        if namespace is not None:
            # Templates that write the namespace of their release must write the one that is selected by.
            inputs = {**inputs, "namespace": namespace}
        return placed_of_rendered(
            args.type_,
            args.name,
            inputs,
            options,
            classes=classes,
            chosen=lambda own: self._has_namespace(own or namespace),
        )

    def _has_namespace(self, namespace: str | None) -> bool:
        return self._namespaces is None or _match([namespace or "default"], self._namespaces)

    def __str__(self) -> str:
        """The restrictions, as in ` with names=['web-*'] and exclude=['web-1']`; empty if there are none."""
        given = {"names": self._names if self._names != ("*",) else (), "exclude": self._exclude}
        parts = [f"{argument}={list(patterns)}" for argument, patterns in given.items() if patterns]
        parts += [] if self._namespaces is None else [f"namespaces={list(self._namespaces)}"]
        return f" with {' and '.join(parts)}" if parts else ""


def provider_of(args: pulumi.ResourceTransformationArgs) -> pulumi.ProviderResource | None:
    """The provider that the program gave to a resource, or to what is around it; None for the default one."""
    given = args.opts.providers
    listed = list(given.values()) if isinstance(given, Mapping) else list(given or [])
    for provider in (*([args.opts.provider] if args.opts.provider else []), *listed):
        if provider.package == "kubernetes":
            return provider
    return args.opts.parent.get_provider(args.type_) if args.opts.parent else None


def _namespace(args: pulumi.ResourceTransformationArgs) -> pulumi.Output[Any]:
    props = cast(Mapping[str, Any], args.props)
    # A chart has an input `namespace`; other resources have it in their metadata.
    own = props if args.type_ in charts.RENDERED else props.get("metadata")
    default = getattr(provider_of(args), "namespace", None) or pulumi.Config("kubernetes").get("namespace")
    found = pulumi.Output.from_input(pruned(own or {}, {"namespace": None}))
    return found.apply(lambda known: known.get("namespace") or default)


def _patterns(owner: str, argument: str, value: Any) -> Sequence[str]:
    patterns = (value,) if isinstance(value, str) else value
    if not isinstance(patterns, Sequence) or not all(isinstance(pattern, str) for pattern in patterns):
        raise PrePullArgumentError(f"{owner}: {argument}: {value!r} is neither a text nor a list of texts")
    return tuple(patterns)


def _match(names: Iterable[str], patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(name, pattern) for name in names for pattern in patterns)
