"""The reasons for images that do not come and pods that do not start, from what the kubelet says."""

from __future__ import annotations

import re

import pytest
from prepull.status.causes import LIMIT, TABLE
from prepull.status.reasons import cannot_start, of_event, of_pull, one_line, passing, shortened, starts_never, tells

from ..outputs import CASES


@pytest.mark.parametrize("index", range(len(CASES)), ids=lambda index: f"{index} {CASES[index][1][:30]}")
def test_the_kubelets_words_have_the_same_reason_as_a_clients(index: int) -> None:
    (_, text), expected = CASES[index]
    said = "\n".join(line for line in text.splitlines() if "level=warning" not in line)
    if said.isascii() and said.strip():
        assert of_pull(said)[0] == expected


@pytest.mark.parametrize(
    ("message", "reason", "certain"),
    [
        ('failed to resolve reference "r/a:1": r/a:1: not found', "manifest unknown", True),
        (
            ('Back-off pulling image "r/a:1": ErrImagePull: rpc error: code = NotFound desc = failed to pull and '
            'unpack image "r/a:1": failed to resolve reference "r/a:1": r/a:1: not found'),
            "manifest unknown",
            True,
        ),
        (
            "Error response from daemon: manifest for a:1 not found: Manifest Unknown: manifest unknown",
            "manifest unknown",
            True,
        ),
        ("pull access denied, repository does not exist", "unauthorized, or no such repository", True),
        ("server message: insufficient_scope: authorization failed", "unauthorized, or no such repository", True),
        ("unexpected status: 401 Unauthorized", "unauthorized", True),
        ("no basic auth credentials", "unauthorized", True),
        ("denied: requested access to the resource is denied", "unauthorized", True),
        ("dial tcp: lookup registry.invalid: no such host", "host not found", True),
        ("dial tcp: lookup registry.invalid on 10.0.0.1:53: server misbehaving", "host not found", False),
        ('failed to pull and unpack image "r/a:1": no match for platform in manifest: not found',
         "no image for this platform", True),
        ("tls: failed to verify certificate: x509: certificate signed by unknown authority",
         "x509: certificate signed by unknown authority", True),
        ("x509: certificate has expired or is not yet valid: current time 2026-06-12T03:05:25Z is after",
         "x509: certificate has expired or is not yet valid", False),
        ("image pull failed for r/a:1 because the signature validation failed: Source image rejected: no signature",
         "signature refused", True),
        ("image pull failed for r/a:1 because the registry is unavailable: i/o timeout", "timed out", False),
        ("image pull failed for r/a:1 because the registry is unavailable", "registry unavailable", False),
        ('Failed to apply default image tag "A": couldn\'t parse image name "A": invalid reference format',
         "not an image reference", True),
        ("pull QPS exceeded", "pull QPS exceeded", False),
        ("dial tcp 192.0.2.1:443: i/o timeout", "timed out", False),
        ("dial tcp 192.0.2.1:443: connect: connection refused", "connection refused", False),
        ("unexpected media type text/html for sha256:04a7: not found", "a web page, not an image", False),
        ("failed to extract layer sha256:1: failed to get reader from content store: content digest x: not found",
         "a layer is missing in the node's store", False),
        ("failed to extract layer: snapshot extract-1 does not exist: not found",
         "failed to extract layer: snapshot extract-1 does not exist: not found", False),
        ("failed to mkdir /var/lib/x: permission denied", "failed to mkdir /var/lib/x: permission denied", False),
    ],
)  # fmt: skip
def test_only_what_another_attempt_will_not_change_is_certain(message: str, reason: str, certain: bool) -> None:
    assert of_pull(message) == (reason, certain)


def test_a_reason_is_short_enough_for_a_report_with_many_of_them() -> None:
    for pattern, reason, _ in TABLE:
        assert "\t" not in pattern + reason
        assert len(reason) <= 60 or "&" in reason
        # Neither awk's nor Python's alone.
        assert not re.search(r"\\|\{|\(\?", pattern + reason.partition("&")[2])


def test_a_long_reason_keeps_its_beginning_and_its_end() -> None:
    assert shortened("x" * 300, 300) == "x" * 300
    assert shortened("x" * 300 + "end", 300) == "x" * 100 + "..." + "x" * 194 + "end"
    assert one_line("x" * 301) == "x" * 100 + "..." + "x" * 197
    assert len(of_pull("oddly wrong " * 100)[0]) == LIMIT


