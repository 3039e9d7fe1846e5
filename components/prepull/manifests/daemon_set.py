"""The DaemonSet as plain data: takes a checked plan, returns the fields of the API. No I/O, no Pulumi."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..labels import INSTANCE_LABEL, NAME_LABEL, PLAN_LABEL, label_value, selector
from ..node.scripts import SCRIPTS_DIRECTORY, SCRIPTS_VOLUME, UNTAINT_FILES
from ..plan import Plan
from ..quantities import Resources
from ..runtimes import RUNTIMES
from ..runtimes.containers import MARKS_DIRECTORY, MARKS_MOUNT, helper_resources, mount, pause, unprivileged

# A sidecar proxy is of no use, since pulls do not go through the pod's network; and it would never exit.
_NO_SIDECARS_ANNOTATIONS = {
    "linkerd.io/inject": "disabled",
    "sidecar.istio.io/inject": "false",
    "consul.hashicorp.com/connect-inject": "false",
}
_NO_SIDECARS_LABELS = {"sidecar.istio.io/inject": "false", "kuma.io/sidecar-injection": "disabled"}

# Virtual nodes run no DaemonSet pods. If they were selected, a rollout would never end.
REAL_NODES = (
    {"key": "type", "operator": "NotIn", "values": ["virtual-kubelet"]},
    {"key": "eks.amazonaws.com/compute-type", "operator": "NotIn", "values": ["fargate", "hybrid-fargate"]},
)

TOKEN_DIRECTORY = "/var/run/secrets/kubernetes.io/serviceaccount"  # noqa: S105 - a path
_UNTAINT_VOLUME = "untaint"
# Seconds before each look, ten minutes in all: Karpenter puts startup taints back that were removed before it had seen
# the node registered. https://github.com/kubernetes-sigs/karpenter/issues/1772
_LOOKS = "5 10 20 40 80 160 285"
_TOKEN_VOLUME = "token"  # noqa: S105 - a name
_TOKEN_SECONDS = 3607
_CLIENT_RESOURCES: Resources = {
    "requests": {"cpu": "10m", "memory": "16Mi"},
    "limits": {"cpu": "500m", "memory": "192Mi"},
}


def labels(name: str, plan: Plan) -> dict[str, str]:
    """The labels of the DaemonSet and its pods: the user's, overridden by the component's."""
    return {**plan.labels, **selector(name)}


def gate_labels(name: str, plan: Plan) -> dict[str, str]:
    """The labels of the gate's Job and pod. The DaemonSet's selector must not match the gate's pod."""
    of_plan = {INSTANCE_LABEL: label_value(name), PLAN_LABEL: plan.fingerprint}
    return {**plan.labels, NAME_LABEL: "prepull-gate", **of_plan}


def metadata(plan: Plan, labelled: Mapping[str, str]) -> dict[str, Any]:
    """The metadata of an object of the component, without a name: the caller chooses it."""
    made: dict[str, Any] = {"labels": dict(labelled)}
    if plan.annotations:
        made["annotations"] = dict(plan.annotations)
    if plan.namespace:
        made["namespace"] = plan.namespace
    return made


def without_sidecars(labelled: Mapping[str, str], annotations: Mapping[str, str]) -> dict[str, Any]:
    """A pod's metadata, with the labels and annotations that turn off the injection of sidecars."""
    return {
        "labels": {**_NO_SIDECARS_LABELS, **labelled},
        "annotations": {**_NO_SIDECARS_ANNOTATIONS, **annotations},
    }


def daemon_set(
    name: str, plan: Plan, *, scripts_name: str | None = None, service_account: str | None = None
) -> dict[str, Any]:
    """The DaemonSet's metadata and spec, in the API's own names.

    Args:
        name: the component's name; the labels contain it.
        plan: what to pull and how.
        scripts_name: the ConfigMap with the scripts; None if the pods need none.
        service_account: the component's own ServiceAccount, which may remove the startup taint; None if it has none.
    """
    return {
        "metadata": metadata(plan, labels(name, plan)),
        "spec": {
            "selector": {"matchLabels": selector(name)},
            # The pods serve no requests, so a changed list may go to all nodes at once.
            "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "100%"}},
            "template": {
                "metadata": without_sidecars({**labels(name, plan), PLAN_LABEL: plan.fingerprint}, plan.annotations),
                "spec": _pod_spec(plan, scripts_name, service_account),
            },
        },
    }


