"""Real messages of crictl (containerd and CRI-O) and docker, and the reasons in the report."""

from __future__ import annotations

import pytest

from ..conftest import Node, Outcome, hub

_CRICTL = 'time="2026-01-02T03:04:05Z" level=fatal msg="pulling image: rpc error: code = {} desc = {}"'
_PULL = r"failed to pull and unpack image \"{0}\": failed to resolve reference \"{0}\": "
_COPY = r"failed to pull and unpack image \"{0}\": failed to copy: "
_DAEMON = "Error response from daemon: "
APP = "reg.example:5000/team/app:v1"
NGINX = hub("nginx:nope")


def containerd(image: str, text: str, code: str = "Unknown", stage: str = _PULL) -> tuple[str, str]:
    return image, _CRICTL.format(code, stage.format(image) + text)


def cri_o(image: str, text: str) -> tuple[str, str]:
    return image, _CRICTL.format("Unknown", text)


def docker(image: str, text: str) -> tuple[str, str]:
    return image, _DAEMON + text


CASES: list[tuple[tuple[str, str], str]] = [
    (containerd(NGINX, f"{NGINX}: not found", "NotFound"), "manifest unknown"),
    (cri_o(NGINX, "reading manifest nope in docker.io/library/nginx: manifest unknown"), "manifest unknown"),
    (cri_o(APP, "reading manifest v1 in reg.example:5000/team/app: name unknown: repository name not known "
           "to registry"), "manifest unknown"),
    (docker(NGINX, "manifest for nginx:nope not found: manifest unknown: manifest unknown"), "manifest unknown"),
    (containerd(APP, "unexpected status from HEAD request to https://reg.example:5000/v2/team/app/manifests/v1: "
                "401 Unauthorized"), "unauthorized"),
    (containerd(APP, "failed to authorize: failed to fetch oauth token: unexpected status from GET request to "
                "https://auth.example/token: 403 Forbidden"), "unauthorized"),
    (containerd(hub("x:1"), "pull access denied, repository does not exist or may require authorization: server "
                "message: insufficient_scope: authorization failed"), "unauthorized, or no such repository"),
    (cri_o(APP, "reading manifest v1 in reg.example:5000/team/app: unauthorized: authentication required"),
     "unauthorized"),
    (cri_o(hub("x:1"), "reading manifest 1 in docker.io/library/x: requested access to the resource is denied"),
     "unauthorized"),
    (docker(hub("x:1"), "pull access denied for x, repository does not exist or may require 'docker login': denied: "
            "requested access to the resource is denied"), "unauthorized, or no such repository"),
    (docker(APP, 'Head "https://reg.example:5000/v2/team/app/manifests/v1": no basic auth credentials'),
     "unauthorized"),
    (containerd(APP, 'failed to do request: Head "https://reg.example:5000/v2/team/app/manifests/v1": dial tcp: lookup '
                "reg.example on 10.96.0.10:53: no such host"), "host not found"),
    (cri_o(APP, 'pinging container registry reg.example:5000: Get "https://reg.example:5000/v2/": dial tcp: lookup '
           "reg.example on 10.0.0.1:53: server misbehaving"), "host not found"),
    (docker(APP, 'Get "https://reg.example:5000/v2/": dial tcp: lookup reg.example: Temporary failure in name '
            "resolution"), "host not found"),
    (containerd(APP, 'failed to extract layer sha256:0123: write /var/lib/containerd/io.containerd.snapshotter.v1.'
                'overlayfs/snapshots/1/fs/x: no space left on device: unknown', stage=_COPY), "disk full"),
    (docker(APP, "write /var/lib/docker/tmp/GetImageBlob123: no space left on device"), "disk full"),
    (containerd(NGINX, "httpReadSeeker: failed open: unexpected status code https://registry-1.docker.io/v2/library/"
                "nginx/manifests/sha256:0123: 429 Too Many Requests - Server message: toomanyrequests: You "
                "have reached your unauthenticated pull rate limit. https://www.docker.com/increase-rate-limit",
                stage=_COPY),
     "too many requests"),
    (docker(NGINX, "toomanyrequests: You have reached your unauthenticated pull rate limit."), "too many requests"),
    (containerd(APP, 'failed to do request: Head "https://reg.example:5000/v2/team/app/manifests/v1": dial tcp '
                "192.0.2.1:5000: i/o timeout"), "timed out"),
    (docker(APP, 'Get "https://reg.example:5000/v2/": net/http: request canceled while waiting for connection '
            "(Client.Timeout exceeded while awaiting headers)"), "timed out"),
    (docker(APP, 'Get "https://reg.example:5000/v2/": net/http: TLS handshake timeout'), "timed out"),
    (containerd(APP, 'failed to do request: Head "https://reg.example:5000/v2/team/app/manifests/v1": dial tcp '
                "192.0.2.1:5000: connect: connection refused"), "connection refused"),
    (cri_o(APP, 'pinging container registry reg.example:5000: Get "http://reg.example:5000/v2/": dial tcp 192.0.2.1:'
           "5000: connect: connection refused"), "connection refused"),
    (containerd(APP, "short read: expected 307200 bytes but got 153600: unexpected EOF", stage=_COPY),
     "connection lost"),
    (docker(APP, "unexpected EOF"), "connection lost"),
    (docker(APP, 'Get "https://reg.example:5000/v2/": read tcp 192.0.2.2:41: read: connection reset by peer'),
     "connection lost"),
    (containerd(APP, r"failed commit on ref \"layer-sha256:d2dadf\": unexpected commit digest sha256:9c0e1f, expected "
                "sha256:d2dadf: failed precondition", stage=_COPY), "corrupt layer"),
    (docker(APP, "filesystem layer verification failed for digest sha256:d2dadf"), "corrupt layer"),
    (containerd(APP, "unexpected status from HEAD request to https://reg.example:5000/v2/team/app/manifests/v1: "
                "500 Internal Server Error"), "registry error: 500 internal server error"),
    (docker(APP, "received unexpected HTTP status: 503 Service Unavailable"),
     "registry error: 503 service unavailable"),
    (containerd(APP, "no match for platform in manifest: not found", "NotFound"), "no image for this platform"),
    (docker(APP, "no matching manifest for linux/arm64/v8 in the manifest list entries"), "no image for this platform"),
    (docker(APP, 'Get "https://reg.example:5000/v2/": http: server gave HTTP response to HTTPS client'),
     'Error response from daemon: Get "https://reg.example:5000/v2/": http: server gave HTTP response to HTTPS client'),
    (cri_o(APP, "tls: failed to verify certificate: x509: certificate signed by unknown authority"),
     "tls: failed to verify certificate: x509: certificate signed by unknown authority"),
    ((APP, 'time="2026-01-02T03:04:05Z" level=warning msg="not found: forbidden: unauthorized"\nsomething\todd\r'),
     "something odd"),
    ((APP, ""), "no reason given"),
    ((APP, "\u00e9\u4e2d"), "no reason given"),
    ((APP, "x" * 300), "x" * 197 + "..."),
    # Image names that contain the words of a reason.
    (containerd("forbidden.example/unauthorized/forbidden:forbidden",
                "forbidden.example/unauthorized/forbidden:forbidden: not found", "NotFound"), "manifest unknown"),
    (docker(hub("unauthorized:1"), "manifest for unauthorized:1 not found: manifest unknown: manifest unknown"),
     "manifest unknown"),
    (docker("docker.io/team/forbidden:1", "manifest for team/forbidden:1 not found: manifest unknown"),
     "manifest unknown"),
    (containerd("reg.example:5000/forbidden:V1", 'failed to do request: Head "https://reg.example:5000/v2/forbidden/'
                'manifests/V1": dial tcp 192.0.2.1:5000: connect: connection refused'), "connection refused"),
]  # fmt: skip


@pytest.fixture(scope="module")
def outcome(shared_node: Node) -> Outcome:
    turns: dict[str, list[dict[str, object]]] = {}
    for (image, text), _ in CASES:
        turns.setdefault(image, []).append({"error": text})
    shared_node.plan(turns)
    return shared_node.run(*(image for (image, _), _ in CASES), parallelism=1)


def failures(outcome: Outcome) -> list[str]:
    return [line for line in outcome.output.splitlines() if line.startswith("failed ")]


@pytest.mark.parametrize("index", range(len(CASES)), ids=lambda index: f"{index} {CASES[index][1][:30]}")
def test_the_reason_is_told_from_what_the_client_prints(outcome: Outcome, index: int) -> None:
    (_, text), expected = CASES[index]
    line = failures(outcome)[index]
    assert line.endswith(f" s: {expected}"), text
