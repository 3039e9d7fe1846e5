"""Short reasons for missing images, from the kubelet's messages. The words are the same as in puller.sh."""

from __future__ import annotations

import re

PULL_FAILURES = frozenset(("ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull"))
START_FAILURES = frozenset(("CreateContainerConfigError", "CreateContainerError", "RunContainerError"))

# The kubelet says "timed out" while it waits for a ConfigMap from a slow API server, and "is reserved for" while the
# runtime is still creating the container.
PASSING = re.compile(
    "timed out|timeout|deadline exceeded|not registered|is reserved for|connection re(fused|set)|failed calling webhook"
)
_CERTAIN = (
    (re.compile("no basic auth|401 unauthorized|authentication required|incorrect username"), "unauthorized"),
    (re.compile("insufficient_scope|pull access denied"), "unauthorized, or no such repository"),
    (re.compile("unauthorized|denied|forbidden"), "unauthorized"),
    (re.compile("no such host"), "host not found"),
    (re.compile("not found|manifest unknown|name unknown"), "manifest unknown"),
)
# Since Kubernetes 1.37 with a comma, and with what else is there.
_NO_SOCKET = re.compile(r"hostPath type check failed[:,] (\S+ is not a socket file)")


def certain(message: str) -> str | None:
    """The reason if another attempt would fail in the same way, or None if it might succeed.

    Args:
        message: the kubelet's message about a container that waits for its image.
    """
    text = message.lower()
    return next((reason for pattern, reason in _CERTAIN if pattern.search(text)), None)


def passing(message: str) -> bool:
    """Whether the problem may pass by itself: busy nodes and API servers report it, and then try again.

    Args:
        message: the reason why a pod or a container does not start.
    """
    return PASSING.search(message.lower()) is not None


def of_event(message: str) -> str:
    """The reason in an event's message. For a missing socket, only the part that says so."""
    found = _NO_SOCKET.search(message)
    return f"socket missing: {found[1]}" if found else one_line(message)


def one_line(message: str) -> str:
    """A message on one line, cut to 300 characters."""
    text = " ".join(message.split())
    return text if len(text) <= 300 else f"{text[:297]}..."
