"""What the texts of container runtimes, registries and the kubelet mean: the one table for everybody who reads them.

The puller reads it on nodes as well (reason.awk; manifests/node_scripts.py makes its file). So its patterns are
both Python's and POSIX extended regular expressions, without backslashes and without {n}. They are searched in the
text on one line and in lower case, and the first row that is found counts.

The name of an image may have any word in it, and so may an address. But neither has a space. So a pattern has one, or
its word stands where no name can end (`: `). CRI-O writes tags between spaces, but only in `reading manifest TAG in`.

The texts are those of containerd (core/remotes/docker), moby (distribution/), containers/image (docker/), Go (net,
net/http, crypto/tls, crypto/x509) and the kubelet (pkg/kubelet/images/image_manager.go); threads on GitHub that show
them are named at their rows.
"""

from __future__ import annotations

LIMIT = 200
"""The most characters of a reason."""
UNAUTHORIZED, HIDDEN = "unauthorized", "unauthorized, or no such repository"
_NO_TAG, PLATFORM = "manifest unknown", "no image for this platform"

TABLE: tuple[tuple[str, str, bool], ...] = (
    # What the puller says itself, and what a client says of the runtime's socket (kubernetes-sigs/cri-tools#1049).
    ("timed out after [0-9.]+ s", "&timed out after [0-9.]+ s", False),
    ("(dial unix|unix://).*permission denied|permission denied while trying to connect",
     "socket refused: SELinux or an admission policy of the node", True),
    ("(dial unix|unix://).*(connection refused|no such file)", "the runtime does not run", False),
    ("(^|[ /])(crictl|docker|ctr): (not found|permission denied)", "the puller image cannot run &[a-z]+", True),
    ("(^| )ctr: image .*: not found", "gone after it was pulled", False),
    ("no space left", "disk full", False),
    # containerd/containerd#4938, easzlab/kubeasz#1242. An expired certificate may be the fault of a node's clock.
    ('(^|[ "])x509: certificate signed by unknown authority', "x509: certificate signed by unknown authority", True),
    ('(^|[ "])x509: certificate has expired', "x509: certificate has expired or is not yet valid", False),
    ('(^|[ "])x509: .', '&x509: [^"(]+', True),
    ("http response to https client", "server gave HTTP response to HTTPS client", True),
    ("malformed http response|http request to an https server", "server speaks TLS, and is asked over HTTP", True),
    ("first record does not look like a tls", "tls: first record does not look like a TLS handshake", True),
    ('(^|[ "])tls: .', '&tls: [^"(]+', False),
    ("no such host", "host not found", True),
    ("server misbehaving|temporary failure in name|lookup [^ ]+ on .*(timeout|refused)", "host not found", False),
    ("proxyconnect tcp", "the node's proxy does not answer", False),
    ('(^|[ "])toomanyrequests: |:"toomanyrequests|too many requests|pull rate limit', "too many requests", False),
    ("no basic auth|401 [(]?unauthorized|authentication required|(incorrect|invalid) username", UNAUTHORIZED, True),
    # Registries that hide private repositories give the same answer for missing ones.
    ("pull access denied|no pull access|(^| )insufficient_scope(: |$)", HIDDEN, True),
    ('(^|: |:"|40[13] [(]?)(unauthorized|forbidden|denied)(:? |:?$|[")])|access (to the resource is )?denied',
     UNAUTHORIZED, True),
    # nginx/nginx-gateway-fabric#3661, cri-o/cri-o#3626.
    ("no match for platform|no matching manifest for|no image found in [a-z ]+ for arch", PLATFORM, True),
    ("not (match|provide) the specified platform|cannot be used on this platform", PLATFORM, True),
    # kubernetes-sigs/cri-tools#1137, containerd/containerd#6984: a mirror or a proxy shows a page to a browser.
    ("type:? \"?text/html|invalid character '.*' (looking|after)|<(!doctype )?html", "a web page, not an image", False),
    # containerd/containerd#3604 and #12302, moby/moby#52411; containerd/containerd#5799 and #6147.
    ("content store|content digest .*not found|blob not found|blob [^ ]+ expected at",
     "a layer is missing in the node's store", False),
    ('content at .*not found|could not fetch content|(: |:")blob[ _]unknown',
     "a part of the image is missing in the registry", False),
    # kubernetes/kubernetes#117717, containers/image#1953.
    ('(^|[ "])signaturevalidationfailed(: |"|$)|signature validation failed|image rejected: |signature was required',
     "signature refused", True),
    ('(^|: |:")(manifest|name)[ _]unknown|manifest for [^ ]+ not found', _NO_TAG, True),
    ("failed to resolve (reference|image).*: not found|(artifact|repository|project) [^ ]+ not found", _NO_TAG, True),
    ('^([a-z -]+ "[^ ]+": )?([a-z]+: )?([^ ]+: )?not found$', _NO_TAG, True),
    ("invalid reference format|parse image (name|reference)", "not an image reference", True),
    ("i/o timeout|deadline exceeded|client.timeout exceeded|handshake timeout|connection timed out",
     "timed out", False),
    ("connection refused", "connection refused", False),
    ("no route to host|network is unreachable", "no route to the registry", False),
    ('unexpected eof|short read|connection reset|broken pipe|: eof("|$)', "connection lost", False),
    ("unexpected commit|layer verification failed|digest did not match|failed size valid", "corrupt layer", False),
    ("status.* [45][0-9][0-9]( [(]?[a-z]|,)", "registry error:& [45][0-9][0-9]( [(]?[a-z][a-z ]*[)]?)?", False),
    ('(^|[ "])registryunavailable(: |"|$)|registry is unavailable', "registry unavailable", False),
)  # fmt: skip
"""The rows: a pattern; the reason; whether another attempt fails in the same way.

After `&` comes a second pattern: the reason then contains what it finds in what the first one has found, or behind it.
Without that, a reason has at most 60 characters: there is no room for more where many images fail (report.awk).
"""
