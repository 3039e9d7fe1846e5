"""The reasons for missing images, from kubelets' messages."""

from __future__ import annotations

import pytest
from prepull.status.reasons import certain, of_event, one_line, passing


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ('failed to resolve reference "r/a:1": r/a:1: not found', "manifest unknown"),
        (
            "Error response from daemon: manifest for a:1 not found: Manifest Unknown: manifest unknown",
            "manifest unknown",
        ),
        ("pull access denied, repository does not exist", "unauthorized, or no such repository"),
        ("server message: insufficient_scope: authorization failed", "unauthorized, or no such repository"),
        ("unexpected status: 401 Unauthorized", "unauthorized"),
        ("no basic auth credentials", "unauthorized"),
        ("denied: requested access to the resource is denied", "unauthorized"),
        ("dial tcp: lookup registry.invalid: no such host", "host not found"),
        ("i/o timeout", None),
        ("connection refused", None),
    ],
)
def test_only_what_another_attempt_will_not_change_is_certain(message: str, reason: str | None) -> None:
    assert certain(message) == reason


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
    assert of_event('secret "a"\n  not\tfound') == 'secret "a" not found'


def test_a_message_is_no_longer_than_one_reads() -> None:
    assert one_line("x" * 300) == "x" * 300
    assert one_line("x" * 301) == "x" * 297 + "..."
