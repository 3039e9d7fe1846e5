"""What depends on the component waits for the images, and what went wrong is on the screen of `pulumi up`."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

import pulumi
import pulumi_kubernetes as k8s
import pytest
from prepull import PrePullDaemonSet

from lab import Lab
from lab.images.oci import File, Image, layer, program
from lab.images.registry_client import Credentials

from ..conftest import Images, Stack, UpFailed, failed_up
from ..faulty_registry import Fault, FaultyRegistry
from ..times import at

Kubectl = Callable[..., Any]


def test_manifest_unknown(lab: Lab, stack: Stack) -> None:
    missing = f"{lab.registry.address}/nobody/has-this:v1"

    screen = failed_up(stack, {"images": [missing]})

    assert "0 of 3 nodes have all images, and 3 are needed" in screen
    assert f"image {missing}: manifest unknown (3 of 3 nodes: " in screen
    for node in lab.cluster.base_nodes:
        assert node in screen


def test_unauthorized(lab: Lab, stack: Stack) -> None:
    alias = f"locked-{secrets.token_hex(3)}.registry"
    registry = lab.registries.ensure(alias, Credentials("somebody", "something"))
    lab.nodes.use_registry(registry.address)
    try:
        screen = failed_up(stack, {"images": [f"{registry.address}/team/app:v1"]})
    finally:
        lab.registries.remove(alias)

    assert f"image {registry.address}/team/app:v1: unauthorized (3 of 3 nodes: " in screen
    assert "unauthorized: set image_pull_secrets; for nodes' own credentials, credential_provider" in screen


def test_host_not_found(stack: Stack) -> None:
    screen = failed_up(stack, {"images": ["registry.invalid/team/app:v1"]})

    assert "image registry.invalid/team/app:v1: host not found (3 of 3 nodes: " in screen


def test_timed_out(stack: Stack, images: Images, registry: FaultyRegistry) -> None:
    image = images.push_faulty("silent")
    registry.faults["silent"] = Fault(silent=True)

    screen = failed_up(stack, {"images": [image], "image_timeout": "2s"})

    assert f"image {image}: timed out after 2 s (3 of 3 nodes: " in screen


def test_socket_missing(lab: Lab, stack: Stack) -> None:
    screen = failed_up(stack, {"images": ["a"], "socket_path": "/run/nowhere.sock"})

    assert "the pod cannot start: socket missing: /run/nowhere.sock is not a socket file (3 of 3 nodes: " in screen
    assert lab.cluster.control_plane in screen


def test_pull_secret_missing(stack: Stack) -> None:
    screen = failed_up(stack, {"images": ["a"], "image_pull_secrets": ["nobody-made-this"]})

    assert 'secret "nobody-made-this" not found (3 of 3 nodes: ' in screen


def test_not_schedulable(lab: Lab, stack: Stack) -> None:
    screen = failed_up(stack, {"images": ["a"], "resources": {"requests": {"cpu": "1000"}}})

    assert "the pod cannot be scheduled: 0/3 nodes are available" in screen
    assert "Insufficient cpu" in screen
    assert lab.cluster.control_plane in screen


def test_a_container_that_always_ends(lab: Lab, stack: Stack, images: Images) -> None:
    ends = {"bin/sh": program(lab.busybox), "bin/busybox": File(b"#!/bin/sh\nexit 3\n", 0o755)}
    helper = images.push("helper", image=Image((layer(ends),)))
    args = {"images": [images.push()], "runtime": "kubelet", "stagger": "1s", "attempts": None}

    # Newer kubelets show CrashLoopBackOff a minute after the container has ended, or never.
    screen = failed_up(stack, {**args, "puller_image": helper, "timeout": "30s"})

    assert "container stagger cannot start: Error, code 3 (3 of 3 nodes: " in screen


def test_refused_by_pod_security(lab: Lab, stack: Stack) -> None:
    lab.cluster.kubectl("label", "namespace", stack.namespace, "pod-security.kubernetes.io/enforce=restricted")

    screen = failed_up(stack, {"images": ["a"]})

    assert "the pod was refused: " in screen
    assert 'violates PodSecurity "restricted:latest"' in screen
    assert "hostPath" in screen


def test_no_node_matches(stack: Stack) -> None:
    screen = failed_up(stack, {"images": ["a"], "node_selector": {"pool": "nobody-has-this"}})

    assert "no node matches: " in screen


def test_many_failures_take_ten_lines_at_most(lab: Lab, stack: Stack) -> None:
    missing = [f"{lab.registry.address}/nobody/has-{number}:v1" for number in range(30)]

    screen = failed_up(stack, {"images": missing, "parallelism": 30})

    diagnostics = screen.partition("Diagnostics:")[2]
    told = next(part for part in diagnostics.split("\t* ") if part.startswith("[Pod") and "[Error]" in part)
    assert len(told.strip().splitlines()) <= 10
    assert "and 22 more" in told


@pytest.mark.alone
def test_a_node_that_is_off_does_not_hold_up_those_that_are_on(lab: Lab, stack: Stack, images: Images) -> None:
    image = images.push()
    node = lab.cluster.base_nodes[-1]
    lab.nodes.stop(node)
    try:
        lab.cluster.kubectl("wait", "--for=condition=Ready=Unknown", f"node/{node}", "--timeout=120s")
        result = stack.up({"images": [image], "min_ready": "2", "timeout": "2m"})
        assert result.outputs["ready_nodes"] == 2

        screen = failed_up(stack, {"images": [image], "min_ready": "100%", "timeout": "20s"})
        assert "timed out after 20 s: 2 of 3 nodes have all images, and 3 are needed" in screen
        assert f"no word yet from 1 nodes: {node}" in screen
    finally:
        lab.nodes.start(node)

    assert stack.up({"images": [image], "min_ready": "100%", "timeout": "2m"}).outputs["ready_nodes"] == 3


@pytest.mark.alone
def test_a_cordoned_node_is_no_obstacle(lab: Lab, stack: Stack, images: Images) -> None:
    node = lab.cluster.base_nodes[-1]
    lab.cluster.kubectl("cordon", node)
    try:
        assert stack.up({"images": [images.push()]}).outputs["ready_nodes"] == 3
    finally:
        lab.cluster.kubectl("uncordon", node)


def test_what_depends_on_it_starts_after_the_images_are_there(
    lab: Lab, stack: Stack, images: Images, kubectl: Kubectl
) -> None:
    image = images.push(size=30_000_000)

    def dependent(component: PrePullDaemonSet) -> None:
        k8s.core.v1.ConfigMap(
            "dependent",
            metadata={"namespace": stack.namespace, "name": "dependent"},
            opts=pulumi.ResourceOptions(depends_on=[component]),
        )

    stack.up(stack.program({"images": [image]}, then=dependent))

    created = kubectl("get", "configmap", "dependent", "--output=json")["metadata"]["creationTimestamp"]
    pods = kubectl("get", "pods", "--selector=app.kubernetes.io/name=prepull", "--output=json")["items"]
    assert len(pods) == len(lab.cluster.base_nodes)
    for pod in pods:
        [pull] = pod["status"]["initContainerStatuses"]
        assert at(created) >= at(pull["state"]["terminated"]["finishedAt"])


def test_the_same_list_heals_once_the_reason_is_gone(lab: Lab, stack: Stack, images: Images) -> None:
    args = {
        "images": [f"{lab.registry.address}/{images.prefix}/app:v1"],
        "backoff": "1s",
        "attempts": 1,
        "timeout": "3m",
    }
    with pytest.raises(UpFailed):
        stack.up(args)

    images.push()

    assert stack.up({**args, "timeout": "3m"}).outputs["ready_nodes"] == 3
