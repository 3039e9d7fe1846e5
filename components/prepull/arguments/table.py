"""The one table of the arguments: how each is read, its default, and whether its value is plain text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from ..choices import OnFailure, OnPinFailure, PullPolicy, Runtime, WaitFor
from ..defaults import PAUSE_IMAGE, PYTHON_IMAGE
from ..plan import EVERY_TAINT
from . import kubernetes, readers
from .credential_provider import credential_provider
from .readers import choice, count, duration


@dataclass(frozen=True)
class Argument:
    """One argument of PrePullDaemonSet. Call it with a value to get the plan's value.

    Attributes:
        read: turns a value that is not None into the plan's value, or raises InvalidValueError.
        default: the value that counts where none is given, as a user would write it; None has no reader.
        is_text: the value is a plain text. In a stack's configuration it stands as it is, even one that looks like
            JSON: a namespace may be called 123.
    """

    read: Callable[[Any], Any]
    default: Any = None
    is_text: bool = False

    def __call__(self, value: Any) -> Any:
        """Read a value, or the default in place of None.

        Raises:
            InvalidValueError: the value is wrong.
        """
        given = self.default if value is None else value
        return None if given is None else self.read(given)


_text = partial(Argument, is_text=True)

ARGUMENTS: Mapping[str, Argument] = {
    "images": Argument(readers.images, default=()),
    "runtime": _text(choice(*Runtime), default="containerd"),
    "socket_path": _text(readers.path("socket")),
    "namespace": _text(kubernetes.namespace),
    "pull_policy": _text(choice(*PullPolicy), default="IfNotPresent"),
    "parallelism": Argument(count(1), default=4),
    "attempts": Argument(count(1), default=5),
    "backoff": _text(duration(positive=False), default="2s"),
    "image_timeout": _text(duration(positive=True), default="15m"),
    "on_failure": _text(choice(*OnFailure), default="retry"),
    "refresh": _text(readers.refresh),
    "hold": Argument(readers.flag, default=False),
    "stagger": _text(duration(positive=False), default="0s"),
    "image_pull_secrets": Argument(kubernetes.secret_names, default=()),
    "credential_provider": Argument(credential_provider),
    "puller_image": _text(readers.image),
    "gate_image": _text(readers.image, default=PYTHON_IMAGE),
    "pause_image": _text(readers.image, default=PAUSE_IMAGE),
    "node_selector": Argument(kubernetes.node_selector, default={}),
    "tolerations": Argument(kubernetes.tolerations, default=EVERY_TAINT),
    "affinity": Argument(kubernetes.affinity),
    "priority_class_name": _text(kubernetes.priority_class_name),
    "resources": Argument(kubernetes.resources),
    "helper_resources": Argument(kubernetes.resources),
    "service_account_name": _text(kubernetes.service_account_name),
    "labels": Argument(kubernetes.labels, default={}),
    "annotations": Argument(kubernetes.annotation_values, default={}),
    "startup_taint": _text(kubernetes.startup_taint),
    "pin_digests": Argument(readers.flag, default=False),
    "on_pin_failure": _text(choice(*OnPinFailure), default="fail"),
    "wait_for": _text(choice(*WaitFor), default="images"),
    "timeout": _text(readers.timeout, default="30m"),
    "min_ready": _text(readers.share, default="100%"),
    "mirrors": Argument(readers.mirrors, default={}),
    "remove": Argument(readers.unique(readers.reference), default=()),
    "min_free_disk": _text(kubernetes.free_disk, default="0"),
    "prune": Argument(readers.flag, default=False),
}
