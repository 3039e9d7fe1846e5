"""The first form: images on every node, also on nodes that join later, and the pod then costs nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from lab import Lab

from ..conftest import Images, Stack, UpFailed
from ..eventually import eventually

Kubectl = Callable[..., Any]
PODS = "--selector=app.kubernetes.io/name=prepull"


def test_images_are_on_every_node(lab: Lab, stack: Stack, images: Images) -> None:
    wanted = [images.push("one"), images.push("two")]
    assert all(not images.nodes_with(image) for image in wanted)

    result = stack.up({"images": wanted})

    for image in wanted:
        assert images.nodes_with(image) == set(lab.cluster.base_nodes)
    assert result.outputs["images"] == wanted
    assert (result.outputs["ready_nodes"], result.outputs["desired_nodes"]) == (3, 3)


def test_a_second_up_changes_nothing_and_destroy_leaves_nothing(stack: Stack, images: Images, kubectl: Kubectl) -> None:
    args = {"images": [images.push()]}
    stack.up(args)

    again = stack.up(args)
    assert set(again.changes) == {"same"}
    assert set(stack.preview(args, expect_no_changes=True).changes) == {"same"}

    stack.destroy()
    kinds = "daemonsets,jobs,pods,configmaps,serviceaccounts,roles,rolebindings"
    kubectl("wait", "--for=delete", "pods", "--all", "--timeout=60s")
    left = [f"{item['kind']}/{item['metadata']['name']}" for item in kubectl("get", kinds, "--output=json")["items"]]
    assert left == ["ConfigMap/kube-root-ca.crt", "ServiceAccount/default"]


@pytest.mark.alone
def test_a_node_that_joins_later_gets_them_without_another_up(
    lab: Lab, stack: Stack, images: Images, kubectl: Kubectl
) -> None:
    image = images.push()
    stack.up({"images": [image]})

    node = lab.nodes.join("late")
    try:
        pods_there = (PODS, f"--field-selector=spec.nodeName={node}")
        kubectl("wait", "--for=condition=Ready", "pods", *pods_there, "--timeout=120s")
        assert images.nodes_with(image) == {*lab.cluster.base_nodes, node}
    finally:
        lab.nodes.remove(node)


@pytest.mark.alone
def test_a_node_that_joins_has_them_before_its_network(
    lab: Lab, stack: Stack, images: Images, kubectl: Kubectl
) -> None:
    if "kindnet" in lab.cluster.kubectl("get", "daemonsets", "--namespace=kube-system", "--output=name"):
        pytest.skip("kindnet brings its configuration by itself, so no node is without a network for long")
    image = images.push()
    stack.up({"images": [image]})

    node = lab.nodes.join("unconnected", network=False)
    try:
        pods_there = (PODS, f"--field-selector=spec.nodeName={node}")
        eventually("the image is there", lambda: node in images.nodes_with(image), 120)
        ready = 'jsonpath={.status.conditions[?(@.type=="Ready")].status}'
        assert lab.cluster.kubectl("get", "node", node, f"--output={ready}") == "False"

        lab.nodes.connect(node)
        kubectl("wait", "--for=condition=Ready", "pods", *pods_there, "--timeout=120s")
    finally:
        lab.nodes.remove(node)


@pytest.mark.alone
def test_a_restarted_node_does_not_loop(lab: Lab, stack: Stack, images: Images, kubectl: Kubectl) -> None:
    image = images.push()
    stack.up({"images": [image]})
    node = lab.cluster.base_nodes[-1]

    lab.nodes.restart(node)
    pods_there = (PODS, f"--field-selector=spec.nodeName={node}")
    kubectl("wait", "--for=condition=Ready", "pods", *pods_there, "--timeout=120s")

    [pod] = kubectl("get", "pods", *pods_there, "--output=json")["items"]
    [pull] = pod["status"]["initContainerStatuses"]
    assert pull["state"]["terminated"]["exitCode"] == 0
    assert pull["restartCount"] <= 1
    assert node in images.nodes_with(image)


def test_docker_engine_has_them_on_every_node(lab: Lab, stack: Stack, images: Images) -> None:
    image = images.push()

    stack.up({"images": [image], "runtime": "docker"})

    assert images.nodes_with(image, "docker") == set(lab.cluster.base_nodes)
    assert images.nodes_with(image) == set()


def test_the_default_images_of_the_component_work(lab: Lab, stack: Stack, images: Images) -> None:
    image = images.push()

    for runtime in ("containerd", "docker"):
        stack.up({"images": [image], "runtime": runtime, "puller_image": None, "gate_image": None})

    assert images.nodes_with(image) == images.nodes_with(image, "docker") == set(lab.cluster.base_nodes)


def test_the_pod_that_stays_costs_next_to_nothing(stack: Stack, images: Images, kubectl: Kubectl) -> None:
    stack.up({"images": [images.push()]})

    for pod in kubectl("get", "pods", PODS, "--output=json")["items"]:
        [running] = [status for status in pod["status"]["containerStatuses"] if "running" in status["state"]]
        assert running["name"] == "pause"
        assert pod["spec"]["containers"][0]["resources"]["requests"] == {"cpu": "1m", "memory": "4Mi"}


def test_an_image_that_does_not_exist_ends_the_update_and_a_corrected_list_heals_it(
    lab: Lab, stack: Stack, images: Images
) -> None:
    image = images.push()
    missing = f"{lab.registry.address}/nobody/has-this:v1"

    with pytest.raises(UpFailed) as failure:
        stack.up({"images": [image, missing], "attempts": 2, "backoff": "100ms", "timeout": "3m"})
    assert f"image {missing}: manifest unknown (3 of 3 nodes: " in str(failure.value)
    assert images.nodes_with(image) == set(lab.cluster.base_nodes)

    assert stack.up({"images": [image], "timeout": "3m"}).outputs["ready_nodes"] == 3


def test_the_program_of_the_checkout_puts_hello_world_on_every_node(lab: Lab) -> None:
    from lab.cluster.stack import Stack as DevStack

    DevStack(lab).up()

    outputs = DevStack(lab).outputs()
    assert outputs["images"] == ["docker.io/library/hello-world:latest"]
    for node in lab.cluster.base_nodes:
        names = [name for image in lab.nodes.images(node) for name in image.references]
        assert "docker.io/library/hello-world:latest" in names
    pods = json.loads(lab.cluster.kubectl("get", "pods", "--selector=app.kubernetes.io/name=prepull", "--output=json"))
    assert {pod["spec"]["nodeName"] for pod in pods["items"]} == set(lab.cluster.base_nodes)
