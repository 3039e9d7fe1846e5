"""The gate as plain data: a Job that waits for the images. If they do not come, it fails with the reason."""

from __future__ import annotations

from typing import Any

from .. import durations
from ..gate import MARGIN_SECONDS as DEADLINE_MARGIN_SECONDS
from ..labels import PLAN_LABEL, selector
from ..plan import Plan
from ..runtimes.containers import mount
from .daemon_set import (
    REAL_NODES,
    TOKEN_DIRECTORY,
    client_container,
    gate_labels,
    metadata,
    token_volume,
    without_sidecars,
)
from .gate_program import COMMAND, PROGRAM_DIRECTORY, PROGRAM_VOLUME

# The kubelet's default.
TERMINATION_MESSAGE_PATH = "/dev/termination-log"
# Pulumi's own wait must be longer than the Job's deadline, which ends it whatever keeps the gate from running.
# Pulumi's alone would not: the provider's wait for a Job begins anew with each event of any Job or pod in the
# namespace, and its cache repeats the events every minute.
# https://github.com/pulumi/pulumi-kubernetes/blob/v4.32.0/provider/pkg/await/job.go
# https://github.com/pulumi/pulumi-kubernetes/blob/v4.32.0/provider/pkg/await/informers/factory.go
MARGIN_SECONDS = 120
# Nodes of which nothing is to be expected, by their taints: they are down, or about to be emptied or removed.
# https://kubernetes.io/docs/reference/labels-annotations-taints/
# https://github.com/kubernetes/autoscaler/blob/cluster-autoscaler-1.33.0/cluster-autoscaler/utils/taints/taints.go
# https://karpenter.sh/docs/concepts/disruption/
_DOWN = ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")
_OFF_OR_GOING = (
    *_DOWN,
    "node.kubernetes.io/disk-pressure",
    "node.kubernetes.io/memory-pressure",
    "node.kubernetes.io/network-unavailable",
    "node.kubernetes.io/out-of-service",
    "node.kubernetes.io/pid-pressure",
    "node.kubernetes.io/unschedulable",
    "node.cloudprovider.kubernetes.io/shutdown",
    "node.cloudprovider.kubernetes.io/uninitialized",
    "ToBeDeletedByClusterAutoscaler",
    "karpenter.sh/disrupted",
)

ROLE_RULES: list[dict[str, Any]] = [
    {"apiGroups": ["apps"], "resources": ["daemonsets"], "verbs": ["list", "watch"]},
    {"apiGroups": [""], "resources": ["pods", "events"], "verbs": ["list", "watch"]},
]
"""The gate's rights, in its own namespace."""


def seconds(timeout: str) -> int:
    """How long the gate waits: the argument `timeout` in whole seconds."""
    return max(1, durations.parse(timeout) // 1000)


def job(name: str, plan: Plan, *, daemon_set: str, program_name: str, service_account: str) -> dict[str, Any]:
    """The Job's metadata and spec, in the API's own names.

    Args:
        name: the component's name.
        plan: the plan of the pods; each change of it makes a new gate.
        daemon_set: the DaemonSet to wait for.
        program_name: the ConfigMap with its program.
        service_account: the ServiceAccount that has ROLE_RULES.
    """
    environment = {
        "PREPULL_DAEMON_SET": daemon_set,
        "PREPULL_POD": {"valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
        "PREPULL_SELECTOR": ",".join(f"{key}={value}" for key, value in selector(name).items()),
        "PREPULL_PLAN": f"{PLAN_LABEL}={plan.fingerprint}",
        "PREPULL_MIN_READY": plan.min_ready,
        "PREPULL_TIMEOUT_S": seconds(plan.timeout),
        "PREPULL_CREDENTIALS": TOKEN_DIRECTORY,
        "PREPULL_MESSAGE": TERMINATION_MESSAGE_PATH,
    }
    program = mount(PROGRAM_VOLUME, PROGRAM_DIRECTORY, read_only=True)
    container = client_container("gate", plan.gate_image, COMMAND, environment, program, plan=plan)
    pod: dict[str, Any] = {
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "serviceAccountName": service_account,
        "restartPolicy": "Never",
        "terminationGracePeriodSeconds": 0,
        "securityContext": {"seccompProfile": {"type": "RuntimeDefault"}, "fsGroup": 65534},
        "nodeSelector": {"kubernetes.io/os": "linux"},
        "affinity": _affinity(name),
        "tolerations": _tolerations(plan),
        "containers": [container],
        "volumes": [
            {"name": PROGRAM_VOLUME, "configMap": {"name": program_name}},
            token_volume(),
        ],
    }
    if plan.image_pull_secrets:
        pod["imagePullSecrets"] = [{"name": secret} for secret in plan.image_pull_secrets]
    if plan.priority_class_name:
        pod["priorityClassName"] = plan.priority_class_name
    made = metadata(plan, gate_labels(name, plan))
    return {
        "metadata": made,
        "spec": {
            "backoffLimit": 0,
            # If no pod can be created, or none gets a place, the Job fails by this alone.
            "activeDeadlineSeconds": seconds(plan.timeout) + DEADLINE_MARGIN_SECONDS,
            # A gate that is evicted with its node, or preempted, gives no verdict: a new one begins elsewhere.
            "podFailurePolicy": {
                "rules": [
                    {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]},
                ]
            },
            "template": {
                "metadata": without_sidecars(made["labels"], plan.annotations),
                "spec": {key: value for key, value in pod.items() if value != []},
            },
        },
    }


def _affinity(name: str) -> dict[str, Any]:
    """No virtual node, and rather a node with a live puller: a node short of disk has refused or evicted its puller."""
    pullers = {"labelSelector": {"matchLabels": selector(name)}, "topologyKey": "kubernetes.io/hostname"}
    return {
        "nodeAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": {
                "nodeSelectorTerms": [{"matchExpressions": [*map(dict, REAL_NODES)]}]
            }
        },
        "podAffinity": {
            "preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 100, "podAffinityTerm": pullers}]
        },
    }


def _tolerations(plan: Plan) -> list[dict[str, Any]]:
    """The tolerations of the gate's pod: wherever the pullers run, but not on nodes that are off or going.

    The API has no toleration of every taint but some. So a toleration without a key is taken for the effect NoSchedule
    alone, if it has that effect: nodes that are down have taints of the effect NoExecute as well. A cordoned node has
    none but of the effect NoSchedule. There the gate may run, and begins anew elsewhere when the node is emptied.
    """
    wanted = [dict(each) for each in plan.tolerations if each.get("key") not in _OFF_OR_GOING]
    if plan.startup_taint:
        wanted.append({"key": plan.startup_taint, "operator": "Exists"})
    keyed = [each for each in wanted if each.get("key")]
    effects = {each.get("effect") or "NoSchedule" for each in wanted if not each.get("key")}
    if "NoSchedule" in effects:
        keyed.append({"operator": "Exists", "effect": "NoSchedule"})
    elif "NoExecute" in effects:
        # Nodes that are down are then kept off by their taints of the effect NoSchedule.
        return [*wanted, *({"key": key, "operator": "Exists", **_BRIEFLY} for key in _DOWN)]
    # To a pod without a toleration for these, the API server adds one of five minutes, and for the scheduler that is as
    # good as any. A toleration of a value that these taints never have prevents both.
    # https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/#taint-based-evictions
    return [*keyed, *({"key": key, "operator": "Equal", "value": "never", "effect": "NoExecute"} for key in _DOWN)]


_BRIEFLY = {"effect": "NoExecute", "tolerationSeconds": 10}
