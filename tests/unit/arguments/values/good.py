"""Values that are accepted, with the plan's value of each; and the defaults."""

from __future__ import annotations

from typing import Any

from prepull.defaults import K3S_IMAGE, PAUSE_IMAGE, PYTHON_IMAGE
from prepull.images.references import parse
from prepull.plan import CredentialProvider
from prepull.runtimes import RUNTIMES

EVERY_TAINT = ({"operator": "Exists"},)

DEFAULTS: dict[str, Any] = {
    "runtime": "containerd",
    "socket_path": None,
    "namespace": None,
    "pull_policy": "IfNotPresent",
    "parallelism": 4,
    "attempts": 5,
    "backoff": 2_000,
    "image_timeout": 900_000,
    "on_failure": "retry",
    "refresh": None,
    "hold": False,
    "stagger": 0,
    "image_pull_secrets": (),
    "credential_provider": None,
    "puller_image": K3S_IMAGE,
    "gate_image": PYTHON_IMAGE,
    "pause_image": PAUSE_IMAGE,
    "node_selector": {},
    "tolerations": EVERY_TAINT,
    "affinity": None,
    "priority_class_name": None,
    "resources": None,
    "helper_resources": None,
    "service_account_name": None,
    "labels": {},
    "annotations": {},
    "startup_taint": None,
    "pin_digests": False,
    "on_pin_failure": "fail",
    "wait_for": "images",
    "timeout": "30m",
    "min_ready": "100%",
    "mirrors": {},
    "remove": (),
    "min_free_disk": "0",
    "prune": False,
}

LONG = "a" * 63
SUBDOMAIN = ".".join(["a" * 60] * 4)

PROVIDER = {"command": "/opt/provider/x", "match_images": ["a.example"]}


def provider(**fields: Any) -> CredentialProvider:
    """PROVIDER in the plan, with other fields."""
    return CredentialProvider(
        **{"command": "/opt/provider/x", "args": (), "env": {}, "match_images": ("a.example",), **fields}
    )


PATTERNS = [
    "*",
    "*.example",
    "*.dkr.ecr.*.amazonaws.com",
    "a-*b.Example_1",
    "10.0.0.1",
    "a:1",
    "a:65535/b/",
    "a/b-c_d.e",
]

