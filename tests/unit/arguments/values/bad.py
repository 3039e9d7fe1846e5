"""Values that are refused, each with a part of the message."""

from __future__ import annotations

from datetime import date
from typing import Any

from .bad_disks import WRONG_DISKS
from .bad_providers import WRONG_PROVIDERS
from .good import LONG, SUBDOMAIN

NO_TEXT = ("is not a text; write one in quotes", [5, True, ["a"], {"a": "b"}, 1.5])
NO_LIST = ("is not a list; write [", ["a", 5, {"a": "b"}])
NO_MAPPING = ("is not a mapping; write {'name': 'value'}", ["a", 5, ["a"], True])


def wrong_types(argument: str, expected: tuple[str, list[Any]]) -> list[tuple[str, Any, str]]:
    message, values = expected
    return [(argument, value, f"{argument}: {value!r} {message}") for value in values]


TEXT_ARGUMENTS = [
    "runtime",
    "socket_path",
    "namespace",
    "pull_policy",
    "backoff",
    "image_timeout",
    "on_failure",
    "refresh",
]
TEXT_ARGUMENTS += ["stagger", "puller_image", "gate_image", "pause_image", "priority_class_name", "startup_taint"]
TEXT_ARGUMENTS += ["on_pin_failure", "wait_for", "timeout", "service_account_name"]
LIST_ARGUMENTS = ["images", "image_pull_secrets", "tolerations", "remove"]
MAPPING_ARGUMENTS = ["node_selector", "affinity", "resources", "helper_resources", "labels", "annotations", "mirrors"]
MAPPING_ARGUMENTS += ["credential_provider"]

KUBERNETES_OWN = (
    "is in a domain of Kubernetes, whose own programs set and remove the taints there; write a key of your own, such "
    "as 'example.com/name', or 'startup-taint.cluster-autoscaler.kubernetes.io/name' with Cluster Autoscaler"
)
WRONG_RESOURCES: list[tuple[Any, str]] = [
    ({"request": {}}, ": 'request' is not a field of resources; they are requests, limits"),
    ({"claims": []}, ": 'claims' is not a field of resources; they are requests, limits"),
    ({"limits": "1Gi"}, "['limits']: '1Gi' is not a mapping"),
    ({"limits": {"memory": "1GB"}}, "['limits']['memory']: '1GB' is not a quantity; write one such as"),
    *[
        ({"limits": {"cpu": value}}, f"['limits']['cpu']: {str(value)!r} is not a quantity; write one such as '100m'")
        for value in ["", "-1", -1, "1 ", "1\n", "m", "1e100", "1Mi2", float("nan"), float("inf")]
    ],
    ({"limits": {"cpu": True}}, "['limits']['cpu']: True is not a text"),
    ({"limits": {"a b": "1"}}, "['limits']: 'a b' is not a key"),
    (
        {"limits": {"memmory": "1Gi"}},
        "['limits']: 'memmory' is not a resource; write cpu, memory, ephemeral-storage or",
    ),
    ({"requests": {"gpu": 1}}, "['requests']: 'gpu' is not a resource; write cpu, memory, ephemeral-storage or a n"),
    *[
        (
            {"requests": {"cpu": request}, "limits": {"cpu": limit}},
            f"['requests']['cpu']: {request!r} is more than the limit, {limit!r}; write a smaller request or a larger",
        )
        for request, limit in [("2", "1"), ("1001m", "1"), ("1", "0"), ("1Ki", "1k"), ("1e3", "999.9"), ("1u", "999n")]
    ],
]

# As an anchor that names itself is in YAML.
ENDLESS: list[Any] = []
ENDLESS.append(ENDLESS)
NESTED: dict[str, Any] = {}
for _ in range(60):
    NESTED = {"a": NESTED}

