"""What reaches the engine, registered through Pulumi's mocks."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest
from prepull import PrePullArgumentError, PrePullDaemonSet

from ..conftest import Engine


def declare(engine: Engine, args: Any, opts: pulumi.ResourceOptions | None = None, **options: Any) -> dict[str, Any]:
    def program() -> dict[str, Any]:
        component = PrePullDaemonSet("images", args, opts)
        return {
            "name": component.daemon_set_name,
            "namespace": component.namespace,
            "images": component.images,
        }

    return engine.run(program, **options)


def pod_of(engine: Engine) -> dict[str, Any]:
    spec: dict[str, Any] = engine.only("DaemonSet").inputs["spec"]["template"]["spec"]
    return spec


def environment(container: dict[str, Any]) -> dict[str, str]:
    return {entry["name"]: entry["value"] for entry in container["env"]}


def test_the_first_form(engine: Engine) -> None:
    outputs = declare(engine, {"images": ["hello-world"], "runtime": "docker"})

    pod = pod_of(engine)
    [pull] = pod["initContainers"]
    assert pull["image"] == "docker.io/library/docker:29.7.2-cli"
    assert pull["command"] == ["/bin/sh", "/etc/prepull/scripts/puller.sh"]
    assert environment(pull)["PREPULL_IMAGES"] == "docker.io/library/hello-world:latest"
    assert environment(pull)["PREPULL_SOCKETS"] == "docker /var/run/docker.sock"
    assert {"name": "socket", "hostPath": {"path": "/var/run/docker.sock", "type": "Socket"}} in pod["volumes"]
    assert {"name": "socket", "mountPath": "/var/run/docker.sock"} in pull["volumeMounts"]
    [pause] = pod["containers"]
    assert (pause["name"], pause["image"]) == ("pause", "registry.k8s.io/pause:3.10")
    assert outputs == {
        "name": "images-1a2b3c4d",
        "namespace": "default",
        "images": ["docker.io/library/hello-world:latest"],
    }


def test_containerd_is_the_default(engine: Engine) -> None:
    declare(engine, {"images": ["hello-world"]})

    pod = pod_of(engine)
    [pull] = pod["initContainers"]
    assert pull["image"] == "docker.io/rancher/k3s:v1.37.1-k3s1"
    assert environment(pull)["PREPULL_SOCKETS"] == "crictl /run/containerd/containerd.sock"
    host_paths = [volume["hostPath"] for volume in pod["volumes"] if "hostPath" in volume]
    assert host_paths == [{"path": "/run/containerd/containerd.sock", "type": "Socket"}]


def test_another_socket(engine: Engine) -> None:
    declare(engine, {"images": ["a"], "socket_path": "/var/snap/microk8s/common/run/containerd.sock"})

    pod = pod_of(engine)
    assert environment(pod["initContainers"][0])["PREPULL_SOCKETS"].endswith("/common/run/containerd.sock")
    assert pod["volumes"][0]["hostPath"]["path"] == "/var/snap/microk8s/common/run/containerd.sock"


def test_one_puller_for_several_images_without_duplicates(engine: Engine) -> None:
    outputs = declare(engine, {"images": ["nginx:1.27", "docker.io/library/nginx:1.27", "quay.io/org/app:2"]})

    [pull] = pod_of(engine)["initContainers"]
    wanted = ["docker.io/library/nginx:1.27", "quay.io/org/app:2"]
    assert environment(pull)["PREPULL_IMAGES"].splitlines() == wanted
    assert outputs["images"] == wanted


def test_the_selector_follows_from_the_name_alone(engine: Engine) -> None:
    declare(engine, {"images": ["a"], "labels": {"team": "platform", "app.kubernetes.io/name": "other"}})

    spec = engine.only("DaemonSet").inputs["spec"]
    wanted = {"app.kubernetes.io/name": "prepull", "app.kubernetes.io/instance": "images"}
    assert spec["selector"] == {"matchLabels": wanted}
    labels = spec["template"]["metadata"]["labels"]
    assert labels.items() >= wanted.items()
    assert labels["team"] == "platform"


def test_the_pod_has_no_rights_that_it_does_not_need(engine: Engine) -> None:
    declare(engine, {"images": ["a"]})

    pod = pod_of(engine)
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert not {"hostPID", "hostIPC"} & pod.keys()
    for container in pod["initContainers"] + pod["containers"]:
        context = container["securityContext"]
        assert context["allowPrivilegeEscalation"] is False
        assert context["privileged"] is False
        assert context["readOnlyRootFilesystem"] is True
        assert context["capabilities"] == {"drop": ["ALL"]}
    assert pod["containers"][0]["securityContext"]["runAsNonRoot"] is True


def test_it_runs_on_every_linux_node_and_no_virtual_one(engine: Engine) -> None:
    declare(engine, {"images": ["a"], "node_selector": {"pool": "gpu"}})

    pod = pod_of(engine)
    assert pod["nodeSelector"] == {"kubernetes.io/os": "linux", "pool": "gpu"}
    assert pod["tolerations"] == [{"operator": "Exists"}]
    required = pod["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    [term] = required["nodeSelectorTerms"]
    assert {"key": "type", "operator": "NotIn", "values": ["virtual-kubelet"]} in term["matchExpressions"]


def test_virtual_nodes_stay_out_of_every_alternative_of_an_affinity(engine: Engine) -> None:
    alternatives = [
        {"match_expressions": [{"key": "pool", "operator": "In", "values": ["a"]}]},
        {"match_fields": [{"key": "metadata.name", "operator": "In", "values": ["node-1"]}]},
    ]
    required = {"required_during_scheduling_ignored_during_execution": {"node_selector_terms": alternatives}}
    declare(engine, {"images": ["a"], "affinity": {"node_affinity": required}})

    node = pod_of(engine)["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    first, second = node["nodeSelectorTerms"]
    assert first["matchExpressions"][0] == {"key": "pool", "operator": "In", "values": ["a"]}
    assert second["matchFields"][0]["key"] == "metadata.name"
    for term in (first, second):
        assert any(expression["operator"] == "NotIn" for expression in term["matchExpressions"])


def test_a_changed_list_reaches_all_nodes_at_once(engine: Engine) -> None:
    declare(engine, {"images": ["a"]})

    strategy = engine.only("DaemonSet").inputs["spec"]["updateStrategy"]
    assert strategy == {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "100%"}}
    assert pod_of(engine)["terminationGracePeriodSeconds"] == 0


def test_pull_secrets_reach_the_puller_and_the_kubelet(engine: Engine) -> None:
    declare(engine, {"images": ["a"], "image_pull_secrets": ["second", "first"]})

    pod = pod_of(engine)
    assert pod["imagePullSecrets"] == [{"name": "second"}, {"name": "first"}]
    volumes = [item["secret"]["secretName"] for item in pod["volumes"] if "secret" in item]
    assert volumes == ["second", "first"]
    [pull] = pod["initContainers"]
    mounted = [mount for mount in pull["volumeMounts"] if mount["name"].startswith("secret-")]
    assert mounted == [
        {"name": "secret-000", "mountPath": "/etc/prepull/secrets/000-second", "readOnly": True},
        {"name": "secret-001", "mountPath": "/etc/prepull/secrets/001-first", "readOnly": True},
    ]


@pytest.mark.parametrize(
    ("argument", "value", "variable", "expected"),
    [
        ("pull_policy", "Always", "PREPULL_PULL_POLICY", "Always"),
        ("on_failure", "continue", "PREPULL_ON_FAILURE", "continue"),
        ("parallelism", 9, "PREPULL_PARALLELISM", "9"),
        ("attempts", 2, "PREPULL_ATTEMPTS", "2"),
        ("backoff", "500ms", "PREPULL_BACKOFF_MS", "500"),
        ("image_timeout", "1m30s", "PREPULL_IMAGE_TIMEOUT_MS", "90000"),
        ("stagger", "2m", "PREPULL_STAGGER_MS", "120000"),
    ],
)
def test_settings_reach_the_puller(engine: Engine, argument: str, value: Any, variable: str, expected: str) -> None:
    declare(engine, {"images": ["a"], argument: value})

    assert environment(pod_of(engine)["initContainers"][0])[variable] == expected


def test_the_child_inherits_from_the_component(engine: Engine) -> None:
    def program() -> None:
        before = pulumi.ComponentResource("test:index:Before", "before")
        PrePullDaemonSet(
            "images",
            {"images": ["a"], "timeout": "7m"},
            pulumi.ResourceOptions(protect=True, depends_on=[before]),
        )

    engine.run(program)

    component, child = engine.only("PrePullDaemonSet"), engine.only("DaemonSet")
    assert component.type == "prepull:index:PrePullDaemonSet"
    assert child.request.parent.endswith("prepull:index:PrePullDaemonSet::images")
    assert child.request.protect is True
    assert (child.request.customTimeouts.create, child.request.customTimeouts.update) == ("7m", "7m")


def test_the_given_provider_is_the_one_that_every_child_uses(engine: Engine) -> None:
    def program() -> None:
        import pulumi_kubernetes as k8s

        provider = k8s.Provider("elsewhere", kubeconfig="{}")
        args: Any = {"images": ["a"], "startup_taint": "example.com/images"}
        PrePullDaemonSet("images", args, pulumi.ResourceOptions(provider=provider))

    engine.run(program)

    children = [item for item in engine.recorder.registered if item.type.startswith("kubernetes:")]
    assert len(children) == 12
    for child in children:
        assert "::elsewhere::" in child.request.provider, child.type


def test_the_ready_nodes_are_read_once_the_gate_is_through_and_nothing_is_written(engine: Engine) -> None:
    def program() -> dict[str, Any]:
        component = PrePullDaemonSet("images", {"images": ["a"]})
        return {"ready": component.ready_nodes, "desired": component.desired_nodes}

    outputs = engine.run(program)

    assert outputs == {"ready": 2, "desired": 3}
    [read] = engine.recorder.read
    assert (read.type, read.id) == ("kubernetes:apps/v1:DaemonSet", "default/images-1a2b3c4d")
    # Providers without server-side apply refuse every resource of a Patch type.
    assert [item.type for item in engine.recorder.registered if item.type.endswith("Patch")] == []


def test_files_are_rendered_with_a_namespace_or_not_at_all(engine: Engine) -> None:
    engine.recorder.renders = True
    with pytest.raises(pulumi.RunError, match="namespace: the provider renders files, and has no cluster to ask"):
        declare(engine, {"images": ["a"]})
    with pytest.raises(pulumi.RunError, match="namespace: the provider renders files, and has no cluster to ask"):
        declare(engine, {"images": ["a"], "service_account_name": "ours"})
    assert declare(engine, {"images": ["a"], "namespace": "apps"})["namespace"] == "apps"


@pytest.mark.parametrize("known", [True, False])
def test_an_account_of_the_users_own_may_be_known_later(engine: Engine, known: bool) -> None:
    name: Any = "ours" if known else pulumi.Output.from_input("ours")
    declare(engine, {"images": ["a"], "service_account_name": name, "startup_taint": "example.com/images"})

    assert engine.find("ServiceAccount") == []
    assert pod_of(engine)["serviceAccountName"] == "ours"
    assert engine.only("Job").inputs["spec"]["template"]["spec"]["serviceAccountName"] == "ours"
    for binding in ("RoleBinding", "ClusterRoleBinding"):
        [subject] = engine.only(binding).inputs["subjects"]
        assert subject == {"kind": "ServiceAccount", "name": "ours", "namespace": "default"}


def test_an_account_that_turns_out_to_be_none_is_the_namespaces_own(engine: Engine) -> None:
    nothing: pulumi.Output[Any] = pulumi.Output.from_input(None)
    declare(engine, {"images": ["a"], "service_account_name": nothing})

    assert pod_of(engine)["serviceAccountName"] == "default"
    assert engine.only("RoleBinding").inputs["subjects"][0]["name"] == "default"


def test_images_that_are_known_later(engine: Engine) -> None:
    later = pulumi.Output.from_input("nginx:1.27")
    outputs = declare(
        engine, {"images": pulumi.Output.all(later, "redis:7.4"), "namespace": later.apply(lambda _: "x")}
    )

    assert outputs["images"] == ["docker.io/library/nginx:1.27", "docker.io/library/redis:7.4"]
    assert engine.only("DaemonSet").inputs["metadata"]["namespace"] == "x"


def test_objects_have_their_names_where_an_argument_is_not_known_yet(engine: Engine) -> None:
    def program() -> dict[str, Any]:
        async def unknown(value: Any) -> Any:
            return value

        images: Any = pulumi.Output(set(), unknown([]), unknown(False))
        return {"name": PrePullDaemonSet("images", {"images": images, "namespace": "apps"}).daemon_set_name}

    assert engine.run(program, preview=True) == {"name": "images-1a2b3c4d"}


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ({"parallelism": "many"}, "parallelism: 'many' is not a whole number"),
        ({"pull_polcy": "Always"}, "pull_polcy: there is no such argument; did you mean 'pull_policy'"),
        ({"timeout": "soon"}, "timeout: 'soon' is not a duration"),
    ],
)
def test_what_is_known_is_checked_at_once_where_something_else_is_not(
    engine: Engine, args: dict[str, Any], message: str
) -> None:
    with pytest.raises(PrePullArgumentError, match=message):
        declare(engine, {"images": pulumi.Output.from_input(["a"]), **args})

    assert [item.type for item in engine.recorder.registered] in ([], ["pulumi:pulumi:Stack"])


def test_what_decides_about_the_resources_cannot_be_an_output(engine: Engine) -> None:
    with pytest.raises(PrePullArgumentError, match="wait_for: it decides which resources there are"):
        declare(engine, {"images": ["a"], "wait_for": pulumi.Output.from_input("pods")})


def test_wrong_arguments_deploy_nothing(engine: Engine) -> None:
    with pytest.raises(PrePullArgumentError, match=r"images\[0\]: 'UPPER/case' is not an image reference"):
        declare(engine, {"images": ["UPPER/case"]})

    assert [item.type for item in engine.recorder.registered] in ([], ["pulumi:pulumi:Stack"])


def test_a_list_that_turns_out_empty_fails(engine: Engine) -> None:
    empty: pulumi.Output[list[str]] = pulumi.Output.from_input([])

    with pytest.raises(pulumi.RunError, match=r"(?s)PrePullDaemonSet 'images' .*images: at least one image is needed"):
        declare(engine, {"images": empty})
