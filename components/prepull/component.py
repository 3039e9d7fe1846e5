"""PrePullDaemonSet: the Pulumi component. Wiring only; what is deployed is decided in manifest.py."""

from collections.abc import Mapping
from typing import Any, Optional

import pulumi
import pulumi_kubernetes as k8s

from . import manifest
from .args import PrePullDaemonSetArgs
from .plan import Plan
from .validation import InvalidArgumentError, check

# ruff: noqa: UP045 - Optional is what Pulumi's schema analyser understands


class PrePullArgumentError(pulumi.RunError, InvalidArgumentError):
    """Arguments are wrong; Pulumi shows the message without a traceback."""


class PrePullDaemonSet(pulumi.ComponentResource):
    """Container images on every node of a cluster before the workloads that need them start.

    It is one DaemonSet of the single use pattern: an init container pulls the images on each node, nodes that join
    later included, and `pause` keeps the pod alive at no cost. Whatever says `depends_on=[component]` is created
    once the images are there.

    Example:
        >>> images = PrePullDaemonSet("images", {"images": ["nginx:1.27", "quay.io/org/app@sha256:…"]})
        >>> k8s.apps.v1.Deployment("web", …, opts=pulumi.ResourceOptions(depends_on=[images]))
    """

    daemon_set_name: pulumi.Output[str]
    """Name of the DaemonSet."""
    namespace: pulumi.Output[str]
    """Namespace of the DaemonSet."""
    images: pulumi.Output[list[str]]
    """The images in canonical form, without duplicates: `docker.io/library/nginx:1.27`."""

    def __init__(self, name: str, args: PrePullDaemonSetArgs, opts: Optional[pulumi.ResourceOptions] = None) -> None:
        """Declare the component.

        Args:
            name: the resource's name. The pods' labels follow from it.
            args: what to pull and how; see PrePullDaemonSetArgs.
            opts: Pulumi's resource options. A provider given here is the one that every child uses.

        Raises:
            PrePullArgumentError: an argument is wrong. Where all arguments are known, nothing is declared; where
                some are outputs, the program fails as soon as they are known.
        """
        known = _plan(name, args) if _is_known(args) else None
        super().__init__("prepull:index:PrePullDaemonSet", name, {}, opts)
        plan: pulumi.Output[Plan] = (
            pulumi.Output.from_input(known)
            if known
            else pulumi.Output.from_input(args).apply(lambda resolved: _plan(name, resolved))
        )
        described = plan.apply(lambda checked: manifest.daemon_set(name, checked))
        timeout = known.timeout if known else args.get("timeout")
        if timeout is not None and not isinstance(timeout, str):
            raise PrePullArgumentError("timeout: it must be known when the program runs; write a string such as '10m'")
        daemon_set = k8s.apps.v1.DaemonSet(
            name,
            metadata=described["metadata"],
            spec=described["spec"],
            opts=pulumi.ResourceOptions(
                parent=self, custom_timeouts=pulumi.CustomTimeouts(create=timeout, update=timeout)
            ),
        )
        self.daemon_set_name = daemon_set.metadata["name"]
        self.namespace = daemon_set.metadata["namespace"]
        self.images = plan.apply(lambda checked: [str(image) for image in checked.images])
        self.register_outputs(
            {"daemon_set_name": self.daemon_set_name, "namespace": self.namespace, "images": self.images}
        )


def _plan(name: str, args: Mapping[str, Any]) -> Plan:
    try:
        return check(name, args)
    except InvalidArgumentError as error:
        raise PrePullArgumentError(str(error)) from None


def _is_known(value: Any) -> bool:
    if isinstance(value, Mapping):
        return all(_is_known(item) for item in value.values())
    if isinstance(value, (list, tuple)):
        return all(_is_known(item) for item in value)
    return value is None or isinstance(value, (str, int, float))