def _pod_spec(plan: Plan, scripts_name: str | None, service_account: str | None) -> dict[str, Any]:
    part = RUNTIMES[plan.runtime].pod(plan)
    init_containers, volumes = list(part.init_containers), list(part.volumes)
    # The kubelet starts containers in this order: the image of `pause` must not delay the others.
    containers = [*part.containers, pause(plan, part.pause_mounts)]
    tolerations = [dict(toleration) for toleration in plan.tolerations]
    if RUNTIMES[plan.runtime].reports:
        volumes.append({"name": SCRIPTS_VOLUME, "configMap": {"name": scripts_name}})
    if plan.startup_taint:
        if part.marks:
            awaited = {"PREPULL_MARKS": MARKS_DIRECTORY, "PREPULL_AWAIT": str(len(plan.images))}
            containers.append(_untaint(plan, "untaint", [MARKS_MOUNT], **awaited, PREPULL_LOOKS=_LOOKS))
        else:
            init_containers.append(_untaint(plan, "untaint", part.pause_mounts))
            containers.append(_untaint(plan, "untaint-again", PREPULL_LOOKS=_LOOKS))
        volumes.extend([_untaint_volume(scripts_name), token_volume()])
        tolerations.append({"key": plan.startup_taint, "operator": "Exists"})
    spec: dict[str, Any] = {
        "automountServiceAccountToken": False,
        # Without this field, the API server keeps the name of an earlier update, whose ServiceAccount may be deleted.
        "serviceAccountName": service_account or plan.service_account_name or "default",
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": 0,
        "securityContext": {"seccompProfile": {"type": "RuntimeDefault"}},
        "nodeSelector": {"kubernetes.io/os": "linux", **plan.node_selector},
        "affinity": _affinity(plan.affinity),
        "tolerations": tolerations,
        "initContainers": init_containers,
        "containers": containers,
        "volumes": volumes,
    }
    if part.host_network:
        spec["hostNetwork"] = True
    if plan.image_pull_secrets:
        spec["imagePullSecrets"] = [{"name": secret} for secret in plan.image_pull_secrets]
    if plan.priority_class_name:
        spec["priorityClassName"] = plan.priority_class_name
    return {key: value for key, value in spec.items() if value != []}


def token_volume() -> dict[str, Any]:
    """The volume with a client's token, for the only container that talks to the API server."""
    sources = [
        {"serviceAccountToken": {"path": "token", "expirationSeconds": _TOKEN_SECONDS}},
        {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
        {
            "downwardAPI": {
                "items": [{"path": "namespace", "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}}]
            }
        },
    ]
    return {"name": _TOKEN_VOLUME, "projected": {"sources": sources}}


def client_container(
    name: str,
    image: str,
    command: Sequence[str],
    environment: Mapping[str, Any],
    program: dict[str, Any],
    *,
    plan: Plan,
) -> dict[str, Any]:
    """A container that talks to the API server, as an unprivileged user.

    Args:
        name: its name.
        image: its image.
        command: its command.
        environment: its variables: each a text, or a `valueFrom` of the API.
        program: the volume mount with its program.
        plan: the plan, with the user's `helper_resources`.
    """
    return {
        "name": name,
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "command": list(command),
        "env": [
            {"name": key, **(value if isinstance(value, Mapping) else {"value": str(value)})}
            for key, value in environment.items()
        ],
        "resources": helper_resources(plan, _CLIENT_RESOURCES),
        "securityContext": unprivileged(),
        "volumeMounts": [program, mount(_TOKEN_VOLUME, TOKEN_DIRECTORY, read_only=True)],
    }


def _untaint(plan: Plan, name: str, images: Sequence[dict[str, Any]] = (), **more: str) -> dict[str, Any]:
    """A container that removes the startup taint.

    Args:
        plan: the plan.
        name: the container's name.
        images: the mounts by which it waits for the images: of the image volumes, or of the marks. The kubelet starts a
            container once it has the images that this container mounts, whatever the pod's other containers mount.
            https://github.com/kubernetes/kubernetes/blob/v1.34.0/pkg/kubelet/kuberuntime/kuberuntime_manager.go
        more: further variables.
    """
    node = {"valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}}
    container = client_container(
        name,
        plan.kubectl_image,
        ["/bin/sh", f"{SCRIPTS_DIRECTORY}/untaint.sh"],
        {"PREPULL_NODE": node, "PREPULL_TAINT": plan.startup_taint, **more},
        mount(_UNTAINT_VOLUME, SCRIPTS_DIRECTORY, read_only=True),
        plan=plan,
    )
    return {**container, "volumeMounts": [*container["volumeMounts"], *images]}


def _untaint_volume(scripts_name: str | None) -> dict[str, Any]:
    """The script in a volume of its own.

    With SELinux, the kubelet labels a volume for the first container that mounts it, which is the puller; a container
    with another label could not read it. https://github.com/kubernetes/kubernetes/blob/v1.34.0/pkg/kubelet/kubelet_pods.go
    """
    items = [{"key": name, "path": name} for name in UNTAINT_FILES]
    return {"name": _UNTAINT_VOLUME, "configMap": {"name": scripts_name, "items": items}}


def _affinity(wanted: Mapping[str, Any] | None) -> dict[str, Any]:
    """The user's affinity, with virtual nodes excluded from each of its alternatives."""
    affinity = dict(wanted or {})
    node = dict(affinity.get("nodeAffinity") or {})
    required = dict(node.get("requiredDuringSchedulingIgnoredDuringExecution") or {})
    terms = required.get("nodeSelectorTerms") or [{}]
    required["nodeSelectorTerms"] = [
        {**term, "matchExpressions": [*(term.get("matchExpressions") or []), *REAL_NODES]} for term in terms
    ]
    node["requiredDuringSchedulingIgnoredDuringExecution"] = required
    return {**affinity, "nodeAffinity": node}
