"""The rule that each image is pulled ahead of time where it runs."""

from __future__ import annotations

from typing import Any

import pytest
from prepull_policy.resources import Exceptions, Resource
from prepull_policy.rules import pre_pulled

from ...plans import HEX
from .stacks import GPU, GPU_ARGUMENTS, component, pod_spec, workload

NGINX = "docker.io/library/nginx:1.27"
PINNED = f"{NGINX}@sha256:{HEX[::-1]}"
RUNTIMES = ("containerd", "cri-o", "cri-dockerd", "docker", "k3s", "auto", "kubelet", "image-volume")


def said(*stack: Resource, **exceptions: Any) -> list[str]:
    findings = pre_pulled(stack, Exceptions(**exceptions))
    assert findings.undecided == []
    return [finding.text for finding in findings.violations]


@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.parametrize("hold", [False, True])
def test_what_a_component_lists_is_there_with_every_runtime(runtime: str, hold: bool) -> None:
    stack = component("nginx:1.27", f"redis@sha256:{HEX}", runtime=runtime, hold=hold)
    assert said(*stack, workload("web", "nginx:1.27", f"redis:7@sha256:{HEX}")) == []
    assert said(*stack, workload("web", "nginx:1.28")) == [
        (
            "Deployment 'web': runs docker.io/library/nginx:1.28, which no PrePullDaemonSet pulls there; "
            "add to images of PrePullDaemonSet 'images': [\"docker.io/library/nginx:1.28\"]"
        )
    ]


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_what_is_pinned_is_there_as_the_runtime_names_it(runtime: str) -> None:
    stack = component("nginx:1.27", runtime=runtime, pin_digests=True)
    assert said(*stack, workload("web", PINNED)) == []
    by_tag = said(*stack, workload("web", "nginx:1.27"))
    if runtime in ("containerd", "docker", "k3s", "auto"):
        assert by_tag == []
    else:
        assert by_tag == [
            f"Deployment 'web': runs {NGINX}, and the nodes have it under its digest alone; write image: '{PINNED}'"
        ]


def test_without_a_component_the_message_says_what_to_declare() -> None:
    assert said(workload("web", "nginx:1.27", "redis")) == [
        (
            "Deployment 'web': runs docker.io/library/nginx:1.27, docker.io/library/redis:latest on untainted nodes, "
            "where no PrePullDaemonSet pulls it; declare the workload in a block of prepull_stack, or a "
            'PrePullDaemonSet with images: ["docker.io/library/nginx:1.27", "docker.io/library/redis:latest"]'
        )
    ]


def test_where_it_runs_counts() -> None:
    everywhere = component("cuda:12")
    elsewhere = component("cuda:12", node_selector={"pool": "cpu"})
    untainted = component("cuda:12", node_selector={"pool": "gpu"}, tolerations=[])
    there = component("cuda:12", name="gpu-images", **GPU_ARGUMENTS)
    job = workload("train", "cuda:12", spec=GPU)
    assert said(*everywhere, job) == said(*there, job) == said(*elsewhere, *there, job) == []
    assert said(*there, workload("web", "cuda:12")) != []
    for wrong in (elsewhere, untainted):
        [text] = said(*wrong, job)
        assert text == (
            "Deployment 'train': runs docker.io/library/cuda:12 on nodes with pool=gpu, also if tainted "
            "nvidia.com/gpu:NoSchedule, where no PrePullDaemonSet pulls it (PrePullDaemonSet 'images' does so on other "
            "nodes); declare the workload in a block of prepull_stack, or a PrePullDaemonSet with "
            'images: ["docker.io/library/cuda:12"], node_selector: {"pool": "gpu"}'
        )
    assert said(*component("cuda:12", node_selector={"pool": "gpu"}), job) == []


def test_a_pod_that_names_its_node_may_be_on_any() -> None:
    pod = workload("web", "nginx:1.27", spec={"nodeName": "node-1"})
    assert said(*component("nginx:1.27"), pod) == []
    assert "on every node, where no PrePullDaemonSet pulls it" in said(*component("nginx:1.27", tolerations=[]), pod)[0]


def test_every_kind_of_workload_and_of_image() -> None:
    spec = {
        **pod_spec("a:1"),
        "initContainers": [{"name": "i", "image": "b:1"}],
        "volumes": [{"name": "v", "image": {"reference": "c:1"}}],
    }
    pod = {"metadata": {"name": "bare"}, "spec": spec}
    kinds: list[tuple[str, Any]] = [
        ("kubernetes:core/v1:Pod", pod),
        ("kubernetes:batch/v1:CronJob", {"spec": {"jobTemplate": {"spec": {"template": pod}}}}),
        ("kubernetes:core/v1:PodList", {"items": [pod]}),
        ("kubernetes:apps/v1:DeploymentPatch", {"spec": {"template": pod}}),
    ]
    for type_, props in kinds:
        resource = Resource(type_, "x", props, "urn:x")
        [text] = said(resource)
        assert 'images: ["docker.io/library/b:1", "docker.io/library/a:1", "docker.io/library/c:1"]' in text
        assert said(*component("a:1", "b:1", "c:1"), resource) == []
    others = ["kubernetes:core/v1:Service", "kubernetes:batch.volcano.sh/v1alpha1:Job", "aws:ec2/instance:Instance"]
    assert said(*(Resource(type_, "x", pod, "urn:x") for type_ in others)) == []


