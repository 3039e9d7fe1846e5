"""Pods as users start them, to see whether and when a node runs them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def pod_for(
    node: str,
    images: Sequence[str],
    *,
    name: str,
    namespace: str,
    pull_policy: str = "IfNotPresent",
    tolerations: Sequence[Mapping[str, str]] = (),
) -> dict[str, Any]:
    """The manifest of a pod that the scheduler can put on one node alone.

    Args:
        node: the node's name.
        images: the images; the pod has a container of each. All have the program /bin/sleep.
        name: the pod's name.
        namespace: its namespace.
        pull_policy: whether the kubelet pulls the images. Default: those that the node does not have.
        tolerations: the taints that it tolerates. Default: none.
    """
    containers = [
        {"name": f"app-{index}", "image": image, "imagePullPolicy": pull_policy, "command": ["/bin/sleep", "3600"]}
        for index, image in enumerate(images)
    ]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "nodeSelector": {"kubernetes.io/hostname": node},
            "terminationGracePeriodSeconds": 0,
            "tolerations": list(tolerations),
            "containers": containers,
        },
    }
