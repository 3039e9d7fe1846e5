"""Private registries: pull secrets reach every runtime, and what is in them reaches nothing else."""

from __future__ import annotations

import base64
import json
import re
import secrets
from collections.abc import Callable
from typing import Any

import pytest

from lab import Lab
from lab.cluster.registries import RunningRegistry
from lab.images.registry_client import Credentials

from ..conftest import Images, Stack, UpFailed
from .logins import SECRET, log_in, push_private

Kubectl = Callable[..., Any]
# What the API server and Pulumi hold beside the Secret itself.
KINDS = "pods,events,jobs,daemonsets,configmaps,controllerrevisions"


@pytest.fixture
def image(registry: RunningRegistry, images: Images) -> str:
    """An image that only that user may pull."""
    return push_private(registry, images)


def apply_secret(lab: Lab, namespace: str, name: str, kind: str, key: str, content: object) -> None:
    """Make a Secret that `kubectl create secret docker-registry` does not make."""
    manifest = {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": kind,
        "metadata": {"name": name, "namespace": namespace},
        "stringData": {key: json.dumps(content)},
    }
    lab.cluster.kubectl("apply", "--filename=-", stdin=json.dumps(manifest).encode())


def logs(kubectl: Kubectl) -> str:
    """What every container of every pod has printed."""
    pods = [item["metadata"]["name"] for item in kubectl("get", "pods", "--output=json")["items"]]
    return "\n".join(kubectl("logs", pod, "--all-containers", "--prefix", "--ignore-errors") for pod in pods)


def assert_nowhere(credentials: Credentials, texts: dict[str, str]) -> None:
    """Neither the password nor any form in which clients send or store it."""
    pair = f"{credentials.username}:{credentials.password}".encode()
    forms = {credentials.password, base64.b64encode(pair).decode(), base64.urlsafe_b64encode(pair).decode()}
    forms.add(base64.b64encode(credentials.password.encode()).decode())
    found = [(where, form) for where, text in texts.items() for form in forms if form.rstrip("=") in text]
    assert not found


@pytest.mark.parametrize("runtime", ["containerd", "docker", "kubelet"])
def test_a_pull_secret_opens_a_private_registry(
    lab: Lab,
    right: Credentials,
    registry: RunningRegistry,
    image: str,
    images: Images,
    stack: Stack,
    kubectl: Kubectl,
    runtime: str,
) -> None:
    log_in(lab, stack.namespace, registry.address, right)

    result = stack.up({"images": [image], "runtime": runtime, "image_pull_secrets": [SECRET], "timeout": "3m"})

    store = "docker" if runtime == "docker" else "cri"
    assert images.nodes_with(image, store) == set(lab.cluster.base_nodes)
    assert_nowhere(
        right,
        {
            "objects": kubectl("get", KINDS, "--output=yaml"),
            "logs": logs(kubectl),
            "screen": result.screen,
            "state": stack.export(),
        },
    )


@pytest.mark.parametrize("runtime", ["containerd", "docker", "kubelet"])
def test_a_wrong_password_is_an_error_that_does_not_show_it(
    lab: Lab, registry: RunningRegistry, image: str, images: Images, stack: Stack, kubectl: Kubectl, runtime: str
) -> None:
    wrong = Credentials("robot", f"wrong-{secrets.token_urlsafe(18)}")
    log_in(lab, stack.namespace, registry.address, wrong)
    patience = {} if runtime == "kubelet" else {"attempts": 2, "backoff": "100ms"}

    with pytest.raises(UpFailed) as failure:
        stack.up({"images": [image], "runtime": runtime, "image_pull_secrets": [SECRET], "timeout": "3m", **patience})

    screen = str(failure.value)
    # It ends once it is certain; a node that is slow to find out need not be named.
    assert re.search(rf"image {re.escape(image)}: unauthorized \([1-3] of 3 nodes: ", screen)
    store = "docker" if runtime == "docker" else "cri"
    assert images.nodes_with(image, store) == set()
    assert_nowhere(
        wrong,
        {
            "objects": kubectl("get", KINDS, "--output=yaml"),
            "logs": logs(kubectl),
            "screen": screen,
            "state": stack.export(),
        },
    )


def test_each_registry_gets_its_own_credential(
    lab: Lab, right: Credentials, registry: RunningRegistry, image: str, images: Images, stack: Stack
) -> None:
    public = images.push("public")
    # The lab's own registry asks for none, and a Secret may have one for it all the same.
    auths = {
        "https://index.docker.io/v1/": {"username": "somebody", "password": "else"},
        lab.registry.address: {"username": "anybody", "password": "anything"},
        f"http://{registry.address}/v2/": {"username": right.username, "password": right.password},
    }
    apply_secret(lab, stack.namespace, SECRET, "kubernetes.io/dockerconfigjson", ".dockerconfigjson", {"auths": auths})

    stack.up({"images": [image, public], "image_pull_secrets": [SECRET], "timeout": "3m"})

    assert images.nodes_with(image) == images.nodes_with(public) == set(lab.cluster.base_nodes)


@pytest.mark.parametrize("runtime", ["containerd", "docker", "kubelet"])
def test_each_of_several_secrets_for_one_registry_is_tried(
    lab: Lab,
    right: Credentials,
    registry: RunningRegistry,
    image: str,
    images: Images,
    stack: Stack,
    kubectl: Kubectl,
    runtime: str,
) -> None:
    """Only the second may pull. It has the old type, an address, and no padding."""
    other = Credentials("other-team", secrets.token_urlsafe(18))
    log_in(lab, stack.namespace, registry.address, other, "team-a")
    auth = base64.b64encode(f"{right.username}:{right.password}".encode()).decode().rstrip("=")
    entry = {f"http://{registry.address}/v1/": {"auth": auth}, "broken.example": {"auth": ""}}
    apply_secret(lab, stack.namespace, "team-b", "kubernetes.io/dockercfg", ".dockercfg", entry)
    args = {"images": [image], "runtime": runtime, "image_pull_secrets": ["team-a", "team-b"], "timeout": "3m"}
    # It is one attempt.
    patience = {} if runtime == "kubelet" else {"attempts": 1}

    result = stack.up({**args, **patience})

    store = "docker" if runtime == "docker" else "cri"
    assert images.nodes_with(image, store) == set(lab.cluster.base_nodes)
    texts = {
        "objects": kubectl("get", KINDS, "--output=yaml"),
        "logs": logs(kubectl),
        "screen": result.screen,
        "state": stack.export(),
    }
    for credentials in (right, other):
        assert_nowhere(credentials, texts)


def test_several_secrets_that_are_all_refused_are_unauthorized(
    lab: Lab, registry: RunningRegistry, image: str, stack: Stack
) -> None:
    for team in ("team-a", "team-b"):
        log_in(lab, stack.namespace, registry.address, Credentials(team, secrets.token_urlsafe(18)), team)
    args = {"images": [image], "image_pull_secrets": ["team-a", "team-b"], "timeout": "3m", "attempts": 1}

    with pytest.raises(UpFailed, match=rf"image {re.escape(image)}: unauthorized \("):
        stack.up(args)
