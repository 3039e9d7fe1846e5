"""Arguments and plans for tests."""

from __future__ import annotations

from typing import Any

import pytest
from prepull.arguments import check as validation
from prepull.arguments import pins
from prepull.manifests.objects import Made, objects_of
from prepull.plan import Plan

RUNTIMES = ("docker", "containerd", "cri-o", "cri-dockerd", "k3s", "auto", "kubelet", "image-volume")
SOCKET_RUNTIMES = RUNTIMES[:6]
HEX = "0123456789abcdef" * 4

EACH: dict[str, Any] = {
    "socket_path": "/var/snap/microk8s/common/run/containerd.sock",
    "namespace": "prepull",
    "pull_policy": "Always",
    "parallelism": 8,
    "attempts": 3,
    "backoff": "500ms",
    "image_timeout": "1m30s",
    "on_failure": "continue",
    "refresh": "6h",
    "hold": True,
    "stagger": "90s",
    "image_pull_secrets": ["registry-example-com", "other"],
    "credential_provider": {
        "command": "/etc/eks/image-credential-provider/ecr-credential-provider",
        "args": ["get-credentials", "--v=3"],
        "env": {"AWS_REGION": "eu-north-1"},
        "match_images": ["*.dkr.ecr.*.amazonaws.com", "registry.example.com:5000/team"],
    },
    "puller_image": "registry.example.com:5000/prepull/puller:1",
    "gate_image": "registry.example.com:5000/prepull/gate:1",
    "pause_image": "registry.example.com:5000/pause:3.10",
    "node_selector": {"pool": "gpu"},
    "tolerations": [
        {"key": "gpu", "operator": "Equal", "value": "true", "effect": "NoSchedule"},
        {"operator": "Exists", "effect": "NoExecute", "toleration_seconds": 3600},
    ],
    "affinity": {
        "node_affinity": {
            "required_during_scheduling_ignored_during_execution": {
                "node_selector_terms": [
                    {"match_expressions": [{"key": "zone", "operator": "In", "values": ["a", "b"]}]},
                    {"match_fields": [{"key": "metadata.name", "operator": "In", "values": ["node-1"]}]},
                ]
            }
        },
        "pod_anti_affinity": {
            "preferred_during_scheduling_ignored_during_execution": [
                {
                    "weight": 100,
                    "pod_affinity_term": {
                        "label_selector": {"match_labels": {"app_name": "quiet"}},
                        "topology_key": "kubernetes.io/hostname",
                    },
                }
            ]
        },
    },
    "priority_class_name": "system-node-critical",
    "resources": {"requests": {"cpu": "100m", "memory": "64Mi"}, "limits": {"cpu": 2, "memory": "1Gi"}},
    "helper_resources": {"requests": {"memory": "32Mi"}, "limits": {"cpu": "5m"}},
    "service_account_name": "images-of-platform",
    "labels": {"team": "platform"},
    "annotations": {"example.com/note": "line 1\nline 2"},
    "startup_taint": "example.com/images",
    "pin_digests": True,
    "on_pin_failure": "warn",
    "wait_for": "pods",
    "timeout": "10m",
    "min_ready": "90%",
    "mirrors": {"docker.io": "mirror.example.com/hub", "quay.io/org": "mirror.example.com:5000"},
    "remove": ["nginx:1.24", "quay.io/org/app:1"],
    "min_free_disk": "20Gi",
    "prune": True,
}
"""For every argument except `images` and `runtime`, a value that is not the default."""

IMAGES = ["hello-world", f"nginx:1.27@sha256:{HEX}", "quay.io/org/app:2"]


def plan_of(**args: Any) -> Plan:
    """A plan. Default for the images: IMAGES. With `pin_digests`, each tag resolves to a fixed digest."""
    plan = validation.check("images", {"images": IMAGES, **args})
    return pins.pinned("images", plan, warn=pytest.fail, resolve=lambda asked: [f"sha256:{HEX[::-1]}"] * len(asked))


def built(plan: Plan, name: str = "images") -> dict[str, dict[str, Any]]:
    """Every object of a plan by its key, with its kind and its name."""
    objects: dict[str, dict[str, Any]] = {}
    made: dict[str, Made] = {}
    for item in objects_of(plan):
        others = {key: made[key] for key in item.needs}
        made[item.key] = Made(name + item.suffix, plan.namespace or "default")
        body = item.build(name, plan, others)
        objects[item.key] = {"kind": item.kind, **body, "metadata": {"name": name + item.suffix, **body["metadata"]}}
    return objects
