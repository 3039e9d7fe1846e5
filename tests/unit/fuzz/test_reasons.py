"""What containerd, CRI-O, Docker and the kubelet print has one reason, whoever reads it, and whatever the image's name.

The texts are those of containerd/containerd#3604, #4938, #5799, #12302 and #13203, kubernetes-sigs/cri-tools#1049 and
#1137, cri-o/cri-o#3626 and #7007, moby/moby#52411 and kubernetes/kubernetes#117717, with other names and addresses.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prepull.manifests.node_scripts import reasons
from prepull.node.scripts import script
from prepull.status.causes import HIDDEN, LIMIT, UNAUTHORIZED
from prepull.status.reasons import of_pull, one_line

from ... import programs

# Words of reasons, as parts of names.
WORDS = st.sampled_from(
    (
        "app a unauthorized forbidden denied not found unknown manifest x509 tls timeout text html docker "
        "insufficient_scope toomanyrequests crictl ctr eof 5000 500 status "
        f"registryunavailable signaturevalidationfailed {'a' * 60}"
    ).split()
)
HOSTS = st.builds("{}.{}:{}".format, WORDS.map(lambda word: word.replace("_", "-")), WORDS, st.integers(1, 65535))
PATHS = st.lists(WORDS, min_size=1, max_size=4).map("/".join)
DIGITS = st.text("0123456789abcdef", min_size=64, max_size=64)
PARTS = st.fixed_dictionaries(
    {"host": HOSTS, "mirror": HOSTS, "path": PATHS, "tag": WORDS, "hex": DIGITS, "ip": st.ip_addresses(v=4).map(str)}
)

ASKED = ('failed to do request: Head "https://{mirror}/v2/{path}/manifests/{tag}": ', "containerd pinged docker")
OPENED = ("httpReadSeeker: failed open: ", "containerd")
UNPACKED = ("failed to unpack image on snapshotter overlayfs: ", "containerd")
SAID = ("", "containerd pinged docker")
READ = ("reading manifest {tag} in {host}/{path}: ", "cri-o")
X509 = "tls: failed to verify certificate: x509: certificate "
UNKNOWN, OLD = "x509: certificate signed by unknown authority", "x509: certificate has expired or is not yet valid"
NO_TLS = "tls: first record does not look like a TLS handshake"
WEB, STORE = "a web page, not an image", "a layer is missing in the node's store"

# What precedes a cause, the cause, and its reason.
CAUSES: list[tuple[tuple[str, str], str, str]] = [
    (ASKED, "x509: certificate signed by unknown authority", UNKNOWN),
    (ASKED, X509 + 'signed by unknown authority (possibly because of "x" while trying to verify "{host}")', UNKNOWN),
    (ASKED, X509 + "has expired or is not yet valid: current time 2026-06-12T03:05:25Z is after 2026-06-07", OLD),
    (ASKED, X509 + "is valid for a.example, not b.example", "x509: certificate is valid for a.example, not b.example"),
    (ASKED, "http: server gave HTTP response to HTTPS client", "server gave HTTP response to HTTPS client"),
    (ASKED, NO_TLS, NO_TLS),
    (ASKED, "remote error: tls: handshake failure", "tls: handshake failure"),
    (ASKED, "net/http: TLS handshake timeout", "timed out"),
    (ASKED, "dial tcp {ip}:443: i/o timeout", "timed out"),
    (ASKED, "dial tcp {ip}:443: connect: connection refused", "connection refused"),
    (ASKED, "dial tcp {ip}:443: connect: no route to host", "no route to the registry"),
    (ASKED, "dial tcp: lookup {mirror} on {ip}:53: no such host", "host not found"),
    (ASKED, "dial tcp: lookup {mirror} on {ip}:53: server misbehaving", "host not found"),
    (ASKED, "proxyconnect tcp: dial tcp {ip}:3128: connect: connection refused", "the node's proxy does not answer"),
    (ASKED, "EOF", "connection lost"),
    (SAID, "unexpected status from HEAD request to https://{mirror}/v2/{path}: 401 Unauthorized", UNAUTHORIZED),
    (SAID, "unexpected status from HEAD request to https://{mirror}/v2/{path}: 403 Forbidden", UNAUTHORIZED),
    (SAID, "pull access denied, repository does not exist: insufficient_scope: authorization failed", HIDDEN),
    (SAID, "unexpected status from HEAD request to https://{mirror}/v2/{path}: 503 Service Unavailable",
     "registry error: 503 service unavailable"),
    (SAID, "toomanyrequests: You have reached your pull rate limit", "too many requests"),
    (SAID, "no match for platform in manifest: not found", "no image for this platform"),
    (SAID, "no matching manifest for linux/arm64/v8 in the manifest list entries", "no image for this platform"),
    (SAID, "write /var/lib/{hex}: no space left on device", "disk full"),
    (SAID, "short read: expected 512 bytes but got 500: unexpected EOF", "connection lost"),
    (("", "containerd"), 'failed to resolve reference "{image}": {image}: not found', "manifest unknown"),
    (("", "docker"), "manifest for {path}:{tag} not found: manifest unknown: manifest unknown", "manifest unknown"),
    (OPENED, "content at https://{mirror}/v2/{path}/blobs/sha256:{hex} not found: not found",
     "a part of the image is missing in the registry"),
    (UNPACKED, "unexpected media type text/html for sha256:{hex}: not found", WEB),
    (UNPACKED, "content digest sha256:{hex}: not found", STORE),
    (UNPACKED, "failed to get reader from content store: content digest sha256:{hex}: not found", STORE),
    (READ, "manifest unknown", "manifest unknown"),
    (READ, "name unknown: repository name not known to registry", "manifest unknown"),
    (READ, "unauthorized: authentication required", UNAUTHORIZED),
    (READ, "denied", UNAUTHORIZED),
    (READ, "invalid character '<' looking for beginning of value", WEB),
    (READ, 'no image found in manifest list for architecture arm64, variant "v8"', "no image for this platform"),
    (("", "cri-o"), "SignatureValidationFailed: Source image rejected: A signature was required", "signature refused"),
    (("", "cri-o"), "Requesting bearer token: invalid status code from registry 403 (Forbidden)", UNAUTHORIZED),
]  # fmt: skip
RUNTIMES = {
    "containerd": 'failed to pull and unpack image "{image}": {before}{cause}',
    "pinged": 'failed to pull and unpack image "{image}": failed to resolve reference "{image}": {before}{cause}',
    "cri-o": "{before}{cause}",
    "docker": "Error response from daemon: {before}{cause}",
}
CLIENTS = ["crictl", "both of crictl's", "bare"]
KUBELETS = [
    "{said}",
    "rpc error: code = Unknown desc = {said}",
    'Back-off pulling image "{image}": ErrImagePull: rpc error: code = NotFound desc = {said}',
    'Failed to pull image "{image}": {said}',
]


@st.composite
def failures(draw: st.DrawFn, causes: list[tuple[tuple[str, str], str, str]]) -> tuple[str, str, str]:
    """What a client prints, what the kubelet says, and the reason."""
    (before, runtimes), cause, reason = draw(st.sampled_from(causes))
    parts = draw(PARTS)
    parts["image"] = f"{parts['host']}/{parts['path']}:{parts['tag']}"
    runtime = RUNTIMES[draw(st.sampled_from(runtimes.split()))]
    said = runtime.format(image=parts["image"], before=before.format(**parts), cause=cause.format(**parts))
    kubelet = draw(st.sampled_from(KUBELETS)).format(said=said, **parts)
    return printed(draw(st.sampled_from(CLIENTS)), said, parts["image"]), kubelet, reason


def printed(form: str, said: str, image: str) -> str:
    """What a client prints of what a runtime says."""
    if form == "bare":
        return said
    rpc = f"rpc error: code = Unknown desc = {said}"
    klog = (
        f'E0307 11:18:21.861799 79253 remote_image.go:171] "PullImage failed" err={json.dumps(rpc)} image="{image}"\n'
    )
    line = f'time="2026-01-02T03:04:05Z" level=fatal msg={json.dumps("pulling image: " + rpc)}\n'
    return line if form == "crictl" else klog + line


class Awks:
    """reason.awk with each awk."""

    def __init__(self, directory: Path) -> None:
        self._program, self._table = directory / "reason.awk", directory / "reasons.tsv"
        self._program.write_text(script("reason.awk"), "utf-8")
        self._table.write_text(reasons(), "utf-8")

    def told(self, awk: str, text: str) -> str:
        options = ["-v", f"table={self._table}", "-v", f"limit={LIMIT}", "-f", str(self._program)]
        ran = subprocess.run(
            [*programs.awk(awk), *options], input=text.encode(), capture_output=True, env={"LC_ALL": "C"}, check=True
        )
        return ran.stdout.decode("ascii").removesuffix("\n")


@pytest.fixture(scope="module")
def awks(tmp_path_factory: pytest.TempPathFactory) -> Awks:
    return Awks(tmp_path_factory.mktemp("awks"))


@settings(max_examples=100, deadline=None)
@given(failure=failures(CAUSES), awk=st.sampled_from(programs.AWKS))
def test_both_readers_name_the_cause_whatever_the_name(awks: Awks, failure: tuple[str, str, str], awk: str) -> None:
    client, kubelet, reason = failure
    assert awks.told(awk, client) == reason
    assert of_pull(kubelet)[0] == reason


# Of these, nobody knows more than what they say.
ODD = [(before, "the dog has eaten it", "") for before in (ASKED, OPENED, UNPACKED, SAID, READ)]


@settings(max_examples=60, deadline=None)
@given(failure=failures(ODD), awk=st.sampled_from(programs.AWKS))
def test_what_nobody_knows_is_told_with_its_end_and_nobody_takes_a_name_for_a_cause(
    awks: Awks, failure: tuple[str, str, str], awk: str
) -> None:
    client, kubelet, _ = failure
    for told, certain in ((awks.told(awk, client), False), of_pull(kubelet)):
        assert told.endswith("the dog has eaten it")
        assert len(told) <= LIMIT
        assert not certain


@settings(max_examples=60, deadline=None)
@given(
    text=st.text(max_size=600) | st.text(st.sampled_from(' "\\:(x5\t\n'), max_size=600),
    awk=st.sampled_from(programs.AWKS),
)
def test_whatever_there_is_a_reason_is_one_printable_line_within_its_limit(awks: Awks, text: str, awk: str) -> None:
    clean = "".join(c for c in text.replace("\t", " ").replace("\r", " ") if c == "\n" or " " <= c <= "~")
    for told, limit in ((awks.told(awk, clean), LIMIT), (of_pull(text)[0], LIMIT), (one_line(text), 300)):
        assert len(told) <= limit
        assert told.isprintable()
