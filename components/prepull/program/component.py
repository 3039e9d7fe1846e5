"""PrePullDaemonSet: the Pulumi component. Wiring only; what is deployed is decided in manifest.py."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Optional

import pulumi
import pulumi_kubernetes as k8s

from ..arguments import pins
from ..arguments.check import InvalidArgumentError, check
from ..manifests import daemon_set as manifest
from ..manifests import gate_job as gate
from ..manifests.objects import Made, Object, objects_of
from ..plan import Plan
from .args import PrePullDaemonSetArgs

# ruff: noqa: UP045 - Optional is what Pulumi's schema analyser understands


class PrePullArgumentError(pulumi.RunError, InvalidArgumentError):
    """Arguments are wrong; Pulumi shows the message without a traceback."""


class PrePullDaemonSet(pulumi.ComponentResource):
    """Container images on every node of a cluster before the workloads that need them start.

    It is one DaemonSet of the single use pattern: an init container pulls the images on each node, nodes that join
    later included, and `pause` keeps the pod alive at no cost. What has it in its `depends_on` is created once the
    images are there.

    Example:
        >>> images = PrePullDaemonSet("images", {"images": ["nginx:1.27", "quay.io/org/app@sha256:…"]})
        >>> k8s.apps.v1.Deployment("web", …, opts=pulumi.ResourceOptions(depends_on=[images]))
    """

    daemon_set_name: pulumi.Output[str]
    """Name of the DaemonSet."""
    namespace: pulumi.Output[str]
    """Namespace of the DaemonSet."""
    images: pulumi.Output[list[str]]
    """The images in canonical form, without duplicates: `docker.io/library/nginx:1.27`; with `pin_digests`,
    `docker.io/library/nginx:1.27@sha256:…`."""
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
            PrePullArgumentError: an argument is wrong, or an image cannot be pinned. Where all arguments are known,
                nothing is declared; where some are outputs, the program fails as soon as they are known, with the
                same message.
        """
        settings = _Settings(name, args)
        super().__init__("prepull:index:PrePullDaemonSet", name, {}, opts)
        made: dict[str, Any] = {}
        bodies: dict[str, pulumi.Output[Any]] = {}
        for item in objects_of(settings):
            bodies[item.key] = self._body(name, item, settings, made)
            made[item.key] = self._create(name, item, settings, made, bodies[item.key])
        daemon_set = made["daemon-set"]
        gate_job = made.get("gate-job")

        status = self._status(name, daemon_set, gate_job, bodies["daemon-set"])
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

    def _body(self, name: str, item: Object, settings: "_Settings", made: Mapping[str, Any]) -> pulumi.Output[Any]:
        needs = {
            key: pulumi.Output.all(_identity(made[key], "name"), _identity(made[key], "namespace"))
            for key in item.needs
        }
        # A preview that asks the API server for a binding is refused while there is no role, unless by a cluster's
        # administrator. An ID is not known before there is one, and what is not known is not asked for.
        there = [made[key].id for key in item.needs] if item.kind in _BINDINGS else []
        annotation, _ = settings.waiting(item.kind)
        annotations = {annotation: "true"} if annotation else {}
        accounts = [key for key in item.needs if isinstance(made[key], k8s.core.v1.ServiceAccount)]

        def build(known: Sequence[Any]) -> dict[str, Any]:
            plan, pairs, _ = known
            others = {key: Made(*pair) for key, pair in pairs.items()}
            # An account is nobody's without it. At a preview the cluster may be one that is still to be made.
            if not pulumi.runtime.is_dry_run():
                _demand_namespaces(name, [others[key] for key in accounts])
            return _annotated(item.build(name, plan, others), annotations)

        return pulumi.Output.all(settings.plan, pulumi.Output.from_input(needs), pulumi.Output.all(*there)).apply(build)

    def _create(
        self, name: str, item: Object, settings: "_Settings", made: Mapping[str, Any], body: pulumi.Output[Any]
    ) -> Any:
        _, timeout = settings.waiting(item.kind)
        resource, fields = _KINDS[item.kind]
        return resource(
            name + item.suffix,
            # Each by itself: where some are not known yet, the provider still gives a name.
            metadata={field: body.apply(partial(_metadata, field)) for field in ("namespace", "labels", "annotations")},
            **{argument: body.apply(partial(_field, field)) for argument, field in fields.items()},
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=[made[key] for key in item.needs],
                custom_timeouts=pulumi.CustomTimeouts(create=timeout, update=timeout) if timeout else None,
            ),
        )

    def _status(self, name: str, daemon_set: Any, gate_job: Any, body: pulumi.Output[Any]) -> pulumi.Output[Any]:
        """The DaemonSet's status once the wait is over.

        Without the provider's own wait it is empty at first. Noting on the DaemonSet which gate has let through
        returns it as it is then, and is no change when nothing has changed.
        """
        if gate_job is None:
            return pulumi.Output.from_input(daemon_set.status)
        # Without the provider's wait, which would be for every node; min_ready is there to prevent that.
        note = {manifest.PASSED_ANNOTATION: _identity(gate_job, "name"), _SKIP_AWAIT: "true"}
        whole = pulumi.Output.all(body, daemon_set.status).apply(lambda known: _whole(*known))
        passed = k8s.apps.v1.DaemonSetPatch(
            f"{name}-passed",
            metadata={
                "name": _identity(daemon_set, "name"),
                "namespace": _identity(daemon_set, "namespace"),
                "labels": whole.apply(partial(_metadata, "labels")),
                "annotations": pulumi.Output.all(whole, note).apply(
                    lambda both: {**both[0]["metadata"].get("annotations", {}), **both[1]}
                ),
            },
            spec=whole.apply(partial(_field, "spec")),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[gate_job]),
        )
        return pulumi.Output.from_input(passed.status)