BAD: list[tuple[str, Any, str]] = [
    *[case for argument in TEXT_ARGUMENTS for case in wrong_types(argument, NO_TEXT)],
    *[case for argument in LIST_ARGUMENTS for case in wrong_types(argument, NO_LIST)],
    *[case for argument in MAPPING_ARGUMENTS for case in wrong_types(argument, NO_MAPPING)],
    ("images", [], "images: at least one image is needed, such as ['hello-world']"),
    (
        "images",
        ["UPPER/case"],
        "images[0]: 'UPPER/case' is not an image reference: the repository must be in lower case",
    ),
    ("images", ["a", "a b"], "images[1]: 'a b' is not an image reference: it contains a space"),
    ("images", ["nginx:"], "images[0]: 'nginx:' is not an image reference: nothing follows the ':'"),
    ("images", ["; rm -rf /"], "images[0]: '; rm -rf /' is not an image reference"),
    ("images", ["a\n- b"], r"images[0]: 'a\n- b' is not an image reference: it contains a line break"),
    ("images", [None], "images[0]: None is not a text"),
    ("images", [["a"]], "images[0]: ['a'] is not a text"),
    ("images", [f"quay.io/{'a' * 200}:{index}" for index in range(600)], "images: the 600 references take more than"),
    ("runtime", "docke", "runtime: 'docke' is not one of docker, containerd, cri-o, cri-dockerd, k3s, auto, kubelet, "),
    ("runtime", "docke", "; did you mean 'docker'?"),
    ("runtime", "podman", "runtime: 'podman' is not one of"),
    ("runtime", "", "runtime: '' is not one of"),
    ("socket_path", "run/x.sock", "socket_path: 'run/x.sock' is relative; write the socket's absolute path"),
    ("socket_path", "run/x.sock", "such as '/run/x.sock'"),
    ("socket_path", "", "socket_path: '' is relative"),
    *[
        ("socket_path", path, f"socket_path: {path!r} is not a plain absolute path; write one without '..'")
        for path in ("/", "/a/", "//a", "/a/../b", "/a b", "/a\nb", "/a\n", "/$(a)", "/a:b", "/.a", "/-a", "/a//b")
    ],
    *[
        ("namespace", value, f"namespace: {value!r} is not a namespace; it has lower-case letters, digits and '-'")
        for value in ("", "Prod", "a.b", "-a", "a-", "a_b", LONG + "a", "a\n")
    ],
    ("pull_policy", "always", "pull_policy: 'always' is not one of IfNotPresent, Always; did you mean 'Always'?"),
    ("pull_policy", "Never", "pull_policy: 'Never' is not one of IfNotPresent, Always"),
    *[
        (count, value, f"{count}: {value!r} is not a whole number; write one without quotes")
        for count in ("parallelism", "attempts")
        for value in ("4", 4.5, True, [4], float("inf"), float("nan"))
    ],
    *[
        (count, value, f"{count}: {int(value)} is not between 1 and 1000")
        for count in ("parallelism", "attempts")
        for value in (0, -1, 1001, -3.0)
    ],
    *[
        (
            argument,
            value,
            f"{argument}: {value!r} is not a duration; write a number with a unit (ms, s, m, h), such as ",
        )
        for argument in ("backoff", "image_timeout", "stagger", "refresh", "timeout")
        for value in ("", "10", "s", "-1s", "1 s", "1d", "1s ", ".5s", "1.s", "1S", "\u0663s", "1s\n", "1e3s")
    ],
    *[
        (argument, value, f"{argument}: {value!r} is not a duration; it is longer than a year; write '8760h' or less")
        for argument in ("backoff", "image_timeout", "stagger", "refresh", "timeout")
        for value in ("8760h1ms", "99999999h", "9" * 400 + "s")
    ],
    *[
        (argument, value, f"{argument}: {value!r} is no time at all; write a longer one")
        for argument in ("image_timeout", "refresh", "timeout")
        for value in ("0s", "0.1ms")
    ],
    ("on_failure", "ignore", "on_failure: 'ignore' is not one of retry, continue"),
    ("refresh", "9999ms", "refresh: '9999ms' asks the registry more often than it will bear; write '10s' or more"),
    ("on_pin_failure", "ignore", "on_pin_failure: 'ignore' is not one of fail, warn"),
    *[
        (argument, value, f"{argument}: {value!r} is not one of true, false; write one of them, without quotes")
        for argument in ("hold", "pin_digests", "prune")
        for value in ("true", 1, 0, ["true"], "")
    ],
    *[
        (argument, [value], f"{argument}[0]: {value!r} is not the name of a Secret; it has lower-case letters")
        for argument in ("image_pull_secrets",)
        for value in ("", "A", "a b", "a..b", ".a", "a.", "a.-b", "a/b", "a\n", SUBDOMAIN + ".aaaaaaaaaaaa")
    ],
    *[("credential_provider", value, f"credential_provider{message}") for value, message in WRONG_PROVIDERS],
    ("puller_image", "a b", "puller_image: 'a b' is not an image reference: it contains a space"),
    ("gate_image", "", "gate_image: '' is not an image reference: it is empty"),
    ("pause_image", "nginx:", "pause_image: 'nginx:' is not an image reference"),
    *[
        (argument, {key: "x"}, f"{argument}: {key!r} is not a key; write 'name' or 'prefix.example.com/name'")
        for argument in ("labels", "annotations", "node_selector")
        for key in (
            "",
            "a b",
            "/a",
            "a/",
            "a/b/c",
            "A.example/a",
            "a..b/c",
            "-a",
            "a-",
            "a\n",
            LONG + "a",
            SUBDOMAIN * 2 + "/a",
        )
    ],
    *[
        (argument, {"a": value}, f"{argument}['a']: {value!r} is not a label's value; it has at most 63 letters")
        for argument in ("labels", "node_selector")
        for value in ("a b", "-a", "a-", LONG + "a", "a\n", "a/b")
    ],
    ("labels", {"a": 5}, "labels['a']: 5 is not a text; write one in quotes"),
    ("labels", {"a": None}, "labels['a']: None is not a text; write one in quotes"),
    ("annotations", {"a": True}, "annotations['a']: True is not a text; write one in quotes"),
    ("annotations", {"a": "\ud800"}, r"annotations['a']: '\ud800' has half of a character in it; write valid Unicode"),
    ("annotations", {5: "a"}, "annotations: {5: 'a'} is not a mapping; write"),
    (
        "node_selector",
        {"kubernetes.io/os": "windows"},
        "node_selector['kubernetes.io/os']: 'windows' is not supported; leave it",
    ),
    ("tolerations", [5], "tolerations[0]: 5 is not a mapping"),
    (
        "tolerations",
        [{"kay": "a"}],
        "tolerations[0]: 'kay' is not a field of a toleration; they are key, operator, value, ",
    ),
    ("tolerations", [{"key": "a"}, {}], "tolerations[1]: a toleration without a key needs the operator Exists"),
    ("tolerations", [{"operator": "Equal"}], "tolerations[0]: a toleration without a key needs the operator Exists"),
    ("tolerations", [{"key": ""}], "tolerations[0]['key']: '' is not the key of a taint; write 'name' or"),
    ("tolerations", [{"key": 5}], "tolerations[0]['key']: 5 is not a text"),
    ("tolerations", [{"key": "a", "value": 1}], "tolerations[0]['value']: 1 is not a text"),
    ("tolerations", [{"key": "a", "value": "a b"}], "tolerations[0]['value']: 'a b' is not a label's value"),
    (
        "tolerations",
        [{"operator": "exists"}],
        "['operator']: 'exists' is not one of Exists, Equal; did you mean 'Exists'?",
    ),
    (
        "tolerations",
        [{"key": "a", "effect": "NoSchedul"}],
        "['effect']: 'NoSchedul' is not one of NoSchedule, PreferNoSch",
    ),
    (
        "tolerations",
        [{"operator": "Exists", "value": "a"}],
        "tolerations[0]: a toleration with the operator Exists has no va",
    ),
    (
        "tolerations",
        [{"key": "a", "toleration_seconds": 5}],
        "tolerations[0]: a toleration with toleration_seconds needs",
    ),
    (
        "tolerations",
        [{"key": "a", "effect": "NoExecute", "toleration_seconds": "5"}],
        "tolerations[0]['tolerationSeconds']: '5' is not a whole number",
    ),
    (
        "tolerations",
        [{"key": "a", "tolerationSeconds": 1, "toleration_seconds": 2}],
        "tolerations[0]: tolerationSeconds is there twice; leave out 'toleration_seconds'",
    ),
    (
        "affinity",
        {"nodeaffinity": {}},
        "affinity: 'nodeaffinity' is not a field of an affinity; they are nodeAffinity, pod",
    ),
    (
        "affinity",
        {"node_affinity": {}, "nodeAffinity": {}},
        "affinity: nodeAffinity is there twice; leave out 'nodeAffinity'",
    ),
    ("affinity", {"nodeAffinity": []}, "affinity['nodeAffinity']: [] is not a mapping"),
    (
        "affinity",
        {"nodeAffinity": {"a": date(2001, 1, 1)}},
        "affinity['nodeAffinity']: datetime.date(2001, 1, 1) is nei",
    ),
    ("affinity", {"podAffinity": {"match_labels": {"a": b"b"}}}, "affinity['podAffinity']: b'b' is neither a text nor"),
    (
        "affinity",
        {"podAffinity": {"match_labels": {"\ud800": "b"}}},
        "affinity['podAffinity']: '\\ud800' has half of a",
    ),
    ("affinity", {"podAffinity": {"a": float("nan")}}, "affinity['podAffinity']: nan is neither a text nor a number"),
    ("affinity", {"podAffinity": {"a": 2**64}}, "affinity['podAffinity']: the number is larger than any that the API"),
    ("affinity", {"podAffinity": {"a": ENDLESS}}, "affinity['podAffinity']: it is nested more than 50 times"),
    ("affinity", {"podAffinity": NESTED}, "affinity['podAffinity']: it is nested more than 50 times"),
    ("affinity", {"nodeAffinity": {"a": {1: 2}}}, "affinity['nodeAffinity']: {1: 2} is not a mapping"),
    (
        "affinity",
        {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": "x"}},
        "affinity: 'x' is not a mapping",
    ),
    (
        "affinity",
        {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": {"a": "b"}}}},
        "affinity: {'a': 'b'} is not a list",
    ),
    (
        "affinity",
        {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": ["x"]}}},
        "affinity: 'x' is not a mapping",
    ),
    (
        "affinity",
        {
            "nodeAffinity": {
                "requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [{"matchExpressions": 1}]}
            }
        },
        "affinity: 1 is not a list",
    ),
    (
        "priority_class_name",
        "High",
        "priority_class_name: 'High' is not the name of a PriorityClass; it has lower-case",
    ),
    *[
        (argument, value, f"{argument}{complaint}")
        for argument in ("resources", "helper_resources")
        for value, complaint in WRONG_RESOURCES
    ],
    *[
        ("service_account_name", value, f"service_account_name: {value!r} is not the name of a ServiceAccount; it has")
        for value in ("", "Puller", "a b", "a_b", "-a", "a.", "system:serviceaccount:a:b", "a/b", "a\n")
    ],
    ("startup_taint", "a=b:NoSchedule", "startup_taint: 'a=b:NoSchedule' is not the key of a taint; write 'name' or"),
    ("startup_taint", "", "startup_taint: '' is not the key of a taint"),
    ("startup_taint", "-a", "startup_taint: '-a' is not the key of a taint"),
    *[
        ("startup_taint", f"{domain}/name", f"startup_taint: '{domain}/name' {KUBERNETES_OWN}")
        for domain in (
            "kubernetes.io",
            "k8s.io",
            "node.kubernetes.io",
            "node-role.kubernetes.io",
            "node.cloudprovider.kubernetes.io",
            "readiness.k8s.io",
            "node.kops.k8s.io",
            "cluster-autoscaler.kubernetes.io",
            "status-taint.cluster-autoscaler.kubernetes.io",
            "a.startup-taint.cluster-autoscaler.kubernetes.io",
        )
    ],
    ("wait_for", "image", "wait_for: 'image' is not one of images, pods, nothing; did you mean 'images'?"),
    *[
        (
            "min_ready",
            value,
            f"min_ready: {value!r} is neither a number of nodes nor a share of them; write '3' or '90%'",
        )
        for value in ("", "101%", "-1", "1.5", "50 %", "all", "1000000", "3\n", "%")
    ],
    ("min_ready", 1.5, "min_ready: 1.5 is not a whole number"),
    ("min_ready", 10**400, "is neither a number of nodes"),
    ("min_ready", True, "min_ready: True is not a text"),
    ("min_ready", -1, "min_ready: '-1' is neither a number of nodes nor a share"),
    *[
        (
            "min_free_disk",
            value,
            f"min_free_disk: {value!r} is neither a size nor a share of a disk; write one such as '20Gi' or '15%'",
        )
        for value in ("", "-1", "-5%", "15 %", "15.5%", "20 Gi", "plenty", "%", "100m", "2Ei", "1" * 30, "20Gi\n")
    ],
    (
        "mirrors",
        {"hub": "a.b"},
        "mirrors: 'hub' is not a registry with or without a path: 'hub' is not a registry; write a",
    ),
    ("mirrors", {"docker.io": "mirror"}, "mirrors['docker.io']: 'mirror' is not a registry with or without a path"),
    ("mirrors", {"docker.io": "https://a.b"}, "mirrors['docker.io']: 'https://a.b' is not a registry"),
    ("mirrors", {"docker.io": "a.b c.d"}, "mirrors['docker.io']: 'a.b c.d' is not a registry"),
    ("mirrors", {"docker.io": "a.b\nc.d"}, r"mirrors['docker.io']: 'a.b\nc.d' is not a registry"),
    ("mirrors", {"docker.io": "a.b/c:1"}, "mirrors['docker.io']: 'a.b/c:1' is not a registry"),
    ("mirrors", {"docker.io": 5}, "mirrors['docker.io']: 5 is not a text"),
    ("mirrors", {"docker.io": f"a.b/{'c' * 250}"}, "mirrors: an image cannot be pulled from there: the name 'a.b/ccc"),
    *WRONG_DISKS,
    ("remove", ["a", "b c"], "remove[1]: 'b c' is not an image reference: it contains a space"),
    ("remove", [f"quay.io/{'a' * 200}:{index}" for index in range(600)], "remove: the 600 references take more than"),
]
