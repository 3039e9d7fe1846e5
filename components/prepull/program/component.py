"""PrePullDaemonSet: the Pulumi component. Wiring only: manifests/ decides what is deployed."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Optional

import pulumi
import pulumi_kubernetes as k8s

from ..manifests import gate_job
from ..manifests.kinds import KINDS
from ..manifests.objects import Made, Object, objects_of
from .args import PrePullDaemonSetArgs
from .settings import Deciding, Settings

# ruff: noqa: UP045 - Optional is what Pulumi's schema analyser understands


class PrePullDaemonSet(pulumi.ComponentResource):
    """Pulls container images onto every node of a cluster before the workloads that need them start.

    It is one DaemonSet of the single use pattern: an init container pulls the images on each node, including nodes that
    join later, and `pause` keeps the pod alive at no cost. Resources that depend on the component are created only
    after the images are present.

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
    """Number of nodes that should have every image: the nodes that the DaemonSet selects."""

    def __init__(self, name: str, args: PrePullDaemonSetArgs, opts: Optional[pulumi.ResourceOptions] = None) -> None:
        """Declare the component.

        Args:
            name: the resource's name. The labels of the pods contain it.
            args: the images and how to pull them; see PrePullDaemonSetArgs.
            opts: Pulumi's resource options. All children use the provider that is given here.

        Raises:
            PrePullArgumentError: an argument is wrong, or an image cannot be pinned. If all arguments are known,
                nothing is declared. If some are outputs, the program fails with the same message when they are known.
        """
        settings = Settings.of(name, args)
        super().__init__("prepull:index:PrePullDaemonSet", name, {}, opts)
        made: dict[str, Any] = {}
        for item in objects_of(settings.deciding):
            made[item.key] = self._create(name, item, settings, made)
        daemon_set = made["daemon-set"]

        status = self._status(name, daemon_set, made.get("gate-job"))
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

    def _body(self, name: str, item: Object, settings: Settings, made: Mapping[str, Any]) -> pulumi.Output[Any]:
        needs = {
            key: pulumi.Output.all(_identity(made[key], "name"), _identity(made[key], "namespace"))
            for key in item.needs
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

    def _create(self, name: str, item: Object, settings: Settings, made: Mapping[str, Any]) -> Any:
        body = self._body(name, item, settings, made)
        _, timeout = _waiting(item.kind, settings.deciding)
        resource, fields = _KINDS[item.kind]
        return resource()(
            name + item.suffix,
            # Field by field: the provider can give a name although some fields are still unknown.
            metadata={field: body.apply(partial(_metadata, field)) for field in ("namespace", "labels", "annotations")},
            **{argument: body.apply(partial(_field, field)) for argument, field in fields.items()},
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=[made[key] for key in item.needs],
                custom_timeouts=pulumi.CustomTimeouts(create=timeout, update=timeout) if timeout else None,
            ),
        )

    def _status(self, name: str, daemon_set: Any, gate_job: Any) -> pulumi.Output[Any]:
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
            seen = k8s.apps.v1.DaemonSet.get(f"{name}-ready", identifier, pulumi.ResourceOptions(parent=self))
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


def _waiting(kind: str, deciding: Deciding) -> tuple[Optional[str], Optional[str]]:
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
