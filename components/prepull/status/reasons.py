"""Why an image is not there, in a few words, out of what the kubelet says; the words are those of puller.sh."""

from __future__ import annotations

import re

PULL_FAILURES = frozenset(("ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull"))
START_FAILURES = frozenset(("CreateContainerConfigError", "CreateContainerError", "RunContainerError"))

# "timed out" is what a kubelet says to which the API server is slow to hand a ConfigMap, and "is reserved for" where
# the runtime is still making the container.
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
_NO_SOCKET = re.compile(r"hostPath type check failed: (\S+ is not a socket file)")


def certain(message: str) -> str | None:
    """The reason that another attempt will not change, or None where it may.

    Args:
        message: what the kubelet says of a container that waits for its image.
    """
    text = message.lower()
    return next((reason for pattern, reason in _CERTAIN if pattern.search(text)), None)


def passing(message: str) -> bool:
    """Whether it is no reason yet to give up: nodes and API servers that are busy say it, and then try again.

    Args:
        message: why a pod or a container does not start.
    """
    return PASSING.search(message.lower()) is not None


def of_event(message: str) -> str:
    """The reason within an event's message: of a missing socket only what says so."""
    found = _NO_SOCKET.search(message)
    return f"socket missing: {found[1]}" if found else one_line(message)


def one_line(message: str) -> str:
    """A message on one line, and not longer than one reads."""
    text = " ".join(message.split())
    return text if len(text) <= 300 else f"{text[:297]}..."