_SKIP_AWAIT = "pulumi.com/skipAwait"
_BINDINGS = ("RoleBinding", "ClusterRoleBinding")

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
            self.plan: pulumi.Output[Plan] = pulumi.Output.from_input(dict(args)).apply(
                lambda resolved: _plan_later(name, resolved)
            )
        else:
            stand_in = _pinned(name, plan, pulumi.log.warn)
            self.plan = pulumi.Output.from_input(stand_in)
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
    # Not apply(), which takes all of it for unknown where a part is.
    identity: pulumi.Output[Any] = getattr(resource.metadata, field)
    return identity


def _field(field: str, body: Mapping[str, Any]) -> Any:
    return body.get(field)


def _demand_namespaces(name: str, objects: Sequence[Made]) -> None:
    if not all(made.namespace for made in objects):
        raise PrePullArgumentError(
            f"PrePullDaemonSet '{name}': namespace: the provider renders files, and has no cluster to ask for one; "
            "write the argument"
        )


def _metadata(field: str, body: Mapping[str, Any]) -> Any:
    return body["metadata"].get(field)


def _annotated(body: Mapping[str, Any], annotations: Mapping[str, str]) -> dict[str, Any]:
    if not annotations:
        return dict(body)
    metadata = body["metadata"]
    return {**body, "metadata": {**metadata, "annotations": {**metadata.get("annotations", {}), **annotations}}}


def _whole(body: Mapping[str, Any], status: Any) -> Mapping[str, Any]:
    """What the note on a DaemonSet has to repeat of it: nothing, but where nothing is deployed.

    A provider that renders files (`render_yaml_to_directory`) knows no status, and writes a patch over the file of what
    it patches.
    """
    return body if status is None else {"metadata": {}}


def _plan(name: str, args: Mapping[str, Any]) -> Plan:
    try:
        return check(name, args)
    except InvalidArgumentError as error:
        raise PrePullArgumentError(str(error)) from None


def _pinned(name: str, plan: Plan, warn: Callable[[str], None]) -> Plan:
    try:
        return pins.pinned(name, plan, warn=warn)
    except (InvalidArgumentError, pins.UnpinnableError) as error:
        raise PrePullArgumentError(str(error)) from None


async def _plan_later(name: str, args: Mapping[str, Any]) -> Plan:
    warnings: list[str] = []
    try:
        plan = _plan(name, args)
        # Registries take seconds, in which the rest of the program can go on.
        plan = await asyncio.to_thread(_pinned, name, plan, warnings.append)
    except PrePullArgumentError as error:
        # The SDK takes a ValueError within an output for a mistake of its own, and wraps it up in several others.
        raise pulumi.RunError(str(error)) from None
    for warning in warnings:
        pulumi.log.warn(warning)
    return plan


def _is_known(value: Any) -> bool:
    if isinstance(value, Mapping):
        return all(_is_known(item) for item in value.values())
    if isinstance(value, (list, tuple)):
        return all(_is_known(item) for item in value)
    return value is None or isinstance(value, (str, int, float))
