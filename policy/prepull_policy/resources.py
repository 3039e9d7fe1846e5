"""A stack's resources as plain data, and what they say about images. No Pulumi."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from prepull.images import workloads
from prepull.images.left_out import mapping

COMPONENT = "prepull:index:PrePullDaemonSet"
# A policy sees the releases of Helm as one resource, without what they contain.
_OPAQUE = ("kubernetes:helm.sh/v3:Release",)

_EVERY = None
_CONTAINERS = {"image": _EVERY}


def _within_pods(fields: Mapping[str, Any]) -> Mapping[str, Any]:
    """Fields of a pod's spec, wherever a workload has such a spec."""
    shape = dict(fields)
    shape |= dict.fromkeys(("spec", "template", "jobTemplate", "items"), shape)
    return shape


_IMAGES = _within_pods(
    {
        **dict.fromkeys(("initContainers", "containers", "ephemeralContainers"), _CONTAINERS),
        "volumes": {"image": _EVERY},
    }
)
_PLACEMENT = _within_pods(
    dict.fromkeys(("affinity", "nodeName", "nodeSelector", "os", "runtimeClassName", "tolerations"), _EVERY)
)
_LIST = _within_pods({"initContainers": {"env": _EVERY}})


@dataclass(frozen=True)
class Resource:
    """A resource of a stack, as far as it is known."""

    type: str
    """Pulumi's type: `kubernetes:apps/v1:Deployment`."""
    name: str
    props: Mapping[str, Any]
    """Its outputs, without what is not known yet."""
    urn: str = ""
    parent: Resource | None = None
    cluster: str = ""
    """What tells its cluster from others."""
    unknown: Sequence[Sequence[str]] = ()
    """The fields of the outputs that are not known yet: `("spec", "containers", "0", "image")`."""

    @property
    def title(self) -> str:
        """Its name in messages: `Deployment 'web'`."""
        return f"{self.type.rpartition(':')[2]} '{self.name}'"

    @property
    def component(self) -> Resource | None:
        """The PrePullDaemonSet that it belongs to."""
        above = self.parent
        while above is not None and above.type != COMPONENT:
            above = above.parent
        return above

    @property
    def runs_pods(self) -> bool:
        """Whether Kubernetes runs pods for it."""
        package, _, rest = self.type.partition(":")
        api_version, _, kind = rest.partition(":")
        return package == "kubernetes" and workloads.runs_pods(api_version, kind.removesuffix("Patch"))

    @property
    def is_opaque(self) -> bool:
        """Whether it runs pods that a policy cannot see."""
        return self.type in _OPAQUE

    @property
    def unknown_image(self) -> str | None:
        """A field that names an image, and is not known yet; None if all are known."""
        return self._unknown(_IMAGES)

    @property
    def unknown_placement(self) -> str | None:
        """A field that decides where its pods may run, and is not known yet; None if all are known."""
        return self._unknown(_PLACEMENT)

    @property
    def unknown_list(self) -> str | None:
        """A field that decides, for a component's DaemonSet, what is pulled where; None if all are known."""
        return self._unknown(_LIST) or self.unknown_image or self.unknown_placement

    def _unknown(self, shape: Mapping[str, Any]) -> str | None:
        return next((".".join(path) for path in self.unknown if _leads_into(shape, path)), None)


def _leads_into(shape: Any, path: Sequence[str]) -> bool:
    """Whether a field is one of a shape, or contains one."""
    for key in path:
        if shape is _EVERY:
            return True
        # The indices of lists are no fields.
        if not key.isdigit():
            if key not in shape:
                return False
            shape = shape[key]
    return True


@dataclass(frozen=True)
class Exceptions:
    """The resources that a policy does not judge. Each is a pattern such as `kube-*`."""

    namespaces: Sequence[str] = ()
    """Patterns for their Kubernetes namespaces."""
    names: Sequence[str] = ()
    """Patterns for their Pulumi names, or those of the components and charts around them."""

    def hold(self, resource: Resource) -> bool:
        """Whether a resource is excepted."""
        namespace = mapping(resource.props.get("metadata")).get("namespace") or "default"
        return _match([str(namespace)], self.namespaces) or _match(_names(resource), self.names)


def _names(resource: Resource | None) -> Iterator[str]:
    while resource is not None:
        # The names of charts' children begin with the namespace.
        yield from (resource.name, resource.name.rpartition("/")[2])
        resource = resource.parent


def _match(names: Iterable[str], patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(name, pattern) for name in names for pattern in patterns)
