"""The Kubernetes objects of a component, as resources below it. Wiring only: manifests/ decides what is deployed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import pulumi
import pulumi_kubernetes as k8s

from ..manifests import gate_job
from ..manifests.kinds import KINDS
from ..manifests.objects import Made, Object, objects_of
from .settings import Deciding, Settings


@dataclass(frozen=True)
class Deployment:
    """What is deployed below a component.

    Attributes:
        resources: what dependents wait for.
        daemon_set_name: name of the DaemonSet.
        namespace: its namespace.
        images: the images in canonical form.
        ready_nodes: number of nodes that have every image, at the end of the wait.
        desired_nodes: number of nodes that the DaemonSet selects.
    """

    resources: Sequence[pulumi.Resource]
    daemon_set_name: pulumi.Output[str]
    namespace: pulumi.Output[str]
    images: pulumi.Output[list[str]]
    ready_nodes: pulumi.Output[int]
    desired_nodes: pulumi.Output[int]


def deploy(parent: pulumi.ComponentResource, name: str, settings: Settings) -> Deployment:
    """Declare the objects of a component.

    Args:
        parent: the component.
        name: its name; the names of the resources begin with it.
        settings: its arguments.
    """
    made: dict[str, Any] = {}
    for item in objects_of(settings.deciding):
        made[item.key] = _create(parent, name, item, settings, made)
    daemon_set = made["daemon-set"]
    status = _status(parent, name, daemon_set, made.get("gate-job"))
    return Deployment(
        list(made.values()),
        _identity(daemon_set, "name"),
        _identity(daemon_set, "namespace"),
        settings.plan.apply(lambda plan: [str(image) for image in plan.images]),
        status.apply(lambda seen: int((seen or {}).get("number_ready") or 0)),
        status.apply(lambda seen: int((seen or {}).get("desired_number_scheduled") or 0)),
    )


def _body(name: str, item: Object, settings: Settings, made: Mapping[str, Any]) -> pulumi.Output[Any]:
    needs = {
        key: pulumi.Output.all(_identity(made[key], "name"), _identity(made[key], "namespace")) for key in item.needs
    }
    # In a preview, the API server refuses a binding to a role that does not exist yet, unless the user is a cluster
    # administrator. An ID is unknown until its object exists, and a preview sends no requests for unknown inputs.
    # A ConfigMap is replaced with each change, and would be unknown again in each preview.
    bound = [key for key in item.needs if not isinstance(made[key], k8s.core.v1.ConfigMap)]
    there = {key: made[key].id for key in bound} if KINDS[item.kind].binds else {}
    annotation, _ = _waiting(item.kind, settings.deciding)
    annotations = {annotation: "true"} if annotation else {}
    # The namespace of an account is that of the objects beside it.
    beside = [key for key in there if not KINDS[type(made[key]).__name__].cluster_wide]

    def build(known: Sequence[Any]) -> dict[str, Any]:
        plan, pairs, ids = known
        others = {key: Made(*pair) for key, pair in pairs.items()}
        _refuse_rendering_without_namespace(name, {ids[key]: others[key] for key in beside})
        return _annotated(item.build(name, plan, others), annotations)

    return pulumi.Output.all(settings.plan, pulumi.Output.from_input(needs), pulumi.Output.from_input(there)).apply(
        build
    )


def _create(
    parent: pulumi.ComponentResource, name: str, item: Object, settings: Settings, made: Mapping[str, Any]
) -> Any:
    body = _body(name, item, settings, made)
    _, timeout = _waiting(item.kind, settings.deciding)
    resource, fields = _KINDS[item.kind]
    return resource()(
        name + item.suffix,
        # Field by field: the provider can give a name although some fields are still unknown.
        metadata={field: body.apply(partial(_metadata, field)) for field in ("namespace", "labels", "annotations")},
        **{argument: body.apply(partial(_field, field)) for argument, field in fields.items()},
        opts=pulumi.ResourceOptions(
            parent=parent,
            depends_on=[made[key] for key in item.needs],
            custom_timeouts=pulumi.CustomTimeouts(create=timeout, update=timeout) if timeout else None,
        ),
    )


def _status(parent: pulumi.ComponentResource, name: str, daemon_set: Any, gate_job: Any) -> pulumi.Output[Any]:
    """The DaemonSet's status once the wait is over.

    The provider returns the DaemonSet before the gate has ended, and does not wait for its pods. Therefore its
    status is read once more.
    """
    if gate_job is None:
        return pulumi.Output.from_input(daemon_set.status)

    def read(known: Sequence[Any]) -> pulumi.Output[Any]:
        identifier, uid, _ = known
        # Every object in a cluster has a UID. Without one, the provider renders files, or is a mock.
        if not uid:
            return pulumi.Output.from_input(daemon_set.status)
        # The provider reads the DaemonSet and writes nothing. Dependents wait for the gate, not for this resource.
        seen = k8s.apps.v1.DaemonSet.get(f"{name}-ready", identifier, pulumi.ResourceOptions(parent=parent))
        return pulumi.Output.from_input(seen.status)

    return pulumi.Output.all(daemon_set.id, _identity(daemon_set, "uid"), gate_job.id).apply(read)


# As functions: what a program does not declare, it does not import either.
_KINDS: Mapping[str, tuple[Callable[[], Any], Mapping[str, str]]] = {
    "ConfigMap": (
        lambda: k8s.core.v1.ConfigMap,
        {"data": "data", "binary_data": "binaryData", "immutable": "immutable"},
    ),
    "ServiceAccount": (lambda: k8s.core.v1.ServiceAccount, {}),
    "Role": (lambda: k8s.rbac.v1.Role, {"rules": "rules"}),
    "RoleBinding": (lambda: k8s.rbac.v1.RoleBinding, {"role_ref": "roleRef", "subjects": "subjects"}),
    "ClusterRole": (lambda: k8s.rbac.v1.ClusterRole, {"rules": "rules"}),
    "ClusterRoleBinding": (lambda: k8s.rbac.v1.ClusterRoleBinding, {"role_ref": "roleRef", "subjects": "subjects"}),
    "ValidatingAdmissionPolicy": (lambda: k8s.admissionregistration.v1.ValidatingAdmissionPolicy, {"spec": "spec"}),
    "ValidatingAdmissionPolicyBinding": (
        lambda: k8s.admissionregistration.v1.ValidatingAdmissionPolicyBinding,
        {"spec": "spec"},
    ),
    "DaemonSet": (lambda: k8s.apps.v1.DaemonSet, {"spec": "spec"}),
    "Job": (lambda: k8s.batch.v1.Job, {"spec": "spec"}),
}


def _waiting(kind: str, deciding: Deciding) -> tuple[str | None, str | None]:
    """How Pulumi itself waits for an object: the annotation that controls the wait, and the time limit."""
    if kind == "DaemonSet":
        return (None if deciding.wait_for == "pods" else "pulumi.com/skipAwait"), deciding.timeout
    if kind == "Job":
        # A failed Job stays failed: to try the same list again, Pulumi must replace the Job.
        return "pulumi.com/replaceUnready", f"{gate_job.seconds(deciding.timeout) + gate_job.MARGIN_SECONDS}s"
    return None, None


def _identity(resource: Any, field: str) -> pulumi.Output[Any]:
    # Not apply(): it treats all metadata as unknown if one part is.
    identity: pulumi.Output[Any] = getattr(resource.metadata, field)
    return identity


def _field(field: str, body: Mapping[str, Any]) -> Any:
    return body.get(field)


def _refuse_rendering_without_namespace(name: str, beside: Mapping[str, Made]) -> None:
    """Refuse to render bindings whose subject has no namespace, with a provider's `render_yaml_to_directory`.

    Args:
        name: the component's name, for the message.
        beside: objects in the subject's namespace by the IDs that the provider gave them. With a cluster, an ID is
            NAMESPACE/NAME.

    Raises:
        RunError: an object has no namespace.
    """
    if any(not made.namespace and identifier == made.name for identifier, made in beside.items()):
        # Not PrePullArgumentError: the SDK shows a ValueError within an output as an internal error.
        raise pulumi.RunError(
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
