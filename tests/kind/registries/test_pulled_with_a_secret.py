"""Who may use an image that was pulled with a Secret: KEP-2535, as the kubelet does it by default since 1.35."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator

import pytest

from lab import Lab
from lab.cluster.registries import RunningRegistry
from lab.images.registry_client import Credentials

from ..conftest import Images, Stack
from ..eventually import eventually
from .logins import SECRET, log_in, push_private
from .pods import create_pods, start_without_pulling

FIRST_VERSION = (1, 35)
OWN_IMAGES: dict[str, dict[str, None]] = {"kubelet": {}, "image-volume": {"puller_image": None}}
# What the kubelet says of a container that may not use an image which is on the node.
REFUSED = {"IfNotPresent": {"ErrImagePull", "ImagePullBackOff"}, "Never": {"ErrImageNeverPull"}}


@pytest.fixture
def image(lab: Lab, registry: RunningRegistry, images: Images) -> str:
    """An image that needs a Secret, on a cluster whose kubelets keep records of what they pull."""
    version = json.loads(lab.cluster.kubectl("version", "--output=json"))["serverVersion"]
    if (int(version["major"]), int(version["minor"].rstrip("+"))) < FIRST_VERSION:
        pytest.skip("before Kubernetes 1.35, every pod of a node may use every image there")
    return push_private(registry, images)


@pytest.fixture
def elsewhere(lab: Lab) -> Iterator[str]:
    """Another namespace, of another team."""
    name = f"elsewhere-{secrets.token_hex(3)}"
    lab.cluster.kubectl("create", "namespace", name)
    yield name
    lab.cluster.kubectl("delete", "namespace", name, "--wait=false")


def reasons(lab: Lab, namespace: str) -> set[str]:
    """Why the containers of the namespace's pods wait; empty for one that does not."""
    pods = json.loads(lab.cluster.kubectl("--namespace", namespace, "get", "pods", "--output=json"))["items"]
    states = [status["state"] for pod in pods for status in pod["status"].get("containerStatuses", [])]
    return {state.get("waiting", {}).get("reason", "") for state in states}


@pytest.mark.parametrize("policy", REFUSED)
@pytest.mark.parametrize("runtime", OWN_IMAGES)
def test_what_the_kubelet_pulled_with_a_secret_is_refused_to_pods_without_one(
    lab: Lab,
    right: Credentials,
    registry: RunningRegistry,
    image: str,
    images: Images,
    stack: Stack,
    elsewhere: str,
    runtime: str,
    policy: str,
) -> None:
    log_in(lab, stack.namespace, registry.address, right)
    args = {"images": [image], "runtime": runtime, "image_pull_secrets": [SECRET], "timeout": "3m"}
    stack.up({**OWN_IMAGES[runtime], **args})
    assert images.nodes_with(image) == set(lab.cluster.base_nodes)

    create_pods(lab, elsewhere, [image], policy=policy)

    eventually("every pod is refused", lambda: bool(found := reasons(lab, elsewhere)) and found <= REFUSED[policy])
    assert images.nodes_with(image) == set(lab.cluster.base_nodes)


@pytest.mark.parametrize("runtime", OWN_IMAGES)
def test_what_the_kubelet_pulled_with_a_secret_starts_with_the_same_credential_without_a_pull(
    lab: Lab, right: Credentials, registry: RunningRegistry, image: str, stack: Stack, elsewhere: str, runtime: str
) -> None:
    for namespace in (stack.namespace, elsewhere):
        log_in(lab, namespace, registry.address, right)
    args = {"images": [image], "runtime": runtime, "image_pull_secrets": [SECRET], "timeout": "3m"}
    stack.up({**OWN_IMAGES[runtime], **args})

    start_without_pulling(lab, elsewhere, [image], SECRET)


def test_what_came_through_the_socket_is_preloaded_and_everybodys(
    lab: Lab, right: Credentials, registry: RunningRegistry, image: str, stack: Stack, elsewhere: str
) -> None:
    log_in(lab, stack.namespace, registry.address, right)
    stack.up({"images": [image], "runtime": "containerd", "image_pull_secrets": [SECRET], "timeout": "3m"})

    start_without_pulling(lab, elsewhere, [image])