def test_a_runtime_class_of_the_stack_decides_where_pods_run() -> None:
    def runtime_class(label: str, value: str) -> Resource:
        props = {"metadata": {"name": "special"}, "scheduling": {"nodeSelector": {label: value}}}
        return Resource("kubernetes:node.k8s.io/v1:RuntimeClass", "special", props)

    web = workload("web", "nginx:1.27", spec={"runtimeClassName": "special"})
    stack = component("nginx:1.27", node_selector={"sandbox": "gvisor"})
    assert said(*stack, runtime_class("sandbox", "gvisor"), web) == []
    assert "on untainted nodes" in said(*stack, web)[0]
    assert said(runtime_class("kubernetes.io/os", "windows"), web) == []


def test_what_is_no_image_and_what_no_linux_node_runs_is_not_judged() -> None:
    assert said(workload("web", "{{ image }}"), workload("win", "a:1", spec={"os": {"name": "windows"}})) == []
    [text] = said(workload("web", "UPPER/case"))
    assert text.startswith("Deployment 'web': spec.template.spec.containers[0].image: 'UPPER/case' is not an image")


def test_a_component_of_another_cluster_does_not_count() -> None:
    here, there = component("nginx:1.27", cluster="a"), component("redis", name="other", cluster="b")
    assert said(*here, *there, workload("web", "nginx:1.27", cluster="a")) == []
    [text] = said(*here, *there, workload("web", "nginx:1.27", cluster="b"))
    assert "add to images of PrePullDaemonSet 'other'" in text


def test_exceptions_by_namespace_and_by_name() -> None:
    chart = Resource("kubernetes:helm.sh/v4:Chart", "monitoring", {}, "urn:chart")
    stack = [
        workload("cni", "cni:1", namespace="kube-system"),
        workload("web", "nginx:1.27"),
        workload("monitoring:apps/agent", "agent:1", parent=chart),
    ]
    for exceptions, judged in (
        ({}, ["cni", "web", "agent"]),
        ({"namespaces": ["kube-*"]}, ["web", "agent"]),
        ({"namespaces": ["default"]}, ["cni"]),
        ({"names": ["agent"]}, ["cni", "web"]),
        ({"names": ["monitoring"]}, ["cni", "web"]),
        ({"names": ["web", "c*"]}, ["agent"]),
        ({"names": ["*"]}, []),
    ):
        findings = pre_pulled(stack, Exceptions(**exceptions))
        assert [finding.urn.rpartition("/")[2].removeprefix("urn:") for finding in findings.violations] == judged


@pytest.mark.parametrize(
    "path",
    [
        ("spec",),
        ("spec", "template", "spec", "containers"),
        ("spec", "template", "spec", "initContainers", "0", "env", "3", "value"),
        ("spec", "template", "spec", "nodeSelector", "pool"),
    ],
)
def test_a_list_that_a_preview_does_not_know_yet_is_no_violation(path: tuple[str, ...]) -> None:
    stack = [*component("nginx:1.27", unknown=[path]), workload("web", "redis"), workload("ok", "nginx:1.27")]
    findings = pre_pulled(stack)
    assert findings.violations == []
    line = f"PrePullDaemonSet 'images': {'.'.join(path)} is not known yet; `pulumi up` judges it"
    assert findings.undecided == [line]


@pytest.mark.parametrize(
    ("path", "decides"),
    [
        (("spec", "template", "spec", "containers", "0", "image"), True),
        (("spec", "template", "spec", "volumes", "0", "image", "reference"), True),
        (("spec", "template", "spec", "tolerations"), True),
        (("spec", "template"), True),
        (("spec", "template", "spec", "containers", "0", "env", "0", "value"), False),
        (("spec", "template", "spec", "volumes", "0", "configMap", "name"), False),
        (("status",), False),
        (("metadata", "uid"), False),
    ],
)
def test_what_a_preview_does_not_know_yet_is_named_where_it_matters(path: tuple[str, ...], decides: bool) -> None:
    findings = pre_pulled([*component("nginx:1.27"), workload("web", "nginx:1.27", unknown=[path])])
    assert findings.violations == []
    line = f"Deployment 'web': {'.'.join(path)} is not known yet; `pulumi up` judges it"
    assert findings.undecided == ([line] if decides else [])


def test_a_release_is_named_since_no_policy_sees_its_pods() -> None:
    release = Resource("kubernetes:helm.sh/v3:Release", "shop", {}, "urn:shop")
    assert pre_pulled([release]).undecided == [
        (
            "Release 'shop': a policy does not see what a release contains; declare it as kubernetes.helm.v4.Chart, or "
            "except it by its name"
        )
    ]
    assert pre_pulled([release], Exceptions(names=["shop"])).undecided == []
