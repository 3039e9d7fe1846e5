"""Which objects there are, what each may do, and what they are known by."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prepull.arguments.table import ARGUMENTS
from prepull.defaults import K3S_IMAGE, PYTHON_IMAGE
from prepull.images.references import Reference, parse
from prepull.labels import label_value, selector
from prepull.manifests import gate_job as gate
from prepull.manifests import gate_program, render
from prepull.manifests.objects import Programs, objects_of
from prepull.node.scripts import PULLER_FILES, script
from prepull.runtimes import RUNTIMES

from ...plans import EACH, HEX, SOCKET_RUNTIMES, built, plan_of

PLAIN = [
    name
    for name in PULLER_FILES
    if name not in {"credentials.sh", "credential.awk", "secret.awk", "removal.sh", "removable.awk"}
]
GATE = ["gate-program", "gate", "gate-role", "gate-binding", "gate-job"]
UNTAINT = ["untaint", "untaint-role", "untaint-binding"]
TAINT = "example.com/images"


def keys(**args: Any) -> list[str]:
    return list(built(plan_of(**args)))


def pod_of(**args: Any) -> dict[str, Any]:
    pod: dict[str, Any] = built(plan_of(**args))["daemon-set"]["spec"]["template"]["spec"]
    return pod


def containers_of(pod: dict[str, Any]) -> list[dict[str, Any]]:
    return [*pod.get("initContainers", []), *pod["containers"]]


def environment(container: dict[str, Any]) -> dict[str, Any]:
    return {entry["name"]: entry.get("value", entry.get("valueFrom")) for entry in container["env"]}


# ---------------------------------------------------------------- which there are


@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.parametrize("wait_for", ["images", "pods", "nothing"])
@pytest.mark.parametrize("taint", [None, TAINT])
def test_the_objects_that_a_plan_needs_and_no_others(runtime: str, wait_for: str, taint: str | None) -> None:
    scripts = ["scripts"] if runtime in SOCKET_RUNTIMES or taint else []
    expected = [*scripts, *(UNTAINT if taint else []), "daemon-set", *(GATE if wait_for == "images" else [])]
    assert keys(runtime=runtime, wait_for=wait_for, startup_taint=taint) == expected


def test_the_kinds() -> None:
    kinds = {key: body["kind"] for key, body in built(plan_of(startup_taint=TAINT)).items()}
    assert kinds == {
        "scripts": "ConfigMap",
        "untaint": "ServiceAccount",
        "untaint-role": "ClusterRole",
        "untaint-binding": "ClusterRoleBinding",
        "daemon-set": "DaemonSet",
        "gate-program": "ConfigMap",
        "gate": "ServiceAccount",
        "gate-role": "Role",
        "gate-binding": "RoleBinding",
        "gate-job": "Job",
    }


@pytest.mark.parametrize(
    ("args", "names"),
    [
        ({"image_pull_secrets": ["a"], "remove": ["b"]}, [*PULLER_FILES]),
        ({}, PLAIN),
        ({"image_pull_secrets": ["a"]}, [*PLAIN, "credentials.sh", "credential.awk", "secret.awk"]),
        ({"remove": ["b"]}, [*PLAIN, "removal.sh", "removable.awk"]),
        ({"wait_for": "nothing"}, PLAIN),
        ({"startup_taint": TAINT}, [*PLAIN, "untaint.sh"]),
        ({"runtime": "kubelet", "startup_taint": TAINT, "wait_for": "pods"}, ["untaint.sh"]),
    ],
)
def test_the_scripts_that_run_are_on_the_cluster_and_cannot_be_changed(args: dict[str, Any], names: list[str]) -> None:
    scripts = built(plan_of(**args))["scripts"]
    assert scripts["data"] == {name: script(name) for name in names}
    assert scripts["immutable"] is True


@pytest.mark.parametrize("name", [*PULLER_FILES, "untaint.sh"])
def test_a_script_travels_without_its_comments(name: str) -> None:
    text = script(name)
    assert text.endswith("\n")
    assert not [line for line in text.splitlines() if not line.strip() or line.lstrip().startswith("#")]


def test_what_an_object_refers_to_is_made_before_it() -> None:
    for args in ({}, {"startup_taint": TAINT}, {"runtime": "kubelet"}, {"wait_for": "nothing"}):
        before: set[str] = set()
        for item in objects_of(plan_of(**args)):
            assert set(item.needs) <= before, item.key
            before.add(item.key)


def test_the_pods_start_with_their_rights_and_scripts_in_place() -> None:
    needs = {item.key: item.needs for item in objects_of(plan_of(startup_taint=TAINT))}
    assert needs == {
        "scripts": (),
        "untaint": (),
        "untaint-role": (),
        "untaint-binding": ("untaint", "untaint-role"),
        "daemon-set": ("scripts", "untaint", "untaint-binding"),
        "gate-program": (),
        "gate": (),
        "gate-role": (),
        "gate-binding": ("gate", "gate-role"),
        "gate-job": ("daemon-set", "gate-program", "gate", "gate-binding"),
    }


def test_names_are_those_that_the_others_were_given() -> None:
    found = built(plan_of(startup_taint=TAINT, namespace="prepull"))
    pod, job = found["daemon-set"]["spec"]["template"]["spec"], found["gate-job"]["spec"]["template"]["spec"]
    assert {"name": "scripts", "configMap": {"name": "images-scripts"}} in pod["volumes"]
    [program] = [volume["configMap"] for volume in job["volumes"] if "configMap" in volume]
    assert program["name"] == "images-gate-program"
    assert pod["serviceAccountName"] == "images-untaint"
    assert job["serviceAccountName"] == "images-gate"
    assert environment(job["containers"][0])["PREPULL_DAEMON_SET"] == "images"
    for key, kind in (("untaint", "ClusterRole"), ("gate", "Role")):
        name = f"images-{key}"
        binding = found[f"{key}-binding"]
        assert binding["subjects"] == [{"kind": "ServiceAccount", "name": name, "namespace": "prepull"}]
        assert binding["roleRef"] == {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": name}


def test_what_is_cluster_wide_has_no_namespace_and_all_else_has_it() -> None:
    for body in built(plan_of(startup_taint=TAINT, namespace="prepull")).values():
        expected = None if body["kind"].startswith("Cluster") else "prepull"
        assert body["metadata"].get("namespace") == expected
    assert not any("namespace" in body["metadata"] for body in built(plan_of(startup_taint=TAINT)).values())


# ---------------------------------------------------------------- least privilege


def test_the_gate_may_look_at_its_own_namespace_and_no_more() -> None:
    assert built(plan_of())["gate-role"]["rules"] == [
        {"apiGroups": ["apps"], "resources": ["daemonsets"], "verbs": ["list", "watch"]},
        {"apiGroups": [""], "resources": ["pods", "events"], "verbs": ["list", "watch"]},
    ]


def test_whoever_removes_a_taint_may_do_that_and_no_more() -> None:
    assert built(plan_of(startup_taint=TAINT))["untaint-role"]["rules"] == [
        {"apiGroups": [""], "resources": ["nodes"], "verbs": ["get", "patch"]}
    ]


@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.parametrize("taint", [None, TAINT])
def test_only_the_containers_that_ask_the_api_server_have_a_token(runtime: str, taint: str | None) -> None:
    found = built(plan_of(runtime=runtime, startup_taint=taint, hold=True))
    pods = {key: found[key]["spec"]["template"]["spec"] for key in ("daemon-set", "gate-job")}
    holders = []
    for pod in pods.values():
        assert pod["automountServiceAccountToken"] is False
        volumes = {volume["name"] for volume in pod["volumes"] if "projected" in volume and volume["name"] != "secrets"}
        for container in containers_of(pod):
            mounts = container.get("volumeMounts", [])
            if any(item["name"] in volumes for item in mounts):
                holders.append(container["name"])
                assert {
                    "name": "token",
                    "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount",
                    "readOnly": True,
                } in mounts
        assert (len(volumes) == 1) == any(container["name"] in holders for container in containers_of(pod))
    assert holders == ["untaint", "gate"] if taint else ["gate"]
    assert pods["daemon-set"]["serviceAccountName"] == ("images-untaint" if taint else "default")
    assert pods["gate-job"]["serviceAccountName"] == "images-gate"


def test_the_token_is_short_lived_and_comes_with_what_proves_the_server() -> None:
    [volume] = [volume for volume in pod_of(startup_taint=TAINT)["volumes"] if volume["name"] == "token"]
    assert volume["projected"]["sources"] == [
        {"serviceAccountToken": {"path": "token", "expirationSeconds": 3607}},
        {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
        {
            "downwardAPI": {
                "items": [{"path": "namespace", "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}}]
            }
        },
    ]


EXTRAS: list[dict[str, Any]] = [
    {},
    {"startup_taint": TAINT},
    {"hold": True},
    {"image_pull_secrets": ["s"], "namespace": "n", "priority_class_name": "high"},
]


@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.parametrize("extra", EXTRAS)
def test_every_container_is_confined(runtime: str, extra: dict[str, Any]) -> None:
    found = built(plan_of(runtime=runtime, **extra))
    for key in ("daemon-set", "gate-job"):
        pod = found[key]["spec"]["template"]["spec"]
        assert not {"hostNetwork", "hostPID", "hostIPC"} & pod.keys()
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert pod["enableServiceLinks"] is False
        for container in containers_of(pod):
            context = container["securityContext"]
            assert context["allowPrivilegeEscalation"] is False
            assert context["privileged"] is False
            assert context["readOnlyRootFilesystem"] is True
            assert context["capabilities"] == {"drop": ["ALL"]}
            assert context["seccompProfile"] == {"type": "RuntimeDefault"}
            # Only what speaks to a socket that belongs to root is root.
            root = container["name"] in ("pull", "refresh")
            assert (context["runAsNonRoot"], context["runAsUser"]) == ((False, 0) if root else (True, 65534))
            assert container["resources"]["requests"]
            assert "memory" in container["resources"]["limits"]
            assert "cpu" not in container["resources"]["limits"]


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_only_the_puller_reaches_the_host_and_there_only_its_socket(runtime: str) -> None:
    pod = pod_of(runtime=runtime, hold=True, startup_taint=TAINT, image_pull_secrets=["s"])
    host = {volume["name"]: volume["hostPath"] for volume in pod["volumes"] if "hostPath" in volume}
    expected: dict[str, list[dict[str, str]]] = {
        "docker": [{"path": "/var/run/docker.sock", "type": "Socket"}],
        "containerd": [{"path": "/run/containerd/containerd.sock", "type": "Socket"}],
        "cri-o": [{"path": "/run/crio/crio.sock", "type": "Socket"}],
        "cri-dockerd": [{"path": "/var/run/cri-dockerd.sock", "type": "Socket"}],
        "k3s": [{"path": "/run/k3s/containerd/containerd.sock", "type": "Socket"}],
        "auto": [{"path": "/run", "type": "Directory"}],
        "kubelet": [],
        "image-volume": [],
    }
    assert list(host.values()) == expected[runtime]
    for container in containers_of(pod):
        reaches = [
            item for item in container.get("volumeMounts", []) if item["name"] in host or item["name"] == "secrets"
        ]
        assert bool(reaches) == (container["name"] == "pull")
        if runtime == "auto":
            assert all(item["readOnly"] for item in reaches)


def test_auto_tries_every_cri_socket_under_the_directory_that_is_mounted() -> None:
    [pull] = pod_of(runtime="auto")["initContainers"]
    assert environment(pull)["PREPULL_SOCKETS"].splitlines() == [
        "crictl /host/run/k3s/containerd/containerd.sock",
        "crictl /host/run/crio/crio.sock nameless",
        "crictl /host/run/cri-dockerd.sock nameless",
        "crictl /host/run/containerd/containerd.sock",
    ]


def test_credentials_are_files_that_only_the_puller_reads() -> None:
    [volume] = [volume for volume in pod_of(image_pull_secrets=["b", "a"])["volumes"] if volume["name"] == "secrets"]
    assert volume["projected"] == {
        "defaultMode": 0o400,
        "sources": [
            {"secret": {"name": "b", "items": [{"key": ".dockerconfigjson", "path": "000.json"}]}},
            {"secret": {"name": "a", "items": [{"key": ".dockerconfigjson", "path": "001.json"}]}},
        ],
    }


# ---------------------------------------------------------------- labels


def test_the_selector_follows_from_the_name_alone() -> None:
    wanted = {"app.kubernetes.io/name": "prepull", "app.kubernetes.io/instance": "images"}
    for argument, value in EACH.items():
        daemon_set = built(plan_of(**{argument: value}))["daemon-set"]
        assert daemon_set["spec"]["selector"] == {"matchLabels": wanted}
        assert daemon_set["spec"]["template"]["metadata"]["labels"].items() >= wanted.items()


def test_no_label_of_the_user_hides_one_of_the_component() -> None:
    taken = {"app.kubernetes.io/name": "x", "app.kubernetes.io/instance": "y", "prepull.dev/plan": "z", "team": "t"}
    plan = plan_of(labels=taken, startup_taint=TAINT)
    found = built(plan)
    for key, body in found.items():
        name = "prepull-gate" if key == "gate-job" else "prepull"
        assert body["metadata"]["labels"].items() >= {"app.kubernetes.io/name": name, "team": "t"}.items()
        assert body["metadata"]["labels"]["app.kubernetes.io/instance"] == "images"
    template = found["daemon-set"]["spec"]["template"]["metadata"]["labels"]
    assert template["prepull.dev/plan"] == plan.fingerprint


def test_the_gate_waits_for_the_pods_of_its_own_plan_and_is_none_of_them() -> None:
    plan = plan_of()
    found = built(plan)
    labels = found["daemon-set"]["spec"]["template"]["metadata"]["labels"]
    job = found["gate-job"]["spec"]["template"]
    told = environment(job["spec"]["containers"][0])
    wanted = dict(pair.split("=") for pair in told["PREPULL_SELECTOR"].split(","))
    assert labels.items() >= wanted.items()
    assert found["daemon-set"]["metadata"]["labels"].items() >= wanted.items()
    assert told["PREPULL_PLAN"] == f"prepull.dev/plan={plan.fingerprint}"
    assert labels["prepull.dev/plan"] == plan.fingerprint
    assert not job["metadata"]["labels"].items() >= selector("images").items()


def test_sidecars_are_told_to_keep_out_unless_the_user_says_otherwise() -> None:
    for key in ("daemon-set", "gate-job"):
        made = built(plan_of())[key]["spec"]["template"]["metadata"]
        assert made["annotations"] == {
            "linkerd.io/inject": "disabled",
            "sidecar.istio.io/inject": "false",
            "consul.hashicorp.com/connect-inject": "false",
        }
        assert made["labels"]["sidecar.istio.io/inject"] == "false"
        assert made["labels"]["kuma.io/sidecar-injection"] == "disabled"
        other = built(plan_of(annotations={"linkerd.io/inject": "enabled", "a": "b"}))[key]["spec"]["template"][
            "metadata"
        ]
        assert other["annotations"]["linkerd.io/inject"] == "enabled"
        assert other["annotations"]["a"] == "b"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("images", "images"),
        ("a.B_c-1", "a.B_c-1"),
        ("0", "0"),
        ("a" * 63, "a" * 63),
        ("a" * 64, "a" * 54 + "-ffe054fe"),
        ("my images", "my-images-0999b277"),
        ("-a", "a-c2748917"),
        ("\u2713", "1dabba21"),
        ("\u2713a_" * 30, "a_-" * 17 + "a-10b3075a"),
    ],
)
def test_a_name_becomes_a_label(name: str, value: str) -> None:
    assert label_value(name) == value


@given(st.text(min_size=1, max_size=80), st.text(min_size=1, max_size=80))
def test_different_names_are_different_labels(one: str, other: str) -> None:
    first, second = label_value(one), label_value(other)
    assert (first == second) == (one == other)
    for label in (first, second):
        assert len(label) <= 63
        assert label.isascii()
        assert label[0].isalnum()
        assert label[-1].isalnum()


# ---------------------------------------------------------------- fingerprint

OTHERS: dict[str, Any] = {**EACH, "images": ["other"], "runtime": "k3s"}


@pytest.mark.parametrize("argument", ARGUMENTS)
def test_anything_that_changes_makes_another_plan(argument: str) -> None:
    assert plan_of(**{argument: OTHERS[argument]}).fingerprint != plan_of().fingerprint


def test_every_field_of_the_plan_counts() -> None:
    plan = plan_of()
    for field in dataclasses.fields(plan):
        changed: Any = dataclasses.replace(plan, **{field.name: "something else"})  # type: ignore[arg-type]
        assert changed.fingerprint != plan.fingerprint, field.name


def reversed_mappings(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: reversed_mappings(item) for key, item in reversed(value.items())}
    return [reversed_mappings(item) for item in value] if isinstance(value, list) else value


def test_the_order_of_names_in_a_mapping_makes_no_other_plan() -> None:
    args = {
        **{key: EACH[key] for key in ("affinity", "resources", "mirrors", "tolerations")},
        "labels": {"a": "1", "b": "2", "c": "3"},
        "annotations": {"a": "1", "b": "2"},
        "node_selector": {"a": "1", "b": "2"},
    }
    plan, other = plan_of(**args), plan_of(**reversed_mappings(args))
    assert list(plan.labels) != list(other.labels)
    assert plan == other
    assert plan.fingerprint == other.fingerprint


def test_the_same_written_otherwise_is_the_same_plan() -> None:
    plan = plan_of(images=["nginx", "quay.io/a:1"], parallelism=4, resources={"limits": {"cpu": 1}}, backoff="2s")
    other = plan_of(
        images=["docker.io/library/nginx:latest", "quay.io/a:1", "nginx"],
        parallelism=4.0,
        resources={"limits": {"cpu": "1"}, "requests": None},
        backoff="2000ms",
    )
    assert plan.fingerprint == other.fingerprint


@pytest.mark.parametrize(
    "args", [{"images": ["b", "a"]}, {"image_pull_secrets": ["b", "a"]}, {"remove": ["b:1", "a:1"]}], ids=str
)
def test_an_order_that_has_a_meaning_makes_another_plan(args: dict[str, list[str]]) -> None:
    other = {key: value[::-1] for key, value in args.items()}
    assert plan_of(**args).fingerprint != plan_of(**other).fingerprint


PRINT_FINGERPRINT = """\
import json, sys
from prepull.arguments import check as validation
print(validation.check("images", json.load(sys.stdin)).fingerprint)
"""


@pytest.mark.parametrize("seed", ["1", "2"])
def test_the_fingerprint_is_the_same_in_every_process(seed: str) -> None:
    args = {
        "images": ["a", "b"],
        **{key: value for key, value in EACH.items() if key not in ("hold", "wait_for", "pin_digests")},
    }
    found = subprocess.run(
        [sys.executable, "-c", PRINT_FINGERPRINT],
        input=json.dumps(args),
        env={**os.environ, "PYTHONHASHSEED": seed},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    assert found.stdout.strip() == plan_of(**args).fingerprint


# ---------------------------------------------------------------- pods


def test_images_that_differ_only_in_what_a_digest_overrides_are_named_by_it() -> None:
    [pull] = pod_of(images=[f"nginx:1@sha256:{HEX}", "nginx:1"])["initContainers"]
    assert environment(pull)["PREPULL_IMAGES"].splitlines() == [
        f"docker.io/library/nginx@sha256:{HEX}",
        "docker.io/library/nginx:1",
    ]


def test_a_mirror_is_the_second_field_of_its_image() -> None:
    pod = pod_of(images=["nginx:1", "quay.io/a:1"], mirrors={"quay.io": "m.example:5000/q"})
    assert environment(pod["initContainers"][0])["PREPULL_IMAGES"].splitlines() == [
        "docker.io/library/nginx:1",
        "quay.io/a:1 m.example:5000/q/a:1",
    ]


@pytest.mark.parametrize(("parallelism", "limit"), [(1, "192Mi"), (4, "384Mi"), (10, "768Mi")])
def test_the_memory_limit_grows_with_the_parallelism(parallelism: int, limit: str) -> None:
    [pull] = pod_of(parallelism=parallelism)["initContainers"]
    assert pull["resources"] == {"requests": {"cpu": "10m", "memory": "16Mi"}, "limits": {"memory": limit}}


def test_refresh_runs_the_puller_beside_pause() -> None:
    pod = pod_of(refresh="6h")
    [pull] = pod["initContainers"]
    pause, refresh = pod["containers"]
    assert (pause["name"], refresh["name"]) == ("pause", "refresh")
    assert environment(refresh) == {**environment(pull), "PREPULL_REFRESH_MS": "21600000"}


@pytest.mark.parametrize("runtime", [*SOCKET_RUNTIMES, "kubelet"])
def test_hold_keeps_one_idle_container_for_each_image(runtime: str) -> None:
    pod = pod_of(runtime=runtime, images=["a:1", f"b:2@sha256:{HEX}"], hold=True)
    pause, *held = pod["containers"]
    assert pause["name"] == "pause"
    assert [(container["name"], container["image"]) for container in held] == [
        ("hold-0", "docker.io/library/a:1"),
        ("hold-1", f"docker.io/library/b@sha256:{HEX}"),
    ]
    assert all(container["command"] == ["/.prepull/sleep", "2147483647"] for container in held)
    names = [container["name"] for container in pod["initContainers"]]
    assert names == (["programs"] if runtime == "kubelet" else ["pull", "programs"])


def test_the_kubelet_pulls_by_one_init_container_for_each_image() -> None:
    pod = pod_of(runtime="kubelet", images=["a:1", "b:2"], pull_policy="Always", stagger="90s")
    programs, *pulls = pod["initContainers"]
    assert environment(programs) == {"PREPULL_STAGGER_S": "90"}
    assert [(pull["name"], pull["image"], pull["imagePullPolicy"], pull["command"]) for pull in pulls] == [
        ("pull-0", "docker.io/library/a:1", "Always", ["/.prepull/true"]),
        ("pull-1", "docker.io/library/b:2", "Always", ["/.prepull/true"]),
    ]
    assert [container["name"] for container in pod["containers"]] == ["pause"]


def test_the_taint_is_removed_after_the_images_are_there() -> None:
    pod = pod_of(startup_taint=TAINT, hold=True, tolerations=[])
    assert [container["name"] for container in pod["initContainers"]] == ["pull", "programs", "untaint"]
    untaint = pod["initContainers"][-1]
    assert environment(untaint) == {
        "PREPULL_NODE": {"fieldRef": {"fieldPath": "spec.nodeName"}},
        "PREPULL_TAINT": TAINT,
    }
    assert pod["tolerations"] == [{"key": TAINT, "operator": "Exists"}]


@pytest.mark.parametrize(
    ("args", "field", "value"),
    [
        ({"priority_class_name": "high"}, "priorityClassName", "high"),
        ({"image_pull_secrets": ["b", "a"]}, "imagePullSecrets", [{"name": "b"}, {"name": "a"}]),
    ],
)
def test_the_pods_of_both_get_what_the_cluster_asks_of_pods(args: dict[str, Any], field: str, value: Any) -> None:
    with_it, without = built(plan_of(**args)), built(plan_of(tolerations=[]))
    for key in ("daemon-set", "gate-job"):
        assert with_it[key]["spec"]["template"]["spec"][field] == value
        assert field not in without[key]["spec"]["template"]["spec"]


OPEN_CONTROL_PLANE = {"key": "node-role.kubernetes.io/control-plane", "operator": "Exists", "effect": "NoSchedule"}


@pytest.mark.parametrize(
    ("tolerations", "on_nodes", "at_the_gate"),
    [
        (None, [{"operator": "Exists"}], [OPEN_CONTROL_PLANE]),
        ([], None, []),
        ([{"key": "a"}], [{"key": "a"}], [{"key": "a"}]),
    ],
)
def test_the_pods_go_wherever_they_are_let_and_the_gate_stays_off_nodes_that_are_gone(
    tolerations: Any, on_nodes: Any, at_the_gate: list[Any]
) -> None:
    found = built(plan_of(tolerations=tolerations))
    assert found["daemon-set"]["spec"]["template"]["spec"].get("tolerations") == on_nodes
    *own, not_ready, unreachable = found["gate-job"]["spec"]["template"]["spec"]["tolerations"]
    assert own == at_the_gate
    for toleration, state in ((not_ready, "not-ready"), (unreachable, "unreachable")):
        assert toleration["key"] == f"node.kubernetes.io/{state}"
        assert toleration["effect"] == "NoExecute"
        assert 0 < toleration["tolerationSeconds"] < 300


# ---------------------------------------------------------------- gate


@pytest.mark.parametrize(("timeout", "seconds"), [("30m", 1800), ("90s", 90), ("1500ms", 1), ("1ms", 1)])
def test_the_gate_waits_as_long_as_it_is_told(timeout: str, seconds: int) -> None:
    assert gate.seconds(timeout) == seconds
    assert environment(_gate(timeout=timeout)["containers"][0])["PREPULL_TIMEOUT_S"] == str(seconds)


def _gate(**args: Any) -> dict[str, Any]:
    spec: dict[str, Any] = built(plan_of(**args))["gate-job"]["spec"]["template"]["spec"]
    return spec


def test_the_gate_ends_with_its_first_verdict() -> None:
    job = built(plan_of())["gate-job"]["spec"]
    assert job["backoffLimit"] == 0
    assert job["template"]["spec"]["restartPolicy"] == "Never"


def test_the_gate_is_told_what_to_wait_for_and_where_to_say_what_came_of_it() -> None:
    spec = _gate(min_ready="90%")
    [container] = spec["containers"]
    found = environment(container)
    assert found["PREPULL_MIN_READY"] == "90%"
    assert found["PREPULL_MESSAGE"] == "/dev/termination-log"
    assert {"name": "token", "mountPath": found["PREPULL_CREDENTIALS"], "readOnly": True} in container["volumeMounts"]
    assert spec["nodeSelector"] == {"kubernetes.io/os": "linux"}


def test_the_gate_has_its_program_where_its_command_looks_for_it() -> None:
    found = built(plan_of())
    spec = found["gate-job"]["spec"]["template"]["spec"]
    [container] = spec["containers"]
    [program] = [volume for volume in spec["volumes"] if "configMap" in volume]
    assert set(program["configMap"]) == {"name"}
    assert {"name": program["name"], "mountPath": "/etc/prepull/gate", "readOnly": True} in container["volumeMounts"]
    assert container["command"] == ["python3", "-B", "-S", "-u", "/etc/prepull/gate/start.py"]
    assert set(found["gate-program"]["data"]) == {"start.py"}
    assert set(found["gate-program"]["binaryData"]) == {"program.json.bz2"}
    assert found["gate-program"]["immutable"] is True


@pytest.mark.parametrize(
    ("gate_image", "gates", "untaints"),
    [(None, PYTHON_IMAGE, K3S_IMAGE), ("host:5000/gate:1", "host:5000/gate:1", "host:5000/gate:1")],
)
def test_the_gates_image_and_what_removes_a_taint(gate_image: str | None, gates: str, untaints: str) -> None:
    found = built(plan_of(gate_image=gate_image, startup_taint=TAINT))
    [container] = found["gate-job"]["spec"]["template"]["spec"]["containers"]
    untaint = found["daemon-set"]["spec"]["template"]["spec"]["initContainers"][-1]
    assert (container["image"], untaint["image"]) == (gates, untaints)


def changed(**programs: Any) -> set[str]:
    """The kinds of objects that another program replaces or changes."""
    args = {"images": ["a"], "startup_taint": TAINT}
    as_it_is = render.manifests("images", args)
    with_another = render.manifests("images", args, programs=Programs(**programs))
    return {f"{key}" for key, item in as_it_is.items() if with_another[key] != item}


def test_another_program_of_the_gate_replaces_no_pod_on_a_node() -> None:
    modules = gate_program.modules()
    another = {**modules, "prepull/gate/api.py": modules["prepull/gate/api.py"] + "pass\n"}
    assert changed(gate=lambda: another) == {"gate-program", "gate-job"}


@pytest.mark.parametrize("name", ["puller.sh", "untaint.sh"])
def test_another_program_of_the_nodes_makes_no_other_gate(name: str) -> None:
    found = changed(script=lambda each: script(each) + ("true\n" if each == name else ""))
    assert found == {"scripts", "daemon-set"}


def test_references_survive_the_way_through_the_manifest() -> None:
    plan = plan_of(images=["nginx", "host:5000/a/b:1"])
    [pull] = pod_of(images=["nginx", "host:5000/a/b:1"])["initContainers"]
    lines = environment(pull)["PREPULL_IMAGES"].splitlines()
    assert [parse(line) for line in lines] == list(plan.images)
    assert all(isinstance(image, Reference) for image in plan.images)
