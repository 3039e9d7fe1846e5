"""The page on moving here as it stands: the old tool's objects go, and the images stay where they were.

Each block that names a test is what that test runs. JupyterHub's chart and kube-fledged are not here: objects of the
form that they create stand for them.
"""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import yaml
from prepull.images.references import parse

from bench.compared.forms import Cluster, one_init_container_of_each_image, one_job_for_each_image_and_node
from lab import Lab

from ...blocks import ROOT, Block, blocks_of, commands_of
from ..conftest import Images
from ..programs.examples import Project, World
from ..programs.pools import Pool, untainted

pytestmark = pytest.mark.xdist_group("examples")

Kubectl = Callable[..., Any]
PAGE = ROOT / "docs" / "moving.md"
PREPULL = Path(sys.executable).with_name("prepull")
PROJECT = {"name": "moving", "runtime": {"name": "python", "options": {"toolchain": "pip", "virtualenv": ".venv"}}}


@pytest.fixture
def page(request: pytest.FixtureRequest) -> Mapping[str, Block]:
    """The page's blocks that name the test, by their language."""
    found = [
        block
        for block in blocks_of(PAGE.read_text("utf-8"), PAGE.name)
        if (block.held_by or "").endswith(f"::{request.node.name}")
    ]
    assert len({block.language for block in found}) == len(found)
    return {block.language: block for block in found}


@pytest.fixture
def world(lab: Lab) -> Iterator[World]:
    made = World(lab)
    yield made
    made.close()


@pytest.fixture
def project(namespace: str, world: World, page: Mapping[str, Block], tmp_path: Path) -> Iterator[Project]:  # noqa: ARG001 - before the images go
    """A project with the page's program."""
    directory, backend = tmp_path / "project", tmp_path / "backend"
    directory.mkdir()
    backend.mkdir()
    (directory / "__main__.py").write_text(page["python"].text, "utf-8")
    (directory / "Pulumi.yaml").write_text(yaml.safe_dump(PROJECT), "utf-8")
    (directory / "Pulumi.dev.yaml").write_text(yaml.safe_dump({"config": {"kubernetes:namespace": namespace}}), "utf-8")
    made = Project(directory, backend)
    yield made
    made.destroy()


@pytest.fixture
def apply(kubectl: Kubectl, tmp_path: Path) -> Callable[[Sequence[Any]], None]:
    """Create objects in the test's namespace."""

    def run(manifests: Sequence[Any]) -> None:
        file = tmp_path / "old.yaml"
        file.write_text(yaml.safe_dump_all(manifests), "utf-8")
        kubectl("apply", "--filename", str(file))

    return run


def all_present_and_none_pulled(namespace: str) -> bool:
    """Whether `prepull status` shows each image on each node, and that each was there before."""
    command = (PREPULL, "status", "--namespace", namespace, "--output", "json")
    told = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout
    print(told)
    found = [
        image for component in json.loads(told)["components"] for node in component["nodes"] for image in node["images"]
    ]
    assert found
    return all(image["state"] == "present" and not image["attempts"] for image in found)


def test_from_a_daemon_set_of_your_own(
    lab: Lab,
    namespace: str,
    kubectl: Kubectl,
    images: Images,
    world: World,
    page: Mapping[str, Block],
    project: Project,
    apply: Callable[[Sequence[Any]], None],
) -> None:
    old = yaml.safe_load(page["yaml"].text)
    listed = [container["image"] for container in old["spec"]["template"]["spec"]["initContainers"]]
    world.offer({"images": listed})
    apply([old])
    kubectl("rollout", "status", "daemonset/pre-pull", "--timeout=180s")

    outputs = project.up().outputs

    assert outputs["ready_nodes"].value == len(untainted(lab))
    assert all_present_and_none_pulled(namespace)
    for command in commands_of(page["console"]):
        program, *words = shlex.split(command)
        assert program == "kubectl"
        kubectl(*words)
    kubectl("wait", "--for=delete", "pods", "--selector=app=pre-pull", "--timeout=60s")
    for image in listed:
        assert images.nodes_with(str(parse(image))) >= untainted(lab)
    assert project.unchanged()


def test_from_the_pre_puller_of_jupyterhub(
    lab: Lab,
    namespace: str,
    kubectl: Kubectl,
    images: Images,
    world: World,
    page: Mapping[str, Block],
    project: Project,
    apply: Callable[[Sequence[Any]], None],
) -> None:
    (project.directory / "values.yaml").write_text(page["yaml"].text, "utf-8")
    kinds = ("minimal", "datascience", "pytorch", "pyspark")
    listed = [f"quay.io/jupyter/{kind}-notebook:2025-01-06" for kind in kinds]
    world.offer({"images": listed})
    [old] = one_init_container_of_each_image(Cluster(namespace, listed, lab.cluster.base_nodes))
    name = old["metadata"]["name"]
    apply([old])
    kubectl("rollout", "status", f"daemonset/{name}", "--timeout=180s")

    outputs = project.up().outputs

    assert outputs["ready_nodes"].value == len(untainted(lab))
    assert all_present_and_none_pulled(namespace)
    kubectl("delete", "daemonset", name)
    for image in listed:
        assert images.nodes_with(image) >= set(lab.cluster.base_nodes)
    assert project.unchanged()


def test_from_kube_fledged(
    lab: Lab,
    namespace: str,
    kubectl: Kubectl,
    images: Images,
    world: World,
    page: Mapping[str, Block],
    project: Project,
    apply: Callable[[Sequence[Any]], None],
) -> None:
    groups = yaml.safe_load(page["yaml"].text)["spec"]["cacheSpec"]
    where: dict[str, set[str]] = {}
    old: list[Any] = []
    with ExitStack() as pools:
        for number, group in enumerate(groups):
            nodes = lab.cluster.base_nodes
            if labels := group.get("nodeSelector"):
                nodes = nodes[-1:]
                pools.enter_context(Pool(labels).on(lab, *nodes))
            world.offer({"images": group["images"]})
            where |= {image: set(nodes) for image in group["images"]}
            for job in one_job_for_each_image_and_node(Cluster(namespace, group["images"], nodes)):
                job["metadata"]["name"] += f"-{number}"
                old.append(job)
        apply(old)
        kubectl("wait", "--for=condition=Complete", "jobs", "--all", "--timeout=180s")

        outputs = project.up().outputs

        assert outputs["ready_nodes"].value == {"everywhere": len(lab.cluster.base_nodes), "backend": 1}
        assert all_present_and_none_pulled(namespace)
        kubectl("delete", "jobs", *(job["metadata"]["name"] for job in old))
        for image, placed in where.items():
            assert images.nodes_with(str(parse(image))) >= placed
        assert project.unchanged()