@pytest.mark.parametrize(
    ("reason", "message", "waits", "final"),
    [
        ("", "", False, False),
        ("ContainerCreating", "", False, False),
        ("PodInitializing", "", False, False),
        ("CrashLoopBackOff", "back-off 5m0s restarting failed container", False, False),
        ("ErrImagePull", "x", False, False),
        ("SignatureValidationFailed", "x", False, False),
        ("CreateContainerConfigError", 'secret "a" not found', True, True),
        ("CreateContainerError", "context deadline exceeded", True, False),
        ("PreStartHookError", "x", True, False),
        ("PostStartHookError", "x", True, False),
        ("ImageVolumeMountFailed", "x", True, False),
        ("Whatever", "", True, False),
    ],
)
def test_a_container_may_wait_for_more_than_its_image(reason: str, message: str, waits: bool, final: bool) -> None:
    assert cannot_start(reason) is waits
    assert starts_never(reason, message) is final


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("MountVolume.SetUp failed: failed to sync secret cache: timed out waiting for the condition", True),
        ('object "here"/"images-scripts" not registered', True),
        ("Context Deadline Exceeded", True),
        ('failed to reserve container name "pull": name "pull" is reserved for "1a2b"', True),
        ("Internal error occurred: failed calling webhook", True),
        ("dial tcp 10.0.0.1:443: connect: connection refused", True),
        ("hostPath type check failed: /run/x.sock is not a socket file", False),
        ('secret "a" not found', False),
        ('pods "a" is forbidden: violates PodSecurity "restricted:latest"', False),
        ("admission webhook denied the request", False),
    ],
)
def test_what_busy_nodes_and_api_servers_get_over_is_passing(message: str, expected: bool) -> None:
    assert passing(message) is expected


@pytest.mark.parametrize(
    "check",
    [
        "failed: /run/x.sock is not a socket file",
        'failed, /run/x.sock is not a socket file, unable to determine its type: path "/run/x.sock" does not exist',
    ],
    ids=["before 1.37", "1.37"],
)
def test_of_a_missing_socket_only_what_says_so_is_left(check: str) -> None:
    message = f'MountVolume.SetUp failed for volume "socket" : hostPath type check {check}'
    assert of_event(message) == "socket missing: /run/x.sock is not a socket file"


def test_any_other_event_is_told_on_one_line() -> None:
    assert of_event('secret "a"\n  not\tfound\x1b') == 'secret "a" not found'


SANDBOX = "f7" * 32
RPC = "Failed to create pod sandbox: rpc error: code = Unknown desc = "
NO_ADDRESS = "add cmd: failed to assign an IP address to container"


# amazon-vpc-cni-k8s#281 and #668.
@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (f'{RPC}no network for sandbox "{SANDBOX}": {NO_ADDRESS}', f"no network for sandbox ...: {NO_ADDRESS}"),
        (f'{RPC}no network for pod "images-a_here": {NO_ADDRESS}', f"no network for pod ...: {NO_ADDRESS}"),
        (f"{RPC}no sandbox k8s_images-a_here_0({SANDBOX}): {NO_ADDRESS}", f"no sandbox ...: {NO_ADDRESS}"),
        (f"(combined from similar events): {RPC}{NO_ADDRESS}", NO_ADDRESS),
    ],
)
def test_nodes_whose_pods_have_no_network_have_one_reason(message: str, expected: str) -> None:
    assert of_event(message, "images-a") == f"Failed to create pod sandbox: {expected}"


@pytest.mark.parametrize(
    ("kind", "reason", "expected"),
    [
        ("Pod", "FailedMount", True),
        ("Pod", "FailedAttachVolume", True),
        ("Pod", "FailedCreatePodSandBox", True),
        ("Pod", "FailedCreatePodContainer", True),
        ("Pod", "FailedPodSandBoxStatus", True),
        ("Pod", "FailedSync", True),
        ("Pod", "NetworkNotReady", True),
        ("Pod", "NodeNotReady", True),
        ("Pod", "OutOfcpu", True),
        ("Pod", "UnexpectedAdmissionError", True),
        ("Pod", "ErrorAddingLogicalPort", True),
        ("DaemonSet", "FailedCreate", True),
        # The pods' own status says so.
        ("DaemonSet", "FailedDaemonPod", False),
        ("Pod", "FailedScheduling", False),
        ("Pod", "BackOff", False),
        ("Pod", "Failed", False),
        # It keeps no pod from starting.
        ("Pod", "DNSConfigForming", False),
        ("Pod", "Unhealthy", False),
        ("ReplicaSet", "FailedCreate", False),
        ("Node", "Rebooted", False),
    ],
)
def test_warnings_tell_why_a_pod_does_not_start_unless_they_are_known_for_something_else(
    kind: str, reason: str, expected: bool
) -> None:
    assert tells(kind, reason) is expected
