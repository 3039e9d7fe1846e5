"""The DaemonSet as plain data: a checked plan in, what the API server gets out. No I/O, no Pulumi."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any

from .plan import Plan
from .runtimes import RUNTIMES

NAME_LABEL = "app.kubernetes.io/name"
INSTANCE_LABEL = "app.kubernetes.io/instance"
_LABEL_VALUE_LENGTH = 63

# A proxy beside the puller would never exit, and pulls do not go through the pod's network.
_NO_SIDECARS_ANNOTATIONS = {
    "linkerd.io/inject": "disabled",
    "sidecar.istio.io/inject": "false",
    "consul.hashicorp.com/connect-inject": "false",
}
_NO_SIDECARS_LABELS = {"sidecar.istio.io/inject": "false", "kuma.io/sidecar-injection": "disabled"}

# Nodes that stand for a service elsewhere run no DaemonSet pods, and would keep a rollout waiting for ever.
_REAL_NODES = (
    {"key": "type", "operator": "NotIn", "values": ["virtual-kubelet"]},
    {"key": "eks.amazonaws.com/compute-type", "operator": "NotIn", "values": ["fargate", "hybrid-fargate"]},
)

_PAUSE_RESOURCES = {"requests": {"cpu": "1m", "memory": "4Mi"}, "limits": {"memory": "16Mi"}}
_NOBODY = 65534


def selector(name: str) -> dict[str, str]:
    """The labels that tell this component's pods from all others.

    They follow from the component's name alone: a changed selector would replace the DaemonSet.
    """
    return {NAME_LABEL: "prepull", INSTANCE_LABEL: label_value(name)}


def label_value(name: str) -> str:
    """A name as a label's value: itself where the API allows it, else shortened, with a hash to stay distinct."""
    if len(name) <= _LABEL_VALUE_LENGTH and re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?", name):
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:8]
    readable = re.sub(r"[^A-Za-z0-9_.-]+", "-", name)[: _LABEL_VALUE_LENGTH - 9].strip("-_.")
    return f"{readable}-{digest}" if readable else digest


def daemon_set(name: str, plan: Plan) -> dict[str, Any]:
    """The DaemonSet's metadata and spec, in the API's own names.

    Args:
        name: the component's name, which its labels follow from.
        plan: what to pull and how.
    """
    labels = {**plan.labels, **selector(name)}
    metadata: dict[str, Any] = {"labels": labels}
    if plan.annotations:
        metadata["annotations"] = dict(plan.annotations)
    if plan.namespace:
        metadata["namespace"] = plan.namespace
    return {
        "metadata": metadata,
        "spec": {
            "selector": {"matchLabels": selector(name)},
            # Nobody is served by these pods: a changed list goes to all nodes at once, not node by node.
            "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "100%"}},
            "template": {
                "metadata": {
                    "labels": {**_NO_SIDECARS_LABELS, **labels},
                    "annotations": {**_NO_SIDECARS_ANNOTATIONS, **plan.annotations},
                },
                "spec": _pod_spec(plan),
            },
        },
    }


def _pod_spec(plan: Plan) -> dict[str, Any]:
    part = RUNTIMES[plan.runtime].pod(plan)
    spec: dict[str, Any] = {
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": 0,
        "securityContext": {"seccompProfile": {"type": "RuntimeDefault"}},
        "nodeSelector": {"kubernetes.io/os": "linux", **plan.node_selector},
        "affinity": _affinity(plan.affinity),
        "tolerations": [dict(toleration) for toleration in plan.tolerations],
        "initContainers": part.init_containers,
        "containers": [_pause(plan), *part.containers],
        "volumes": part.volumes,
    }
    if plan.image_pull_secrets:
        spec["imagePullSecrets"] = [{"name": name} for name in plan.image_pull_secrets]
    if plan.priority_class_name:
        spec["priorityClassName"] = plan.priority_class_name
    return spec


def _pause(plan: Plan) -> dict[str, Any]:
    return {
        "name": "pause",
        "image": plan.pause_image,
        "imagePullPolicy": "IfNotPresent",
        "resources": _PAUSE_RESOURCES,
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "privileged": False,
            "readOnlyRootFilesystem": True,
            "runAsNonRoot": True,
            "runAsUser": _NOBODY,
        },
    }


def _affinity(wanted: Mapping[str, Any] | None) -> dict[str, Any]:
    """The user's affinity, with virtual nodes excluded from every one of its alternatives."""
    affinity = dict(wanted or {})
    node = dict(affinity.get("nodeAffinity") or {})
    required = dict(node.get("requiredDuringSchedulingIgnoredDuringExecution") or {})
    terms = required.get("nodeSelectorTerms") or [{}]
    required["nodeSelectorTerms"] = [
        {**term, "matchExpressions": [*(term.get("matchExpressions") or []), *_REAL_NODES]} for term in terms
    ]
    node["requiredDuringSchedulingIgnoredDuringExecution"] = required
    return {**affinity, "nodeAffinity": node}
