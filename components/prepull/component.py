"""PrePullDaemonSet: the Pulumi component. Wiring only; what is deployed is decided in manifest.py."""

from collections.abc import Mapping
from functools import partial
from typing import Any, Optional

import pulumi
import pulumi_kubernetes as k8s

from . import gate, manifest
from .args import PrePullDaemonSetArgs
from .objects import Made, Object, objects_of
from .plan import Plan
from .validation import InvalidArgumentError, check

# ruff: noqa: UP045 - Optional is what Pulumi's schema analyser understands


class PrePullArgumentError(pulumi.RunError, InvalidArgumentError):
    """Arguments are wrong; Pulumi shows the message without a traceback."""


class PrePullDaemonSet(pulumi.ComponentResource):
    """Container images on every node of a cluster before the workloads that need them start.

    It is one DaemonSet of the single use pattern: an init container pulls the images on each node, nodes that join
    later included, and `pause` keeps the pod alive at no cost. Whatever says `depends_on=[component]` is created
    once the images are there.

    Example:
        >>> images = PrePullDaemonSet("images", {"images": ["nginx:1.27", "quay.io/org/app@sha256:…"]})
        >>> k8s.apps.v1.Deployment("web", …, opts=pulumi.ResourceOptions(depends_on=[images]))
    """

    daemon_set_name: pulumi.Output[str]
    """Name of the DaemonSet."""
    namespace: pulumi.Output[str]
    """Namespace of the DaemonSet."""
    images: pulumi.Output[list[str]]
    """The images in canonical form, without duplicates: `docker.io/library/nginx:1.27`."""
    ready_nodes: pulumi.Output[int]
    """Number of nodes that have every image, at the end of the wait."""
    desired_nodes: pulumi.Output[int]
    """Number of nodes that are to have them."""

    def __init__(self, name: str, args: PrePullDaemonSetArgs, opts: Optional[pulumi.ResourceOptions] = None) -> None:
        """Declare the component.

        Args:
            name: the resource's name. The pods' labels follow from it.
            args: what to pull and how; see PrePullDaemonSetArgs.
            opts: Pulumi's resource options. A provider given here is the one that every child uses.

        Raises:
            PrePullArgumentError: an argument is wrong. Where all arguments are known, nothing is declared; where
                some are outputs, the program fails as soon as they are known, with the same message.
        """
        settings = _Settings(name, args)
        super().__init__("prepull:index:PrePullDaemonSet", name, {}, opts)
        made: dict[str, Any] = {}
        for item in objects_of(settings):
            made[item.key] = self._create(name, item, settings, made)
        daemon_set = made["daemon-set"]
        gate_job = made.get("gate-job")

        status = self._status(name, daemon_set, gate_job)
        self.daemon_set_name = _identity(daemon_set, "name")
        self.namespace = _identity(daemon_set, "namespace")
        self.images = settings.plan.apply(lambda plan: [str(image) for image in plan.images])
        self.ready_nodes = status.apply(lambda seen: int((seen or {}).get("number_ready") or 0))
        self.desired_nodes = status.apply(lambda seen: int((seen or {}).get("desired_number_scheduled") or 0))
        self.register_outputs(
            {
                "daemon_set_name": self.daemon_set_name,
                "namespace": self.namespace,
                "images": self.images,
                "ready_nodes": self.ready_nodes,
                "desired_nodes": self.desired_nodes,
            }
        )

    def _create(self, name: str, item: Object, settings: "_Settings", made: Mapping[str, Any]) -> Any:
        needs = {
            key: pulumi.Output.all(_identity(made[key], "name"), _identity(made[key], "namespace"))
            for key in item.needs
        }
        body = pulumi.Output.all(settings.plan, pulumi.Output.from_input(needs)).apply(
            lambda known: item.build(name, known[0], {key: Made(*pair) for key, pair in known[1].items()})
        )
        annotation, timeout = settings.waiting(item.kind)
        resource, fields = _KINDS[item.kind]
        return resource(
            name + item.suffix,
            metadata=body.apply(lambda found: _annotated(found["metadata"], annotation)),
            **{argument: body.apply(partial(_field, field)) for argument, field in fields.items()},
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=[made[key] for key in item.needs],
                custom_timeouts=pulumi.CustomTimeouts(create=timeout, update=timeout) if timeout else None,
            ),
        )

    def _status(self, name: str, daemon_set: Any, gate_job: Any) -> pulumi.Output[Any]:
        """The DaemonSet's status once the wait is over.

        Without the provider's own wait it is empty at first. Noting on the DaemonSet which gate has let through
        returns it as it is then, and is no change when nothing has changed.
        """
        if gate_job is None:
            return pulumi.Output.from_input(daemon_set.status)
        passed = k8s.apps.v1.DaemonSetPatch(
            f"{name}-passed",
            metadata={
                "name": _identity(daemon_set, "name"),
                "namespace": _identity(daemon_set, "namespace"),
                # The provider's wait would be for every node, which is what min_ready is there to prevent.
                "annotations": {manifest.PASSED_ANNOTATION: _identity(gate_job, "name"), _SKIP_AWAIT: "true"},
            },
            opts=pulumi.ResourceOptions(parent=self, depends_on=[gate_job]),
        )
        return pulumi.Output.from_input(passed.status)


