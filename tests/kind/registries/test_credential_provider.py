"""The kubelets' credential provider: its tokens open a registry for every runtime, and are nowhere to be read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from lab import Lab
from lab.cluster.credential_provider import COMMAND, TOKEN_REGISTRY, is_good

from ..conftest import Images, Stack, failed_up
from ..faulty_registry import FaultyRegistry, running
from .test_credentials import KINDS, logs

Kubectl = Callable[..., Any]
TOKEN = re.compile(r"[0-9]{10}[.][0-9a-f]{64}")
PROVIDER = {"command": COMMAND, "match_images": [TOKEN_REGISTRY]}
SOCKETS = ["containerd", "auto", "docker"]


# Its name has the word by which the tests that share one address go to one process.
@pytest.fixture
def registry(lab: Lab) -> Iterator[FaultyRegistry]:
    """A registry that lets in whoever has a token that is not too old."""
    for node in lab.cluster.base_nodes:
        # A cluster of before has none.
        lab.nodes.exec(node, "test", "-x", COMMAND)
    with running(
        lab, TOKEN_REGISTRY, lambda token: bool(TOKEN.fullmatch(token)) and is_good(token, lab.checkout.state)
    ) as made:
        yield made


def push(registry: FaultyRegistry, images: Images, runtime: str) -> tuple[str, dict[str, Any]]:
    """An image that only a token opens, and the arguments for it."""
    # Docker Engine knows the registry by its address alone.
    address = f"{registry.host}:{registry.port}" if runtime == "docker" else TOKEN_REGISTRY
    reference = images.push("private").replace(images.lab.registry.address, address, 1)
    images.made.append(reference)
    args: dict[str, Any] = {"images": [reference], "runtime": runtime, "timeout": "3m"}
    if runtime in SOCKETS:
        args["credential_provider"] = {**PROVIDER, "match_images": [address]}
    elif runtime == "image-volume":
        args["puller_image"] = None
    return reference, args


@pytest.mark.parametrize("runtime", [*SOCKETS, "kubelet", "image-volume"])
def test_a_token_of_the_nodes_provider_opens_the_registry(
    registry: FaultyRegistry, lab: Lab, images: Images, stack: Stack, kubectl: Kubectl, runtime: str
) -> None:
    image, args = push(registry, images, runtime)

    result = stack.up(args)

    assert images.nodes_with(image, "docker" if runtime == "docker" else "cri") == set(lab.cluster.base_nodes)
    for text in (kubectl("get", KINDS, "--output=yaml"), logs(kubectl), result.screen, stack.export()):
        assert not TOKEN.search(text)


def test_without_the_provider_a_socket_does_not_open_it(registry: FaultyRegistry, images: Images, stack: Stack) -> None:
    image, args = push(registry, images, "containerd")
    screen = failed_up(stack, {**args, "credential_provider": None})
    assert re.search(rf"image {re.escape(image)}: unauthorized \([1-3] of 3 nodes: ", screen)
    assert "for nodes' own credentials, credential_provider or runtime: kubelet" in screen


FAILURES = {
    "--lifetime=-1m": "its credentials are refused",
    "--fail": "exit code 1: the metadata service does not answer",
    "--rubbish": "its answer is no CredentialProviderResponse of credentialprovider.kubelet.k8s.io/v1",
    "--other=other.registry:5000": "it has no credentials for this image",
    "--hang": "timed out after 60 s",
}


@pytest.mark.parametrize("how", FAILURES)
def test_the_screen_says_why_the_provider_did_not_help(
    registry: FaultyRegistry, images: Images, stack: Stack, kubectl: Kubectl, how: str
) -> None:
    image, args = push(registry, images, "containerd")
    screen = failed_up(stack, {**args, "credential_provider": {**PROVIDER, "args": [how]}})
    assert f"image {image}: unauthorized (credential provider: {FAILURES[how]}) (" in screen
    for text in (kubectl("get", KINDS, "--output=yaml"), logs(kubectl), screen, stack.export()):
        assert not TOKEN.search(text)


def test_where_a_node_lacks_the_provider_the_screen_says_so(
    registry: FaultyRegistry, images: Images, stack: Stack
) -> None:
    image, args = push(registry, images, "containerd")
    screen = failed_up(stack, {**args, "credential_provider": {**PROVIDER, "command": f"{COMMAND}-2"}})
    assert f"image {image}: unauthorized (credential provider: it is not on the node) (" in screen

    screen = failed_up(stack, {**args, "timeout": "45s", "credential_provider": {**PROVIDER, "command": "/opt/none/x"}})
    assert "the pod cannot start: directory missing: /opt/none is not a directory (" in screen
