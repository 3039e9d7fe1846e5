"""What the pods may do: no more than they need."""

from __future__ import annotations

from typing import Any

import pytest
from prepull.runtimes import RUNTIMES

from ...plans import built, plan_of
from .parts import TAINT, containers_of, pod_of


def test_the_gate_may_look_at_its_own_namespace_and_no_more() -> None:
    assert built(plan_of())["gate-role"]["rules"] == [
        {"apiGroups": ["apps"], "resources": ["daemonsets"], "verbs": ["list", "watch"]},
        {"apiGroups": [""], "resources": ["pods", "events"], "verbs": ["list", "watch"]},
    ]


def test_whoever_removes_a_taint_may_do_that_and_no_more() -> None:
    assert built(plan_of(startup_taint=TAINT))["untaint-role"]["rules"] == [
        {"apiGroups": [""], "resources": ["nodes"], "verbs": ["get", "patch"]}
    ]


def test_the_policy_is_about_the_account_that_removes_the_taint_and_nobody_else() -> None:
    found = built(plan_of(startup_taint=TAINT, namespace="prepull"))
    policy = found["untaint-policy"]["spec"]
    assert policy["failurePolicy"] == "Fail"
    assert policy["matchConstraints"]["resourceRules"] == [
        {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["UPDATE"], "resources": ["nodes"]}
    ]
    [condition] = policy["matchConditions"]
    assert condition["expression"] == 'request.userInfo.username == "system:serviceaccount:prepull:images-untaint"'
    assert found["untaint-policy-binding"]["spec"] == {
        "policyName": "images-untaint",
        "validationActions": ["Deny"],
    }


def test_each_refusal_of_the_policy_says_what_is_allowed() -> None:
    validations = built(plan_of(startup_taint=TAINT))["untaint-policy"]["spec"]["validations"]
    messages = [each["message"] for each in validations]
    assert len({*messages}) == len(messages) == 4
    assert all(message.startswith("prepull: ") for message in messages)
    assert TAINT in messages[-1]
    assert f'"{TAINT}"' in validations[-1]["expression"]
    assert {each["reason"] for each in validations} == {"Forbidden"}


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
    untaint = ["untaint"] if runtime == "kubelet" else ["untaint", "untaint-again"]
    assert holders == ([*untaint, "gate"] if taint else ["gate"])
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
        assert not {"hostPID", "hostIPC"} & pod.keys()
        # Whoever has the runtime's socket has the node; no other pod has anything of the host's.
        assert pod.get("hostNetwork", False) == (key == "daemon-set" and RUNTIMES[runtime].reports)
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
            # On nodes with SELinux, too, only they may reach it.
            assert context.get("seLinuxOptions") == ({"type": "spc_t"} if root else None)


HELPED: list[dict[str, Any]] = [
    *[{"runtime": runtime, "startup_taint": TAINT, "hold": True} for runtime in RUNTIMES],
    {"runtime": "kubelet"},
    {"refresh": "6h"},
]


def containers(**args: Any) -> list[dict[str, Any]]:
    """The containers of all pods."""
    found = built(plan_of(**args))
    return [
        container
        for key in ("daemon-set", "gate-job")
        for container in containers_of(found[key]["spec"]["template"]["spec"])
    ]


@pytest.mark.parametrize("args", HELPED)
@pytest.mark.parametrize("helpers", [{}, {"limits": {"cpu": "50m"}}, {"requests": {"cpu": "1", "memory": "1Gi"}}])
def test_a_quota_of_processors_and_memory_finds_what_it_counts(args: dict[str, Any], helpers: dict[str, Any]) -> None:
    for container in containers(**args, helper_resources=helpers):
        for part in ("requests", "limits"):
            assert container["resources"][part].keys() >= {"cpu", "memory"}, container["name"]


@pytest.mark.parametrize("args", HELPED)
def test_the_resources_of_helpers_are_those_of_every_container_that_does_not_pull(args: dict[str, Any]) -> None:
    wanted = {"requests": {"cpu": "50m", "memory": "64Mi"}, "limits": {"cpu": "60m", "memory": "256Mi"}}
    pullers = {"pull", "refresh"}
    found, plain = containers(**args, helper_resources=wanted), containers(**args)
    helpers = [each for each in found if each["name"] not in pullers]
    assert {"pause", "gate"} <= {each["name"] for each in helpers}
    assert all(each["resources"] == wanted for each in helpers)
    assert [each for each in found if each["name"] in pullers] == [each for each in plain if each["name"] in pullers]


@pytest.mark.parametrize("args", [{}, {"refresh": "6h"}])
def test_the_resources_of_the_puller_are_given_in_whole_or_in_part(args: dict[str, Any]) -> None:
    for container in containers(**args, resources={"limits": {"memory": "1Gi"}, "requests": {"cpu": "2"}}):
        if container["name"] in ("pull", "refresh"):
            assert container["resources"] == {
                "requests": {"cpu": "2", "memory": "16Mi"},
                "limits": {"cpu": "2", "memory": "1Gi"},
            }
        else:
            assert container["resources"]["limits"]["memory"] != "1Gi"


@pytest.mark.parametrize("runtime", ["containerd", "kubelet"])
@pytest.mark.parametrize("taint", [None, TAINT])
def test_an_account_of_the_users_own_is_that_of_all_pods_and_has_the_rights(runtime: str, taint: str | None) -> None:
    found = built(plan_of(runtime=runtime, startup_taint=taint, service_account_name="ours", namespace="prepull"))
    assert [key for key, item in found.items() if item["kind"] == "ServiceAccount"] == []
    for key in ("daemon-set", "gate-job"):
        pod = found[key]["spec"]["template"]["spec"]
        assert pod["serviceAccountName"] == "ours"
        assert pod["automountServiceAccountToken"] is False
    subjects = {key: item["subjects"] for key, item in found.items() if "subjects" in item}
    ours = [{"kind": "ServiceAccount", "name": "ours", "namespace": "prepull"}]
    assert subjects == {"gate-binding": ours, **({"untaint-binding": ours} if taint else {})}
    if taint:
        [condition] = found["untaint-policy"]["spec"]["matchConditions"]
        assert condition["expression"] == 'request.userInfo.username == "system:serviceaccount:prepull:ours"'


def test_credentials_are_files_that_only_the_puller_reads() -> None:
    pod = pod_of(image_pull_secrets=["b", "a"])
    volumes = {volume["name"]: volume["secret"] for volume in pod["volumes"] if "secret" in volume}
    # With all keys, since Secrets of the two types have different ones.
    assert volumes == {
        "secret-000": {"secretName": "b", "defaultMode": 0o400},
        "secret-001": {"secretName": "a", "defaultMode": 0o400},
    }
    for container in containers_of(pod):
        mounts = {mount["mountPath"] for mount in container.get("volumeMounts", []) if mount["name"] in volumes}
        expected = {"/etc/prepull/secrets/000-b", "/etc/prepull/secrets/001-a"}
        assert mounts == (expected if container["name"] == "pull" else set())
