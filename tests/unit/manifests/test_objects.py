"""Which objects there are, and what they refer to each other by."""

from __future__ import annotations

from typing import Any

import pytest
from prepull.manifests import gate_program, node_scripts, render
from prepull.manifests.objects import Programs, objects_of
from prepull.node.scripts import PULLER_FILES, script
from prepull.runtimes import RUNTIMES

from ...plans import SOCKET_RUNTIMES, built, plan_of
from .parts import TAINT, environment

PROVIDER = {"command": "/opt/provider/x", "match_images": ["a.example"]}
CREDENTIALS = ["credentials.sh", "credential.awk", "secret.awk"]
ANSWERS = ["provider.sh", "complaint.awk", "response.awk"]
GUARD = ["disk.sh", "disk.awk"]
REMOVAL = ("removal.sh", "removable.awk")
PRUNING = ("prune.sh", "leaving.awk", "marks.awk", "own.awk", "unlisted.awk")
PLAIN = [name for name in PULLER_FILES if name not in {*CREDENTIALS, *ANSWERS, *GUARD, *REMOVAL, *PRUNING}]
GATE = ["gate-program", "gate", "gate-role", "gate-binding", "gate-job"]
UNTAINT = ["untaint", "untaint-policy", "untaint-policy-binding", "untaint-role", "untaint-binding"]


def keys(**args: Any) -> list[str]:
    return list(built(plan_of(**args)))


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
        "untaint-policy": "ValidatingAdmissionPolicy",
        "untaint-policy-binding": "ValidatingAdmissionPolicyBinding",
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
        (
            {
                "image_pull_secrets": ["a"],
                "credential_provider": PROVIDER,
                "remove": ["b"],
                "min_free_disk": "15%",
                "prune": True,
            },
            [*PULLER_FILES],
        ),
        ({}, PLAIN),
        ({"image_pull_secrets": ["a"]}, [*PLAIN, *CREDENTIALS]),
        ({"credential_provider": PROVIDER}, [*PLAIN, *CREDENTIALS, *ANSWERS]),
        ({"remove": ["b"]}, [*PLAIN, *REMOVAL]),
        ({"min_free_disk": "1Gi"}, [*PLAIN, *GUARD]),
        ({"min_free_disk": "0%"}, PLAIN),
        ({"prune": True}, [*PLAIN, *REMOVAL, *PRUNING]),
        ({"wait_for": "nothing"}, PLAIN),
        ({"startup_taint": TAINT}, [*PLAIN, "untaint.sh"]),
        ({"runtime": "kubelet", "startup_taint": TAINT, "wait_for": "pods"}, ["untaint.sh"]),
    ],
)
def test_the_scripts_that_run_are_on_the_cluster_and_cannot_be_changed(args: dict[str, Any], names: list[str]) -> None:
    scripts = built(plan_of(**args))["scripts"]
    table = {node_scripts.REASONS: node_scripts.reasons()} if "puller.sh" in names else {}
    assert scripts["data"] == {**{name: script(name) for name in names}, **table}
    assert scripts["immutable"] is True


@pytest.mark.parametrize("name", [*PULLER_FILES, "untaint.sh"])
def test_a_script_travels_without_its_comments(name: str) -> None:
    text = script(name)
    assert text.endswith("\n")
    assert not [line for line in text.splitlines() if not line.strip() or line.lstrip().startswith("#")]


def test_what_an_object_refers_to_is_made_before_it() -> None:
    ours = {"service_account_name": "ours"}
    for args in ({}, {"startup_taint": TAINT}, {"runtime": "kubelet"}, ours, {**ours, "startup_taint": TAINT}):
        before: set[str] = set()
        for item in objects_of(plan_of(**args)):
            assert set(item.needs) <= before, item.key
            before.add(item.key)


def test_the_pods_start_with_their_rights_and_scripts_in_place() -> None:
    needs = {item.key: item.needs for item in objects_of(plan_of(startup_taint=TAINT))}
    assert needs == {
        "scripts": (),
        "untaint": (),
        "untaint-policy": ("untaint",),
        "untaint-policy-binding": ("untaint-policy",),
        "untaint-role": (),
        # Rights without the policy would be rights to every node.
        "untaint-binding": ("untaint", "untaint-role", "untaint-policy-binding"),
        "daemon-set": ("scripts", "untaint", "untaint-binding"),
        "gate-program": (),
        "gate": (),
        "gate-role": (),
        "gate-binding": ("gate", "gate-role"),
        "gate-job": ("daemon-set", "gate-program", "gate", "gate-binding"),
    }


def test_a_script_that_a_confined_container_reads_is_in_a_volume_of_its_own() -> None:
    # With SELinux, a volume is labelled for the first container that mounts it.
    pod = built(plan_of(startup_taint=TAINT, hold=True))["daemon-set"]["spec"]["template"]["spec"]
    mounted: dict[str, set[bool]] = {}
    for container in (*pod["initContainers"], *pod["containers"]):
        for each in container.get("volumeMounts", []):
            mounted.setdefault(each["name"], set()).add("seLinuxOptions" in container["securityContext"])
    assert all(len(labels) == 1 for labels in mounted.values()), mounted
    [volume] = [volume for volume in pod["volumes"] if volume["name"] == "untaint"]
    assert volume["configMap"] == {"name": "images-scripts", "items": [{"key": "untaint.sh", "path": "untaint.sh"}]}


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
        expected = None if body["kind"].startswith(("Cluster", "ValidatingAdmission")) else "prepull"
        assert body["metadata"].get("namespace") == expected
    assert not any("namespace" in body["metadata"] for body in built(plan_of(startup_taint=TAINT)).values())


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