_SKIP_AWAIT = "pulumi.com/skipAwait"

_KINDS: Mapping[str, tuple[Any, Mapping[str, str]]] = {
    "ConfigMap": (k8s.core.v1.ConfigMap, {"data": "data", "immutable": "immutable"}),
    "ServiceAccount": (k8s.core.v1.ServiceAccount, {}),
    "Role": (k8s.rbac.v1.Role, {"rules": "rules"}),
    "RoleBinding": (k8s.rbac.v1.RoleBinding, {"role_ref": "roleRef", "subjects": "subjects"}),
    "ClusterRole": (k8s.rbac.v1.ClusterRole, {"rules": "rules"}),
    "ClusterRoleBinding": (k8s.rbac.v1.ClusterRoleBinding, {"role_ref": "roleRef", "subjects": "subjects"}),
    "DaemonSet": (k8s.apps.v1.DaemonSet, {"spec": "spec"}),
    "Job": (k8s.batch.v1.Job, {"spec": "spec"}),
}


class _Settings:
    """The plan, which may be known later, and beside it what decides about the resources' number and must be known."""

    def __init__(self, name: str, args: Mapping[str, Any]) -> None:
        plan = _plan(name, args) if _is_known(args) else None
        if plan is None:
            # The other arguments are replaced by what is surely valid, so that these are checked at once.
            deciding = {key: args[key] for key in self._DECIDING if args.get(key) is not None}
            unknown = [key for key, value in deciding.items() if not _is_known(value)]
            if unknown:
                raise PrePullArgumentError(
                    f"PrePullDaemonSet '{name}': {', '.join(unknown)}: it decides which resources there are, and so "
                    "must be known when the program runs; write a plain value instead of an output"
                )
            stand_in = _plan(name, {**deciding, "images": ["image"]})
            self.plan = pulumi.Output.from_input(dict(args)).apply(lambda resolved: _plan_of_outputs(name, resolved))
        else:
            stand_in = plan
            self.plan = pulumi.Output.from_input(plan)
        self.runtime = stand_in.runtime
        self.startup_taint = stand_in.startup_taint
        self.wait_for = stand_in.wait_for
        self._timeout = stand_in.timeout
        self._timeout_seconds = gate.seconds(stand_in)

    def waiting(self, kind: str) -> tuple[Optional[str], Optional[str]]:
        """What Pulumi is told of its own wait for an object: an annotation and a limit."""
        if kind == "DaemonSet":
            return (None if self.wait_for == "pods" else _SKIP_AWAIT), self._timeout
        if kind == "Job":
            # A failed Job stays failed: where the reason is gone, the same list needs a new one.
            return "pulumi.com/replaceUnready", f"{self._timeout_seconds + gate.MARGIN_SECONDS}s"
        return None, None

    _DECIDING = ("runtime", "startup_taint", "wait_for", "timeout")


def _identity(resource: Any, field: str) -> pulumi.Output[Any]:
    identity: pulumi.Output[Any] = resource.metadata.apply(lambda metadata: metadata and metadata.get(field))
    return identity


def _field(field: str, body: Mapping[str, Any]) -> Any:
    return body[field]


def _annotated(metadata: dict[str, Any], annotation: Optional[str]) -> dict[str, Any]:
    if annotation is None:
        return metadata
    return {**metadata, "annotations": {**metadata.get("annotations", {}), annotation: "true"}}


def _plan(name: str, args: Mapping[str, Any]) -> Plan:
    try:
        return check(name, args)
    except InvalidArgumentError as error:
        raise PrePullArgumentError(str(error)) from None


def _plan_of_outputs(name: str, args: Mapping[str, Any]) -> Plan:
    try:
        return check(name, args)
    except InvalidArgumentError as error:
        # The SDK takes a ValueError within an output for a mistake of its own, and wraps it up in several others.
        raise pulumi.RunError(str(error)) from None


def _is_known(value: Any) -> bool:
    if isinstance(value, Mapping):
        return all(_is_known(item) for item in value.values())
    if isinstance(value, (list, tuple)):
        return all(_is_known(item) for item in value)
    return value is None or isinstance(value, (str, int, float))
