"""PrePullDaemonSet: the Pulumi component."""

from typing import Optional

import pulumi

from .args import PrePullDaemonSetArgs
from .deployment import deploy
from .settings import Settings

TYPE = "prepull:index:PrePullDaemonSet"
"""The component's type token."""
OUTPUTS = ("daemon_set_name", "namespace", "images", "ready_nodes", "desired_nodes")
"""The names of its outputs."""

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
        super().__init__(TYPE, name, {}, opts)
        deployed = deploy(self, name, settings)
        self.daemon_set_name = deployed.daemon_set_name
        self.namespace = deployed.namespace
        self.images = deployed.images
        self.ready_nodes = deployed.ready_nodes
        self.desired_nodes = deployed.desired_nodes
        self.register_outputs({field: getattr(self, field) for field in OUTPUTS})
