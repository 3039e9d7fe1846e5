"""Every way to pull, on the kubelet's own containerd: which images it can bring, and where it is admitted."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from lab import Lab
from lab.images.oci import File, Image, layer, noise

from ..conftest import Images, Stack, failed_up
from ..eventually import eventually

Kubectl = Callable[..., Any]
CONTAINERD_SOCKET = "/run/containerd/containerd.sock"
# Nothing is run to pull, and an image to pull with is refused.
OWN_IMAGES = {"image-volume": {"puller_image": None}}


def on_every_node(lab: Lab, runtime: Any = "cri") -> set[str]:
    """What each base node's runtime has, by tag and by digest."""
    return set.intersection(
        *(
            {name for image in lab.nodes.images(node, runtime) for name in (*image.references, *image.digests)}
            for node in lab.cluster.base_nodes
        )
    )


@pytest.fixture
def restricted(lab: Lab, namespace: str) -> str:
    """The test's namespace, which admits only what Pod Security "restricted" allows."""
    for mode in ("enforce", "warn"):
        lab.cluster.kubectl("label", "namespace", namespace, f"pod-security.kubernetes.io/{mode}=restricted")
    return namespace


@pytest.mark.parametrize("runtime", ["kubelet", "image-volume"])
def test_runtimes_without_a_socket_are_admitted_to_a_restricted_namespace(
    lab: Lab, images: Images, restricted: str, stack: Stack, kubectl: Kubectl, runtime: str
) -> None:
    wanted = {images.push("one"), images.push("two")}

    result = stack.up({"images": sorted(wanted), "runtime": runtime, "timeout": "3m", **OWN_IMAGES.get(runtime, {})})

    assert wanted <= on_every_node(lab)
    assert (result.outputs["ready_nodes"], result.outputs["desired_nodes"]) == (3, 3)
    assert result.outputs["namespace"] == restricted
    # The gate is a pod of its own, and Pulumi prints what the API server warns of.
    [gate] = kubectl("get", "jobs", "--output=json")["items"]
    assert gate["status"]["succeeded"] == 1
    assert "PodSecurity" not in result.screen


@pytest.mark.parametrize("runtime", ["containerd", "kubelet", "image-volume"])
def test_images_of_every_kind(lab: Lab, images: Images, stack: Stack, runtime: str) -> None:
    def push(name: str, tag: str = "v1", **properties: Any) -> str:
        properties.setdefault("layers", (layer({"data": noise(1000, seed=f"{images.prefix}/{name}")}),))
        return images.push(name, tag, image=Image(**properties))

    def digest(reference: str) -> str:
        repository, _, tag = reference.removeprefix(f"{lab.registry.address}/").partition(":")
        found = lab.registry.client.digest(repository, tag)
        assert found
        return found

    without_a_shell = push("without-a-shell")
    wanted = {
        "without a shell": without_a_shell,
        "a user by number": push("numeric", user="1001:1001"),
        "a user by name": push("named", user="app"),
        "an entrypoint that fails": push("failing", entrypoint=("/nothing",), command=("--at-all",)),
        "an entrypoint that is not a program": push(
            "unrunnable",
            # An image of its own: whoever removes one from a node removes it under all of its names.
            layers=(layer({"/start": File(f"no program of {images.prefix}".encode(), 0o755)}),),
            entrypoint=("/start",),
        ),
        "thirty layers": push(
            "layers", layers=tuple(layer({f"{n}": noise(100, seed=f"{images.prefix}/{n}")}) for n in range(30))
        ),
    }
    named = {name: push(name) for name in ("by-digest", "by-tag-and-digest")}
    by_digest = {name: f"{reference.rpartition(':')[0]}@{digest(reference)}" for name, reference in named.items()}
    latest = push("latest", "latest")
    images.made += by_digest.values()
    asked = [
        *wanted.values(),
        by_digest["by-digest"],
        f"{named['by-tag-and-digest']}@{digest(named['by-tag-and-digest'])}",
        latest.removesuffix(":latest"),
    ]

    result = stack.up({"images": asked, "runtime": runtime, "timeout": "3m", **OWN_IMAGES.get(runtime, {})})

    there = on_every_node(lab)
    for kind, reference in wanted.items():
        assert reference in there, kind
    assert set(by_digest.values()) <= there
    assert latest in there
    assert result.outputs["images"] == [*asked[:-1], latest]
    assert result.outputs["ready_nodes"] == 3


@pytest.mark.parametrize("runtime", ["kubelet", "image-volume"])
def test_an_image_that_the_kubelet_cannot_pull_keeps_no_other_from_the_nodes(
    lab: Lab, images: Images, stack: Stack, runtime: str
) -> None:
    missing = [f"{lab.registry.address}/nobody/has-{name}:v1" for name in ("this", "that")]
    there = images.push()
    args = {"images": [missing[0], there, missing[1]], "runtime": runtime, **OWN_IMAGES.get(runtime, {})}

    screen = failed_up(stack, {**args, "attempts": None})

    eventually("every node has the image that is there", lambda: there in on_every_node(lab))
    # It ends once it is certain; a node that is slow to find out need not be named.
    told = [
        image for image in missing if re.search(rf"image {re.escape(image)}: manifest unknown \([1-3] of 3", screen)
    ]
    # Of several volumes that a container waits for, the kubelet names one.
    assert told == (missing if runtime == "kubelet" else missing[1:])


def test_auto_takes_the_socket_that_the_node_has(lab: Lab, images: Images, stack: Stack) -> None:
    image = images.push()

    stack.up({"images": [image], "runtime": "auto", "timeout": "3m"})

    # Docker Engine's socket is there as well; what it has is of no use to pods.
    assert image in on_every_node(lab)
    assert image not in on_every_node(lab, "docker")


@pytest.fixture
def link_socket(lab: Lab) -> Iterator[Callable[[str], None]]:
    """Make containerd's socket answer at another path on every node."""
    made: list[str] = []

    def link(path: str) -> None:
        made.append(path)
        for node in lab.cluster.base_nodes:
            lab.nodes.exec(node, "mkdir", "--parents", path.rpartition("/")[0])
            lab.nodes.exec(node, "ln", "--symbolic", "--no-target-directory", CONTAINERD_SOCKET, path)

    yield link
    for node in lab.cluster.base_nodes:
        lab.nodes.exec(node, "rm", "--force", *made)


@pytest.mark.parametrize(
    ("runtime", "socket_path", "place"),
    [
        ("containerd", "/run/another/place.sock", "/run/another/place.sock"),
        ("k3s", None, "/run/k3s/containerd/containerd.sock"),
        ("cri-o", None, "/run/crio/crio.sock"),
        ("cri-dockerd", None, "/var/run/cri-dockerd.sock"),
    ],
)
def test_the_socket_is_used_where_it_is(
    lab: Lab,
    images: Images,
    stack: Stack,
    link_socket: Callable[[str], None],
    runtime: str,
    socket_path: str | None,
    place: str,
) -> None:
    image = images.push()
    link_socket(place)

    stack.up({"images": [image], "runtime": runtime, "socket_path": socket_path, "timeout": "3m"})

    assert image in on_every_node(lab)
