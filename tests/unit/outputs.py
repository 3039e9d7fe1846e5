"""Real messages of crictl (containerd and CRI-O) and docker, and the reasons that they have."""

from __future__ import annotations

_CRICTL = 'time="2026-01-02T03:04:05Z" level=fatal msg="pulling image: rpc error: code = {} desc = {}"'
_PULL = r"failed to pull and unpack image \"{0}\": failed to resolve reference \"{0}\": "
_COPY = r"failed to pull and unpack image \"{0}\": failed to copy: "
_DAEMON = "Error response from daemon: "
APP = "reg.example:5000/team/app:v1"
LONG = (
    "registry.apps.internal.a-very-long-cluster-name.europe-west1.example.com:5000/platform/backend/team/service:v1.2.3"
)
HUB = "docker.io/library/"
NGINX = f"{HUB}nginx:nope"


def containerd(image: str, text: str, code: str = "Unknown", stage: str = _PULL) -> tuple[str, str]:
    return image, _CRICTL.format(code, stage.format(image) + text)


def cri_o(image: str, text: str) -> tuple[str, str]:
    return image, _CRICTL.format("Unknown", text)


def docker(image: str, text: str) -> tuple[str, str]:
    return image, _DAEMON + text


def head(image: str, text: str) -> tuple[str, str]:
    host, _, path = image.partition("/")
    repository, _, tag = path.rpartition(":")
    return containerd(image, rf"failed to do request: Head \"https://{host}/v2/{repository}/manifests/{tag}\": {text}")


def get(text: str) -> tuple[str, str]:
    return docker(APP, f'Get "https://reg.example:5000/v2/": {text}')


