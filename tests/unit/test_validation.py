"""What users write, checked: each complaint names the argument, the value and the way out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prepull import durations
from prepull.arguments import check as validation
from prepull.arguments.check import ARGUMENTS, InvalidArgumentError
from prepull.defaults import BUSYBOX_IMAGE, DOCKER_IMAGE, K3S_IMAGE, PAUSE_IMAGE, PYTHON_IMAGE
from prepull.images.references import parse
from prepull.plan import Plan
from prepull.runtimes import RUNTIMES

from ..plans import EACH, SOCKET_RUNTIMES, built, plan_of
from .strategies import JSON, NEAR_REFERENCES, REFERENCES, TEXTS

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
    "puller_image": K3S_IMAGE,
    "gate_image": PYTHON_IMAGE,
    "pause_image": PAUSE_IMAGE,
    "node_selector": {},
    "tolerations": EVERY_TAINT,
    "affinity": None,
    "priority_class_name": None,
    "resources": None,
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
}

LONG = "a" * 63
SUBDOMAIN = ".".join(["a" * 60] * 4)

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
    ("labels", {"team": "a", "example.com/team": "A.b_c-d"}, {"team": "a", "example.com/team": "A.b_c-d"}),
    (
        "annotations",
        {"example.com/note": "any text\nat $(all) \u2713"},
        {"example.com/note": "any text\nat $(all) \u2713"},
    ),
    ("startup_taint", "example.com/images", "example.com/images"),
    ("startup_taint", "images", "images"),
    ("pin_digests", True, True),
    ("pin_digests", False, False),
    ("on_pin_failure", "fail", "fail"),
    ("on_pin_failure", "warn", "warn"),
    *[("wait_for", value, value) for value in ("images", "pods", "nothing")],
    ("timeout", "90s", "90s"),
    ("timeout", "1h30m", "1h30m"),
    *[("min_ready", value, value) for value in ("1", "3", "999999", "1%", "90%", "100%")],
    ("min_ready", 3, "3"),
    ("min_ready", 3.0, "3"),
    ("mirrors", {}, {}),
    ("mirrors", {"docker.io": "mirror.example.com/hub"}, {"docker.io": "mirror.example.com/hub"}),
    ("mirrors", {"index.docker.io/team": "host:5000"}, {"docker.io/team": "host:5000"}),
    ("remove", [], ()),
    ("remove", ["a", "library/a:latest", "b"], (parse("a"), parse("b"))),
]

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
TEXT_ARGUMENTS += ["on_pin_failure", "wait_for", "timeout"]
LIST_ARGUMENTS = ["images", "image_pull_secrets", "tolerations", "remove"]
MAPPING_ARGUMENTS = ["node_selector", "affinity", "resources", "labels", "annotations", "mirrors"]

# As an anchor that names itself is in YAML.
ENDLESS: list[Any] = []
ENDLESS.append(ENDLESS)

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
        for argument in ("hold", "pin_digests")
        for value in ("true", 1, 0, ["true"], "")
    ],
    *[
        (argument, [value], f"{argument}[0]: {value!r} is not the name of a Secret; it has lower-case letters")
        for argument in ("image_pull_secrets",)
        for value in ("", "A", "a b", "a..b", ".a", "a.", "a.-b", "a/b", "a\n", SUBDOMAIN + ".aaaaaaaaaaaa")
    ],
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
    ("resources", {"request": {}}, "resources: 'request' is not a field of resources; they are requests, limits"),
    ("resources", {"limits": "1Gi"}, "resources['limits']: '1Gi' is not a mapping"),
    (
        "resources",
        {"limits": {"memory": "1GB"}},
        "resources['limits']['memory']: '1GB' is not a quantity; write one such as",
    ),
    *[
        ("resources", {"limits": {"cpu": value}}, f"resources['limits']['cpu']: {str(value)!r} is not a quantity")
        for value in ["", "-1", -1, "1 ", "1\n", "m", float("nan"), float("inf")]
    ],
    ("resources", {"limits": {"cpu": True}}, "resources['limits']['cpu']: True is not a text"),
    ("resources", {"limits": {"a b": "1"}}, "resources['limits']: 'a b' is not a key"),
    ("startup_taint", "a=b:NoSchedule", "startup_taint: 'a=b:NoSchedule' is not the key of a taint; write 'name' or"),
    ("startup_taint", "", "startup_taint: '' is not the key of a taint"),
    ("startup_taint", "-a", "startup_taint: '-a' is not the key of a taint"),
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
    *[
        ("min_ready", value, f"min_ready: {str(value)!r} waits for nothing; write a larger one, or wait_for: 'nothing'")
        for value in ("0", 0, "0%", "00%", "000")
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
    ("remove", ["a", "b c"], "remove[1]: 'b c' is not an image reference: it contains a space"),
    ("remove", [f"quay.io/{'a' * 200}:{index}" for index in range(600)], "remove: the 600 references take more than"),
]


def complaints(args: Mapping[str, Any]) -> list[str]:
    with pytest.raises(InvalidArgumentError) as caught:
        validation.check("images", {"images": ["a"], **args})
    first, *lines = str(caught.value).split("\n  - ")
    assert first == "PrePullDaemonSet 'images' cannot be deployed as it is described:"
    return lines


def test_the_defaults() -> None:
    plan = plan_of(images=["a"])
    assert {argument: getattr(plan, argument) for argument in ARGUMENTS if argument != "images"} == DEFAULTS


@pytest.mark.parametrize("argument", [argument for argument in ARGUMENTS if argument != "images"])
def test_none_counts_as_absent(argument: str) -> None:
    assert plan_of(**{argument: None}) == plan_of()


def test_whole_numbers_in_an_affinity_become_whole_and_all_else_stays() -> None:
    plan = plan_of(affinity={"podAffinity": {"a": [1.0, 1.5, True, None, "1.0"]}})
    assert repr(plan.affinity) == "{'podAffinity': {'a': [1, 1.5, True, None, '1.0']}}"


def test_no_images_at_all_are_too_few() -> None:
    assert complaints({"images": None}) == ["images: at least one image is needed, such as ['hello-world']"]


@pytest.mark.parametrize(("argument", "value", "expected"), GOOD)
def test_a_good_value(argument: str, value: Any, expected: Any) -> None:
    found = getattr(plan_of(**{argument: value}), argument)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(("argument", "value", "message"), BAD)
def test_a_bad_value_is_named_with_its_argument_and_the_way_out(argument: str, value: Any, message: str) -> None:
    [complaint] = complaints({argument: value})
    assert message in complaint
    assert complaint.startswith(argument)


def test_every_argument_has_good_and_bad_values() -> None:
    assert {argument for argument, _, _ in GOOD} == ARGUMENTS.keys()
    assert {argument for argument, _, _ in BAD} == ARGUMENTS.keys()


@pytest.mark.parametrize(
    ("key", "hint"),
    [
        ("image", "image: there is no such argument; did you mean 'images'?"),
        ("pullPolicy", "pullPolicy: there is no such argument; did you mean 'pull_policy'?"),
        ("imagePullSecrets", "did you mean 'image_pull_secrets'?"),
        ("toleration", "did you mean 'tolerations'?"),
        ("minready", "did you mean 'min_ready'?"),
        ("secrets", "secrets: there is no such argument; did you mean 'image_pull_secrets'?"),
        ("zzz", "zzz: there is no such argument; the arguments are affinity, annotations, attempts, backoff, "),
    ],
)
def test_an_unknown_key_names_the_nearest(key: str, hint: str) -> None:
    [complaint] = complaints({key: 1})
    assert hint in complaint


def test_an_unknown_key_that_is_not_set_is_unknown_to_nobody() -> None:
    assert plan_of(zzz=None) == plan_of()


def test_all_that_is_wrong_is_in_one_error() -> None:
    found = complaints(
        {
            "images": ["a b", "c", "D"],
            "runtime": "dokcer",
            "tolerations": [{"key": 1, "value": 2}, {"zzz": 3}],
            "labels": {"a": "b c", "d": "e f"},
            "paralelism": 2,
        }
    )
    starts = [re.match(r"[\w\[\]']+", complaint) for complaint in found]
    assert [start and start[0] for start in starts] == [
        "paralelism",
        "images[0]",
        "images[2]",
        "runtime",
        "tolerations[0]['key']",
        "tolerations[0]['value']",
        "tolerations[1]",
        "labels['a']",
        "labels['d']",
    ]


def test_a_list_with_its_mirrors_has_to_fit_into_the_environment() -> None:
    images = [f"quay.io/{'a' * 200}:{index}" for index in range(300)]
    assert len(plan_of(images=images).images) == 300
    [complaint] = complaints({"images": images, "mirrors": {"quay.io": "mirror.example.com"}})
    assert complaint == (
        "images: the 300 references and where they are pulled from take more than 100000 bytes; use several components"
    )


def test_a_list_with_its_digests_has_to_fit_into_the_environment() -> None:
    images = [f"quay.io/{'a' * 200}:{index}" for index in range(400)]
    assert len(plan_of(images=images).images) == 400
    [complaint] = complaints({"images": images, "pin_digests": True})
    assert complaint == "images: the 400 references take more than 100000 bytes; use several components"


# ---------------------------------------------------------------- runtimes

_KUBELET_CANNOT = {
    "socket_path": "no socket is used",
    "parallelism": "the kubelet decides how many images it pulls at once",
    "attempts": "the kubelet tries for as long as the pod is there",
    "backoff": "the kubelet has its own",
    "image_timeout": "the kubelet has its own",
    "on_failure": "the kubelet starts a pod once it has all of its images",
    "refresh": "the kubelet pulls for a pod once",
    "mirrors": "configure the mirror in the node's container runtime; leave it out, or use a runtime with a socket",
    "remove": "only a runtime's socket can remove images",
    "resources": "nothing runs that needs any",
}
CANNOT: dict[str, dict[str, str]] = {
    "docker": {},
    "containerd": {},
    "k3s": {},
    "cri-o": {
        "mirrors": "CRI-O cannot give an image a second name through its socket; configure the mirror on the nodes"
    },
    "cri-dockerd": {
        "mirrors": "cri-dockerd cannot give an image a second name through its socket; use the runtime docker"
    },
    "auto": {
        "mirrors": "whether they work depends on what the node has; name the runtime (containerd, k3s or docker)",
        "socket_path": "it decides which socket is used; name the runtime that it belongs to",
    },
    "kubelet": _KUBELET_CANNOT,
    "image-volume": {
        **_KUBELET_CANNOT,
        "stagger": "nothing runs that could wait",
        "puller_image": "nothing is run to pull",
    },
}


@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.parametrize("argument", EACH)
def test_a_runtime_refuses_what_it_cannot_honour_and_nothing_else(runtime: str, argument: str) -> None:
    args = {"runtime": runtime, argument: EACH[argument]}
    reason = CANNOT[runtime].get(argument)
    if reason is None:
        # What depends on the images, beside the argument, has a test of its own.
        by_tag = {"images": ["hello-world"]} if (argument, runtime) == ("mirrors", "docker") else {}
        assert built(plan_of(**args, **by_tag))
        return
    [complaint] = complaints(args)
    assert complaint.startswith(f"{argument}: not with the runtime {runtime}: ")
    assert reason in complaint


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_values_that_are_the_default_are_never_refused(runtime: str) -> None:
    written = {argument: value for argument, value in DEFAULTS.items() if argument not in ("runtime", "puller_image")}
    written.update(backoff="2s", image_timeout="15m", stagger="0s", tolerations=[{"operator": "Exists"}])
    written.update(image_pull_secrets=[], remove=[], resources={})
    assert plan_of(runtime=runtime, **written) == plan_of(runtime=runtime)


def test_every_refused_argument_is_named() -> None:
    args = {argument: EACH[argument] for argument in CANNOT["image-volume"]}
    found = complaints({"runtime": "image-volume", **args})
    assert sorted(complaint.partition(":")[0] for complaint in found) == sorted(args)


def test_what_cannot_be_kept_is_not_held() -> None:
    assert complaints({"hold": True, "on_failure": "continue"}) == [
        "hold: not with on_failure 'continue': an image that is missing cannot be kept in use"
    ]


@pytest.mark.parametrize(
    ("runtime", "image"),
    [("docker", DOCKER_IMAGE), *[(name, K3S_IMAGE) for name in SOCKET_RUNTIMES if name != "docker"]],
)
def test_each_socket_runtime_has_its_puller(runtime: str, image: str) -> None:
    plan = plan_of(runtime=runtime)
    assert (plan.puller_image, plan.busybox_image) == (image, BUSYBOX_IMAGE)


@pytest.mark.parametrize("runtime", ["containerd", "kubelet"])
def test_a_puller_image_of_ones_own_serves_for_everything(runtime: str) -> None:
    plan = plan_of(runtime=runtime, puller_image="host:5000/puller:1")
    assert (plan.puller_image, plan.busybox_image) == ("host:5000/puller:1", "host:5000/puller:1")


# ---------------------------------------------------------------- mirrors

SOURCES = [
    ("nginx:1", {"docker.io": "m.example"}, "m.example/library/nginx:1"),
    ("nginx:1", {"index.docker.io": "m.example/hub"}, "m.example/hub/library/nginx:1"),
    ("nginx:1", {"docker.io/library": "m.example"}, "m.example/nginx:1"),
    ("nginx:1", {"docker.io/library/nginx": "m.example/n"}, "m.example/n:1"),
    ("nginx:1", {"docker.io/lib": "m.example", "quay.io": "q.example"}, "docker.io/library/nginx:1"),
    ("quay.io/org/app", {"quay.io": "a.example", "quay.io/org": "b.example"}, "b.example/app:latest"),
    ("quay.io/org/app", {"quay.io/org": "b.example", "quay.io": "a.example"}, "b.example/app:latest"),
    (
        "quay.io/organ/app",
        {"quay.io/org": "b.example", "quay.io": "a.example:5000/q"},
        "a.example:5000/q/organ/app:latest",
    ),
    ("quay.io:443/app", {"quay.io": "a.example"}, "quay.io:443/app:latest"),
    (f"a:1@sha256:{'0' * 64}", {"docker.io": "m.example"}, f"m.example/library/a:1@sha256:{'0' * 64}"),
]


@pytest.mark.parametrize(("image", "mirrors", "source"), SOURCES)
def test_an_image_comes_from_the_mirror_with_the_longest_prefix(image: str, mirrors: Any, source: str) -> None:
    plan = plan_of(images=[image], mirrors=mirrors)
    found = plan.source(plan.images[0])
    assert str(found) == source
    assert parse(source) == found


def test_a_mirror_of_a_whole_name_leaves_a_path() -> None:
    [complaint] = complaints({"images": ["nginx"], "mirrors": {"docker.io/library/nginx": "m.example"}})
    assert complaint.startswith("mirrors: an image cannot be pulled from there: ")


# ---------------------------------------------------------------- whatever comes

VALUES = st.one_of(
    JSON,
    st.sampled_from([value for _, value, _ in GOOD]),
    st.sampled_from([value for _, value, _ in BAD]),
    st.lists(REFERENCES | NEAR_REFERENCES, max_size=3),
    st.dictionaries(REFERENCES | TEXTS, REFERENCES | TEXTS, max_size=3),
)
ARGS = st.dictionaries(st.sampled_from([*ARGUMENTS]) | TEXTS, VALUES, max_size=4)


def accepted(args: Mapping[str, Any]) -> Plan | None:
    try:
        return validation.check("images", args)
    except InvalidArgumentError:
        return None


@given(ARGS)
def test_whatever_is_given_is_deployed_or_refused(args: dict[str, Any]) -> None:
    plan = accepted({"images": ["a"], **args})
    if plan is not None:
        assert built(plan)
        assert re.fullmatch("[0-9a-f]{12}", plan.fingerprint)


PLAIN_REFERENCE = r"[][A-Za-z0-9._:@/-]+"
LINES = {
    "PREPULL_IMAGES": rf"{PLAIN_REFERENCE}( {PLAIN_REFERENCE})?",
    "PREPULL_REMOVE": PLAIN_REFERENCE,
    "PREPULL_SOCKETS": r"(crictl|docker) /[A-Za-z0-9_.@+/-]+( nameless)?",
}
SMUGGLED = st.builds(
    lambda text, extra, at: text[: at % (len(text) + 1)] + extra + text[at % (len(text) + 1) :],
    st.sampled_from(["docker.io/library/nginx:1", "quay.io", "/run/a/b.sock", "1s", "pool"]),
    st.sampled_from(
        ["", "\n", "\r", "\t", " ", "\x00", "\x0b", "\x1c", "\x85", "\u2028", "\u00a0", "$(PATH)", "$", "-", "a"]
    ),
    st.integers(0, 40),
)
LINE_ARGS = st.fixed_dictionaries(
    {"images": st.lists(SMUGGLED | REFERENCES, min_size=1, max_size=3)},
    optional={
        "runtime": st.sampled_from(SOCKET_RUNTIMES),
        "socket_path": SMUGGLED | TEXTS.map(lambda text: f"/{text}"),
        "mirrors": st.dictionaries(SMUGGLED, SMUGGLED, max_size=2),
        "remove": st.lists(SMUGGLED, max_size=2),
        "startup_taint": SMUGGLED,
        "stagger": SMUGGLED,
        "min_ready": SMUGGLED,
    },
)


@given(LINE_ARGS)
def test_no_value_can_bring_a_line_or_a_field_of_its_own(args: dict[str, Any]) -> None:
    plan = accepted(args)
    if plan is None:
        return
    for body in built(plan).values():
        pod = body.get("spec", {}).get("template", {}).get("spec", {})
        for container in pod.get("initContainers", []) + pod.get("containers", []):
            for variable in container.get("env", []):
                value = variable.get("value", "")
                # The kubelet expands $(NAME), and a shell's arithmetic takes more than digits.
                assert "$" not in value
                lines = value.split("\n")
                assert len(lines) <= len(plan.images) + len(plan.remove) + len(SOCKET_RUNTIMES)
                assert all(re.fullmatch(r"[ -~]*", line) for line in lines)
                if pattern := LINES.get(variable["name"]):
                    assert all(re.fullmatch(pattern, line) for line in lines)
                elif "\n" in value:
                    raise AssertionError(f"{variable['name']} has several lines")
                if variable["name"].endswith(("_MS", "_S")):
                    assert re.fullmatch(r"[0-9]{1,12}", value)


@given(st.text("0123456789.hms", max_size=12) | TEXTS)
def test_any_text_is_a_duration_or_an_invalid_one(text: str) -> None:
    try:
        milliseconds = durations.parse(text)
    except ValueError:
        return
    assert 0 <= milliseconds <= 8760 * 3_600_000


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [("0s", 0), ("1ms", 1), ("90s", 90_000), ("1h30m", 5_400_000), ("0.5s", 500), ("1.5ms", 2), ("1m1m", 120_000)],
)
def test_durations_add_up(text: str, milliseconds: int) -> None:
    assert durations.parse(text) == milliseconds


def test_docker_refuses_to_mirror_what_is_known_by_its_digest() -> None:
    args = {"images": [f"nginx@sha256:{'0' * 64}", "redis:7.4"], "mirrors": {"docker.io": "mirror.example.com/hub"}}

    with pytest.raises(InvalidArgumentError) as refused:
        validation.check("images", {**args, "runtime": "docker"})
    assert str(refused.value).count("mirrors: ") == 1
    assert "nginx@sha256" in str(refused.value)
    assert validation.check("images", {**args, "runtime": "containerd"}).mirrors == {
        "docker.io": "mirror.example.com/hub"
    }
