"""Stacks as a policy sees them: components as they are deployed, and workloads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from prepull_policy.resources import COMPONENT, Resource

from ...plans import built, plan_of

GPU_TAINT = {"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}
GPU = {"nodeSelector": {"pool": "gpu"}, "tolerations": [GPU_TAINT]}
GPU_ARGUMENTS: dict[str, Any] = {"node_selector": {"pool": "gpu"}, "tolerations": [GPU_TAINT]}
_TYPES = {"DaemonSet": "kubernetes:apps/v1:DaemonSet", "Job": "kubernetes:batch/v1:Job"}


def component(
    *images: str,
    name: str = "images",
    cluster: str = "",
    unknown: Sequence[Sequence[str]] = (),
    **args: Any,
) -> list[Resource]:
    """A PrePullDaemonSet with its objects. What is unknown is so in its DaemonSet."""
    plan = plan_of(images=list(images), **args)
    made = Resource(COMPONENT, name, {"images": [str(image) for image in plan.images]}, f"urn:{name}")
    return [made] + [
        Resource(
            _TYPES.get(body["kind"], f"kubernetes:core/v1:{body['kind']}"),
            body["metadata"]["name"],
            body,
            f"urn:{name}/{key}",
            made,
            cluster,
            unknown if key == "daemon-set" else (),
        )
        for key, body in built(plan, name).items()
    ]


def pod_spec(*images: str, **spec: Any) -> dict[str, Any]:
    return {"containers": [{"name": f"c{index}", "image": image} for index, image in enumerate(images)], **spec}


def workload(
    name: str,
    *images: str,
    namespace: str | None = None,
    spec: Mapping[str, Any] | None = None,
    **more: Any,
) -> Resource:
    """A Deployment whose pods have a container for each image."""
    template = {"template": {"spec": pod_spec(*images, **(spec or {}))}}
    props = {"metadata": {"name": name, "namespace": namespace}, "spec": template}
    return Resource("kubernetes:apps/v1:Deployment", name, props, f"urn:{name}", **more)