_UNPACK = r"failed to pull and unpack image \"{0}\": "
_DIAL = r"connection error: desc = \"transport: Error while dialing: dial unix /run/containerd/containerd.sock: "
LONG_PATH = LONG.replace("/", "/v2/", 1).replace(":v1", "/manifests/v1")
KLOG = (
    'E0307 11:18:21.861799 79253 remote_image.go:171] "PullImage from image service failed" err="rpc error: code = '
    rf'Unknown desc = Head \"https://{LONG_PATH}\": x509: certificate signed by unknown authority" image="{LONG}"'
    "\n"
)
PLATFORM = "no image for this platform"
PLAIN, UNKNOWN = "server gave HTTP response to HTTPS client", "x509: certificate signed by unknown authority"
HTML, STORE = "a web page, not an image", "a layer is missing in the node's store"
REFUSED = "socket refused: SELinux or an admission policy of the node"

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
    (containerd(f"{HUB}x:1", "pull access denied, repository does not exist or may require authorization: server "
                "message: insufficient_scope: authorization failed"), "unauthorized, or no such repository"),
    (cri_o(APP, "reading manifest v1 in reg.example:5000/team/app: unauthorized: authentication required"),
     "unauthorized"),
    (cri_o(f"{HUB}x:1", "reading manifest 1 in docker.io/library/x: requested access to the resource is denied"),
     "unauthorized"),
    (docker(f"{HUB}x:1", "pull access denied for x, repository does not exist or may require 'docker login': denied: "
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
    (cri_o(APP, 'choosing image instance: no image found in manifest list for architecture arm64, variant "v8"'),
     PLATFORM),
    (docker(APP, f"image with reference {APP} was found but does not match the specified platform: wanted linux/arm64, "
            "actual: linux/amd64"), PLATFORM),
    # Certificates and protocols, whatever the length of the name.
    (get("http: server gave HTTP response to HTTPS client"), PLAIN),
    (head(LONG, "http: server gave HTTP response to HTTPS client"), PLAIN),
    (cri_o(APP, "tls: failed to verify certificate: x509: certificate signed by unknown authority"), UNKNOWN),
    (head(LONG, "x509: certificate signed by unknown authority"), UNKNOWN),
    (get('tls: failed to verify certificate: x509: certificate signed by unknown authority (possibly because of "'
         'crypto/rsa: verification error" while trying to verify "forbidden")'), UNKNOWN),
    (head(LONG, "tls: failed to verify certificate: x509: certificate has expired or is not yet valid: current time "
          "2026-06-12T03:05:25Z is after 2026-06-07T05:48:45Z"), "x509: certificate has expired or is not yet valid"),
    (head(LONG, "tls: failed to verify certificate: x509: certificate is valid for a.example, not b.example"),
     "x509: certificate is valid for a.example, not b.example"),
    (get("tls: first record does not look like a TLS handshake"),
     "tls: first record does not look like a TLS handshake"),
    (head(APP, "remote error: tls: certificate required"), "tls: certificate required"),
    (head(APP, r'net/http: HTTP/1.x transport connection broken: malformed HTTP response \"\\x15\\x03\\x01\"'),
     "server speaks TLS, and is asked over HTTP"),
    # A page for people; what is missing on the node or at the registry, but not the tag.
    (containerd(APP, "failed to unpack image on snapshotter overlayfs: unexpected media type text/html for sha256:04a7"
                ": not found", "NotFound", _UNPACK), HTML),
    (cri_o(APP, "reading manifest v1 in reg.example/app: invalid character '<' looking for beginning of value"), HTML),
    (docker(APP, "error parsing HTTP 404 response body: invalid character '<' looking for beginning of value: "
            '"<html>404: not found</html>"'), HTML),
    (containerd(APP, "failed to unpack image on snapshotter overlayfs: content digest sha256:0c18: not found",
                stage=_UNPACK), STORE),
    (containerd(APP, "failed to extract layer sha256:4dca: failed to get reader from content store: content digest "
                "sha256:51f5: not found", "NotFound", _UNPACK), STORE),
    (docker(APP, "failed to lease content: rpc error: code = NotFound desc = blob sha256:7012 expected at /var/lib/"
            "containerd/io.containerd.content.v1.content/blobs/sha256/7012: blob not found: not found"), STORE),
    (containerd(APP, "httpReadSeeker: failed open: content at https://reg.example:5000/v2/team/app/blobs/sha256:2e22 "
                "not found: not found", "NotFound", _COPY), "a part of the image is missing in the registry"),
    (containerd(APP, "failed to extract layer sha256:4dca: snapshot extract-1 does not exist: not found", "NotFound",
                _UNPACK),
     f'{_UNPACK.format(APP)}failed to extract layer sha256:4dca: snapshot extract-1 does not exist: not found'.replace(
         "\\", "")),
    # What else a registry, a network and a node's policy may say.
    (docker(APP, "unknown: artifact team/app:v1 not found"), "manifest unknown"),
    (containerd(NGINX, f"failed to resolve image: {NGINX}: not found", "NotFound", ""), "manifest unknown"),
    (containerd(APP, "unexpected status code https://mirror.example/v2/app/blobs/sha256:566e: 400 Bad Request",
                stage=_COPY), "registry error: 400 bad request"),
    (cri_o(APP, "reading manifest v1 in reg.example/app: received unexpected HTTP status: 502 Bad Gateway"),
     "registry error: 502 bad gateway"),
    (cri_o(APP, "fetching blob: invalid status code from registry 404 (Not Found)"), "registry error: 404 (not found)"),
    (cri_o(APP, "Requesting bearer token: invalid status code from registry 403 (Forbidden)"), "unauthorized"),
    (cri_o(APP, 'reading manifest v1 in reg.example/app: denied: Permission "artifactregistry.downloadArtifacts" '
           "denied on resource"), "unauthorized"),
    (get("proxyconnect tcp: dial tcp 192.0.2.9:3128: connect: connection refused"), "the node's proxy does not answer"),
    (head(APP, "dial tcp: lookup reg.example on 10.0.0.2:53: read udp 10.0.0.5:41->10.0.0.2:53: i/o timeout"),
     "host not found"),
    (get("dial tcp 192.0.2.1:5000: connect: no route to host"), "no route to the registry"),
    (get("EOF"), "connection lost"),
    (cri_o(APP, "SignatureValidationFailed: Source image rejected: A signature was required, but no signature exists"),
     "signature refused"),
    (docker(APP, "invalid reference format"), "not an image reference"),
    # The runtime's socket.
    (containerd(APP, _DIAL + r'connect: permission denied\"', "Unavailable", ""), REFUSED),
    ((APP, "permission denied while trying to connect to the docker API at unix:///var/run/docker.sock"), REFUSED),
    ((APP, "error during connect: dial unix /var/run/docker.sock: connect: permission denied"), REFUSED),
    (containerd(APP, _DIAL + r'connect: connection refused\"', "Unavailable", ""), "the runtime does not run"),
    ((APP, f'ctr: image "{APP}": not found'), "gone after it was pulled"),
    # Both of crictl's forms at once.
    ((APP, KLOG + 'time="now" level=fatal msg="x509: certificate signed by unknown authority"'), UNKNOWN),
    ((APP, 'time="2026-01-02T03:04:05Z" level=warning msg="not found: forbidden: unauthorized"\nsomething\todd\r'),
     "something odd"),
    ((APP, ""), "no reason given"),
    ((APP, "\u00e9\u4e2d"), "no reason given"),
    # Of what nobody knows, the beginning and the end.
    ((APP, "x" * 300 + "the cause"), "x" * 66 + "..." + "x" * 122 + "the cause"),
    (head(LONG, "oddly wrong"),
     f'failed to pull and unpack image "{LONG}'[:66] + "..." + f'Head "https://{LONG_PATH}": oddly wrong'[-131:]),
    # Image names that contain the words of a reason.
    (containerd("forbidden.example/unauthorized/forbidden:forbidden",
                "forbidden.example/unauthorized/forbidden:forbidden: not found", "NotFound"), "manifest unknown"),
    (docker(f"{HUB}unauthorized:1", "manifest for unauthorized:1 not found: manifest unknown: manifest unknown"),
     "manifest unknown"),
    (docker("docker.io/team/forbidden:1", "manifest for team/forbidden:1 not found: manifest unknown"),
     "manifest unknown"),
    (cri_o(f"{HUB}a:unauthorized", "reading manifest unauthorized in docker.io/library/a: manifest unknown"),
     "manifest unknown"),
    (cri_o(f"{HUB}a:unknown", "reading manifest unknown in docker.io/library/a: oddly wrong"),
     "reading manifest unknown in docker.io/library/a: oddly wrong"),
    (containerd("x509.example/insufficient_scope/text/html:x509",
                "x509.example/insufficient_scope/text/html:x509: not found", "NotFound"), "manifest unknown"),
    (containerd("reg.example:5000/forbidden:V1", 'failed to do request: Head "https://reg.example:5000/v2/forbidden/'
                'manifests/V1": dial tcp 192.0.2.1:5000: connect: connection refused'), "connection refused"),
]  # fmt: skip
