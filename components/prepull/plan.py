"""The plan: a user's arguments, checked, completed and normalised. Every later step reads only the plan."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    # The ground imports nothing of the package; Reference serves the annotations only.
    from .images.references import Reference

EVERY_TAINT: tuple[Mapping[str, Any], ...] = ({"operator": "Exists"},)


@dataclass(frozen=True)
class CredentialProvider:
    """A program of the node that gives credentials, as the kubelet calls it."""

    command: str
    """Its absolute path on the node."""
    args: tuple[str, ...]
    env: Mapping[str, str]
    match_images: tuple[str, ...]
    """Patterns of the images for which it is asked."""


@dataclass(frozen=True)
class Plan:
    """The checked arguments of one PrePullDaemonSet, under their own names; durations are in milliseconds."""

    images: tuple[Reference, ...]
    runtime: str
    socket_path: str | None
    namespace: str | None
    pull_policy: str
    parallelism: int
    attempts: int
    backoff: int
    image_timeout: int
    on_failure: str
    refresh: int | None
    hold: bool
    stagger: int
    image_pull_secrets: tuple[str, ...]
    credential_provider: CredentialProvider | None
    puller_image: str
    gate_image: str
    pause_image: str
    busybox_image: str
    """The image with the static program that runs within the listed images; it follows from `puller_image`."""
    kubectl_image: str
    """The image that removes the startup taint; it follows from `gate_image`."""
    node_selector: Mapping[str, str]
    tolerations: tuple[Mapping[str, Any], ...]
    affinity: Mapping[str, Any] | None
    priority_class_name: str | None
    resources: Mapping[str, Any] | None
    helper_resources: Mapping[str, Any] | None
    service_account_name: str | None
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    startup_taint: str | None
    pin_digests: bool
    on_pin_failure: str
    wait_for: str
    timeout: str
    min_ready: str
    mirrors: Mapping[str, str]
    remove: tuple[Reference, ...]
    min_free_disk: str
    """A quantity or a share, as the user wrote it; "0" without a guard."""
    prune: bool
    pinned: tuple[Reference, ...] = ()
    """The references among `images` whose digests were resolved from their tags (arguments/pins.py)."""
    sizes: tuple[int, ...] = ()
    """What each of `images` weighs compressed, in bytes and in their order; 0 where it is not known. Empty without a
    guard of the disk (arguments/weights.py)."""

    @property
    def guards_disk(self) -> bool:
        """Whether the puller looks at the image disk before it pulls."""
        return self.min_free_disk != "0"

    @property
    def own_accounts(self) -> bool:
        """Whether the component makes a ServiceAccount for each right that it needs: the user names none."""
        return self.service_account_name is None

    @property
    def fingerprint(self) -> str:
        """Twelve hexadecimal digits that change with every change of the plan, except of the order within a mapping."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:12]

    def source(self, image: Reference) -> Reference:
        """Where nodes pull an image from: the mirror with the longest matching prefix, else the image's registry."""
        prefixes = [prefix for prefix in self.mirrors if f"{image.name}/".startswith(f"{prefix}/")]
        if not prefixes:
            return image
        prefix = max(prefixes, key=len)
        registry, _, path = (self.mirrors[prefix] + image.name[len(prefix) :]).partition("/")
        return replace(image, registry=registry, repository=path)