GOOD: list[tuple[str, Any, Any]] = [
    ("images", ["a", "quay.io/b:1"], (parse("a"), parse("quay.io/b:1"))),
    ("images", ("a",), (parse("a"),)),
    ("images", ["b", "a", "docker.io/library/b:latest"], (parse("b"), parse("a"))),
    *[("runtime", runtime, runtime) for runtime in RUNTIMES],
    ("socket_path", "/run/k3s/containerd/containerd.sock", "/run/k3s/containerd/containerd.sock"),
    ("socket_path", "/var/run/my-_.@+1/x", "/var/run/my-_.@+1/x"),
    ("namespace", "kube-system", "kube-system"),
    ("namespace", "0", "0"),
    ("namespace", LONG, LONG),
    ("pull_policy", "Always", "Always"),
    ("pull_policy", "IfNotPresent", "IfNotPresent"),
    *[(count, value, value) for count in ("parallelism", "attempts") for value in (1, 2, 1000)],
    ("parallelism", 8.0, 8),
    ("attempts", 1e3, 1000),
    ("backoff", "0s", 0),
    ("backoff", "500ms", 500),
    ("image_timeout", "1.5m", 90_000),
    ("image_timeout", "1h30m15s", 5_415_000),
    ("image_timeout", "8760h", 8760 * 3_600_000),
    ("on_failure", "continue", "continue"),
    ("refresh", "10s", 10_000),
    ("refresh", "6h", 21_600_000),
    ("hold", True, True),
    ("hold", False, False),
    ("stagger", "0s", 0),
    ("stagger", "2m", 120_000),
    ("image_pull_secrets", [], ()),
    ("image_pull_secrets", ["a", "b.c-d", "a"], ("a", "b.c-d")),
    ("image_pull_secrets", [SUBDOMAIN], (SUBDOMAIN,)),
    ("credential_provider", PROVIDER, provider()),
    ("credential_provider", {"command": "/opt/provider/x", "matchImages": ("a.example",)}, provider()),
    ("credential_provider", {**PROVIDER, "args": None, "env": None}, provider()),
    (
        "credential_provider",
        {**PROVIDER, "args": ["", "-v", "$(A) 'b' \u2713"], "env": {"_a1": "", "PATH": "$x=y"}},
        provider(args=("", "-v", "$(A) 'b' \u2713"), env={"_a1": "", "PATH": "$x=y"}),
    ),
    ("credential_provider", {**PROVIDER, "match_images": PATTERNS}, provider(match_images=tuple(PATTERNS))),
    *[
        ("credential_provider", {**PROVIDER, "command": command}, provider(command=command))
        for command in ("/home/kubernetes/bin/auth-provider-gcp", "/opt/bin/x", "/run/x/y", "/usr/libexec/kubernetes/x")
    ],
    ("puller_image", "host:5000/puller", "host:5000/puller:latest"),
    ("gate_image", "gate:1", "docker.io/library/gate:1"),
    ("pause_image", "quay.io/pause:1", "quay.io/pause:1"),
    ("node_selector", {"pool": "gpu", "example.com/a_b.c": ""}, {"pool": "gpu", "example.com/a_b.c": ""}),
    ("node_selector", {"kubernetes.io/os": "linux"}, {"kubernetes.io/os": "linux"}),
    ("node_selector", {LONG: LONG}, {LONG: LONG}),
    ("node_selector", {f"{SUBDOMAIN}/{LONG}": "v"}, {f"{SUBDOMAIN}/{LONG}": "v"}),
    ("tolerations", [], ()),
    ("tolerations", [{"operator": "Exists"}], EVERY_TAINT),
    ("tolerations", [{"key": "a"}], ({"key": "a"},)),
    ("tolerations", [{"key": "a", "value": None, "effect": None}], ({"key": "a"},)),
    (
        "tolerations",
        [{"key": "a", "operator": "Equal", "value": ""}],
        ({"key": "a", "operator": "Equal", "value": ""},),
    ),
    ("tolerations", [{"key": "a", "effect": "PreferNoSchedule"}], ({"key": "a", "effect": "PreferNoSchedule"},)),
    (
        "tolerations",
        [{"key": "a", "effect": "NoExecute", "toleration_seconds": 86400.0}],
        ({"key": "a", "effect": "NoExecute", "tolerationSeconds": 86400},),
    ),
    (
        "tolerations",
        [{"key": "a", "effect": "NoExecute", "tolerationSeconds": 0}],
        ({"key": "a", "effect": "NoExecute", "tolerationSeconds": 0},),
    ),
    ("affinity", {}, None),
    ("affinity", {"node_affinity": None}, None),
    ("affinity", {"podAffinity": {"a_b": [{"c_d": 1.0}]}}, {"podAffinity": {"aB": [{"cD": 1}]}}),
    (
        "affinity",
        {"pod_affinity": {"label_selector": {"match_labels": {"a_b": "c_d"}, "match_expressions": [{"key": "a_b"}]}}},
        {"podAffinity": {"labelSelector": {"matchLabels": {"a_b": "c_d"}, "matchExpressions": [{"key": "a_b"}]}}},
    ),
    ("priority_class_name", "system-node-critical", "system-node-critical"),
    ("resources", {}, None),
    ("resources", {"requests": None}, None),
    ("resources", {"requests": {"cpu": 1}, "limits": {}}, {"requests": {"cpu": "1"}, "limits": {}}),
    ("resources", {"limits": {"cpu": 2.0, "memory": 0.5}}, {"limits": {"cpu": "2", "memory": "0.5"}}),
    (
        "resources",
        {"limits": {"cpu": "100m", "memory": "1.5Gi", "example.com/x": "1e3", "ephemeral-storage": "10E"}},
        {"limits": {"cpu": "100m", "memory": "1.5Gi", "example.com/x": "1e3", "ephemeral-storage": "10E"}},
    ),
    (
        "resources",
        {"requests": {"memory": "1Gi", "cpu": "1"}, "limits": {"memory": "1024Mi", "cpu": "1000m"}},
        {"requests": {"memory": "1Gi", "cpu": "1"}, "limits": {"memory": "1024Mi", "cpu": "1000m"}},
    ),
    ("helper_resources", {}, None),
    ("helper_resources", {"limits": {"cpu": "50m"}}, {"limits": {"cpu": "50m"}}),
    ("helper_resources", {"requests": {"memory": "64Mi"}, "limits": None}, {"requests": {"memory": "64Mi"}}),
    ("helper_resources", {"limits": {"hugepages-2Mi": 0}}, {"limits": {"hugepages-2Mi": "0"}}),
    ("service_account_name", "default", "default"),
    ("service_account_name", "images.of-0", "images.of-0"),
    ("service_account_name", SUBDOMAIN, SUBDOMAIN),
    ("labels", {"team": "a", "example.com/team": "A.b_c-d"}, {"team": "a", "example.com/team": "A.b_c-d"}),
    (
        "annotations",
        {"example.com/note": "any text\nat $(all) \u2713"},
        {"example.com/note": "any text\nat $(all) \u2713"},
    ),
    ("startup_taint", "example.com/images", "example.com/images"),
    *[
        ("startup_taint", key, key)
        for key in (
            "images",
            "kubernetes.io",
            "example.com/kubernetes.io",
            "kubernetes.io.example.com/images",
            "notkubernetes.io/images",
            "cluster.x-k8s.io/images",
            "startup-taint.cluster-autoscaler.kubernetes.io/images",
            "ignore-taint.cluster-autoscaler.kubernetes.io/images",
        )
    ],
    ("pin_digests", True, True),
    ("pin_digests", False, False),
    ("on_pin_failure", "fail", "fail"),
    ("on_pin_failure", "warn", "warn"),
    *[("wait_for", value, value) for value in ("images", "pods", "nothing")],
    ("timeout", "90s", "90s"),
    ("timeout", "1h30m", "1h30m"),
    *[("min_ready", value, value) for value in ("0", "000", "0%", "1", "3", "999999", "1%", "90%", "100%")],
    ("min_ready", 0, "0"),
    ("min_ready", 0.0, "0"),
    ("min_ready", 3, "3"),
    ("min_ready", 3.0, "3"),
    ("mirrors", {}, {}),
    ("mirrors", {"docker.io": "mirror.example.com/hub"}, {"docker.io": "mirror.example.com/hub"}),
    ("mirrors", {"index.docker.io/team": "host:5000"}, {"docker.io/team": "host:5000"}),
    ("prune", True, True),
    ("prune", False, False),
    ("remove", [], ()),
    ("remove", ["a", "library/a:latest", "b"], (parse("a"), parse("b"))),
    *[("min_free_disk", value, value) for value in ("20Gi", "1.5Ti", "500M", "5k", "1000", "1e9", "1%", "15%", "99%")],
    *[("min_free_disk", value, "0") for value in ("0", "0%", "0Gi", "0.0", 0, 0.0)],
    ("min_free_disk", 1073741824, "1073741824"),
]
