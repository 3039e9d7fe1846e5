"""An air-gapped cluster: images come from a mirror, and are on the nodes under their own names."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from lab import Lab
from lab.cluster.nodes import Runtime
from lab.images.oci import Image, layer, noise

from ..conftest import Images, Stack
from .pods import start_without_pulling

Kubectl = Callable[..., Any]
# Nobody will ever answer to it (RFC 6761).
NOWHERE = "registry.invalid"
COPIES = "copies"


@pytest.fixture
def name(lab: Lab, images: Images) -> Iterator[str]:
    """A name in a registry that nobody reaches, of an image that the lab's registry has elsewhere."""
    repository = f"{images.prefix}/team/app"
    lab.registry.client.push(
        f"{COPIES}/{repository}", "v1", Image((layer({"data": noise(1000, seed=repository)}),), entrypoint=("/none",))
    )
    own, copy = f"{NOWHERE}/{repository}:v1", f"{lab.registry.address}/{COPIES}/{repository}:v1"
    yield own
    for node in lab.nodes.names():
        for reference in (own, copy):
            lab.nodes.remove_image(node, reference)
            lab.nodes.remove_image(node, reference, "docker")


def names_on(lab: Lab, node: str, runtime: Runtime) -> set[str]:
    return {name for image in lab.nodes.images(node, runtime) for name in image.references}


@pytest.mark.parametrize(("runtime", "store"), [("containerd", "cri"), ("docker", "docker")])
def test_an_image_from_a_mirror_has_its_own_name(
    lab: Lab, images: Images, name: str, stack: Stack, runtime: str, store: Runtime
) -> None:
    unmirrored = images.push()
    mirrors = {NOWHERE: f"{lab.registry.address}/{COPIES}"}
    args = {"images": [name, unmirrored], "runtime": runtime, "mirrors": mirrors, "timeout": "3m"}

    result = stack.up(args)

    for node in lab.cluster.base_nodes:
        there = names_on(lab, node, store)
        assert {name, unmirrored} <= there
        # What nobody asked for is not left behind.
        assert not [other for other in there if f"/{COPIES}/" in other]
    assert result.outputs["images"] == [name, unmirrored]
    assert set(stack.preview(args).changes) == {"same"}


def test_a_pod_that_may_not_pull_starts_with_an_image_from_a_mirror(lab: Lab, name: str, stack: Stack) -> None:
    stack.up({"images": [name], "mirrors": {NOWHERE: f"{lab.registry.address}/{COPIES}"}, "timeout": "3m"})

    start_without_pulling(lab, stack.namespace, [name])


def test_an_image_that_is_there_under_its_name_costs_no_request(lab: Lab, name: str, stack: Stack) -> None:
    repository = name.removeprefix(f"{NOWHERE}/").partition(":")[0]

    def requests() -> int:
        return lab.engine.docker("logs", lab.registry.container).count(f"/v2/{COPIES}/{repository}/")

    mirrors = {NOWHERE: f"{lab.registry.address}/{COPIES}"}
    stack.up({"images": [name], "mirrors": mirrors, "timeout": "3m"})
    before = requests()
    assert before > 0

    stack.up({"images": [name], "mirrors": mirrors, "labels": {"round": "two"}, "timeout": "3m"})

    assert requests() == before
