"""The gate as plain data: a Job that waits for the images. If they do not come, it fails with the reason."""

from __future__ import annotations

from typing import Any

from .. import durations
from ..labels import PLAN_LABEL, selector
from ..plan import EVERY_TAINT, Plan
from ..runtimes.containers import mount
from .daemon_set import TOKEN_DIRECTORY, client_container, gate_labels, metadata, token_volume, without_sidecars
from .gate_program import COMMAND, PROGRAM_DIRECTORY, PROGRAM_VOLUME

# The kubelet's default.
TERMINATION_MESSAGE_PATH = "/dev/termination-log"
# Pulumi's own wait must be longer than the gate's: otherwise it would end before the gate has given its reasons.
MARGIN_SECONDS = 120
# If the gate's node goes down, the gate fails soon instead of waiting for a node that may never come back.
_GONE_SECONDS = 10

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
            "template": {
                "metadata": without_sidecars(made["labels"], plan.annotations),
                "spec": {key: value for key, value in pod.items() if value != []},
            },
        },
    }


def _tolerations(plan: Plan) -> list[dict[str, Any]]:
    """The tolerations of the gate's pod: the plan's, except that it must not stay on a node that is down."""
    wanted = plan.tolerations
    if wanted == EVERY_TAINT:
        wanted = ({"key": "node-role.kubernetes.io/control-plane", "operator": "Exists", "effect": "NoSchedule"},)
    gone = [
        {"key": f"node.kubernetes.io/{state}", "operator": "Exists", "effect": "NoExecute"}
        for state in ("not-ready", "unreachable")
    ]
    return [*map(dict, wanted), *({**taint, "tolerationSeconds": _GONE_SECONDS} for taint in gone)]
