"""Reasons for images that do not come and for pods that do not start, in a few words and on one line."""

from __future__ import annotations

import re

from .causes import HIDDEN, LIMIT, PLATFORM, TABLE, UNAUTHORIZED

PULL_FAILURES = frozenset(
    (
        "ErrImagePull",
        "ImagePullBackOff",
        "InvalidImageName",
        "ErrImageNeverPull",
        "ImageInspectError",
        "RegistryUnavailable",
        "SignatureValidationFailed",
    )
)
"""Reasons for which a container waits for its image (kubernetes: pkg/kubelet/images/types.go, cri-api/pkg/errors)."""
START_FAILURES = frozenset(("CreateContainerConfigError", "CreateContainerError", "RunContainerError"))
"""Reasons for which a container with its image waits, and which do not pass, unless the message says so."""
_NO_FAILURE = frozenset(("", "ContainerCreating", "PodInitializing", "CrashLoopBackOff"))
_TELLING = frozenset(("Pod", "DaemonSet", "Job", None))
# A container's status or a condition of the pod says the same (first line), or the pod starts all the same.
_NOT_TELLING = frozenset((
    "BackOff", "ErrImageNeverPull", "Failed", "FailedDaemonPod", "FailedScheduling", "InspectFailed",
    "AlreadyMountedVolume", "DNSConfigForming", "ExceededGracePeriod", "FailedKillPod", "FailedPostStartHook",
    "FailedPreStopHook", "FailedToRetrieveImagePullSecret", "MissingClusterDNS", "PossibleMemoryBackedVolumesOnDisk",
    "ProbeWarning", "Unhealthy",
))  # fmt: skip

# The kubelet says "timed out" while it waits for a ConfigMap from a slow API server, and "is reserved for" while the
# runtime is still creating the container.
PASSING = re.compile(
    "timed out|timeout|deadline exceeded|not registered|is reserved for|connection re(fused|set)|failed calling webhook"
)
# Since Kubernetes 1.37 with a comma, and with what else is there.
_NOT_THERE = re.compile(r"hostPath type check failed[:,] (\S+ is not a (socket|directory)(?: file)?)")
_ROWS = [(re.compile(pattern), reason.partition("&"), certain) for pattern, reason, certain in TABLE]
# Up to the last of what clients and the kubelet put before a runtime's own words.
_WRAPPING = re.compile('^.*(level=(fatal|error) msg="|rpc error: code = [A-Za-z]+ desc = |ErrImagePull: )')
_QUOTE = re.compile(r'\\+"')
_CONTAINER_ID = "(?<!sha256:)[0-9a-f]{64}"


def of_pull(message: str) -> tuple[str, bool]:
    """Why an image was not pulled.

    Args:
        message: what the kubelet says about a container that waits for its image.

    Returns:
        The reason, with the same words as in the puller's report (reason.awk); and whether another attempt would fail
        in the same way.
    """
    text = _QUOTE.sub('"', _plain(message))
    lower = text.lower()
    for pattern, (reason, dynamic, within), certain in _ROWS:
        if found := pattern.search(lower):
            told = re.compile(within).search(lower, found.start()) if dynamic else None
            return shortened(reason + (told[0].rstrip() if told else ""), LIMIT), certain
    return shortened(_WRAPPING.sub("", text).removesuffix('"') or text, LIMIT), False


def cannot_start(reason: str) -> bool:
    """Whether a container that waits for this reason has its image, and still does not start."""
    return reason not in PULL_FAILURES and reason not in _NO_FAILURE


def starts_never(reason: str, message: str) -> bool:
    """Whether such a container will not start without a change.

    Args:
        reason: why the container waits.
        message: what the kubelet says about it.
    """
    return reason in START_FAILURES and not passing(message)


def passing(message: str) -> bool:
    """Whether the problem may pass by itself: busy nodes and API servers report it, and then try again.

    Args:
        message: the reason why a pod or a container does not start.
    """
    return PASSING.search(message.lower()) is not None


def tells(kind: str | None, reason: str) -> bool:
    """Whether an event may say why a pod does not start, which nothing else says.

    All warnings count but those that are known for something else: every network plugin has reasons of its own. The
    kubelet's are in kubernetes: pkg/kubelet/events/event.go, and in pkg/kubelet/lifecycle/.

    Args:
        kind: the kind of the object that the event is about.
        reason: the event's reason.
    """
    return kind in _TELLING and reason not in _NOT_TELLING


def of_event(message: str, pod: str = "") -> str:
    """The reason in an event's message. For a missing socket or directory, only the part that says so.

    Args:
        message: the event's message.
        pod: the name of the pod, which is left out, as are the IDs of containers: nodes with the same problem then
            have the same reason.
    """
    if found := _NOT_THERE.search(message):
        return f"{found[2]} missing: {found[1]}"
    own = f"{re.escape(pod)}|{_CONTAINER_ID}" if pod else _CONTAINER_ID
    text = re.sub(rf"\S*(?:{own})[^\s:]*", "...", message.removeprefix("(combined from similar events): "))
    return one_line(re.sub(r"rpc error: code = \w+ desc = ", "", text))


def one_line(message: str) -> str:
    """A message on one line, cut to 300 characters."""
    return shortened(_plain(message), 300)


def shortened(text: str, limit: int) -> str:
    """A text, cut in the middle if it is too long: of nested errors the last one is the cause.

    Args:
        text: the text.
        limit: the most characters.
    """
    head = limit // 3
    return text if len(text) <= limit else f"{text[:head]}...{text[head + 3 - limit :]}"


def way_out(reason: str | None, *, by_puller: bool) -> str | None:
    """What to do about the reason why an image was not pulled; None if the reason says all.

    Args:
        reason: the reason.
        by_puller: whether the puller pulls, which may lack what the kubelet has.
    """
    if reason == PLATFORM:
        return f"{PLATFORM}: set kubernetes.io/arch in node_selector, or build the image for these nodes too"
    if by_puller and reason in (UNAUTHORIZED, HIDDEN):
        nodes = "for nodes' own credentials, credential_provider or runtime: kubelet"
        return f"{UNAUTHORIZED}: set image_pull_secrets; {nodes}"
    return None


def _plain(message: str) -> str:
    return "".join(character for character in " ".join(message.split()) if character.isprintable())
