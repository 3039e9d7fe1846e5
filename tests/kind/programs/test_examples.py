"""Every example does what its README says, as it stands."""

from __future__ import annotations

import base64
import json
import secrets
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from lab import Lab

from ...projects import language
from ..conftest import Images
from ..eventually import eventually
from .examples import EXAMPLES, Project, World, projects_of
from .pools import taints_of

pytestmark = pytest.mark.xdist_group("examples")

Kubectl = Callable[..., Any]
PREPULL = Path(sys.executable).with_name("prepull")


SINGLE = [path for path in sorted(EXAMPLES.iterdir()) if language(path) == "python"]


@pytest.fixture
def world(lab: Lab) -> Iterator[World]:
    made = World(lab)
    yield made
    made.close()


@pytest.mark.parametrize("example", SINGLE, ids=lambda path: path.name)
def test_an_example_in_python(
    lab: Lab, namespace: str, images: Images, world: World, example: Path, tmp_path: Path
) -> None:
    [project] = projects_of(example, tmp_path)
    world.prepare(project)
    project.configure({"kubernetes:namespace": namespace}, world.hidden)
    try:
        outputs = project.up().outputs

        assert 0 < outputs["ready_nodes"].value <= len(lab.cluster.base_nodes)
        assert {image: images.nodes_with(image) for image in world.nodes} == world.nodes
        if taint := project.args.get("startup_taint"):
            assert world.opened
            eventually("the taint is gone", lambda: all(taint not in taints_of(lab, node) for node in world.opened))
        assert project.unchanged()
        kept = project.state() + json.dumps({key: output.value for key, output in outputs.items()})
        for password in world.hidden.values():
            assert password not in kept
    finally:
        project.destroy()


@pytest.fixture
def cluster_and_apps(lab: Lab, world: World, tmp_path: Path) -> Iterator[tuple[Project, Project]]:
    apps, cluster = projects_of(EXAMPLES / "cluster-and-apps", tmp_path)
    world.prepare(apps)
    name = f"apps-{secrets.token_hex(3)}"
    cluster.configure({"cluster:apps_namespace": name})
    yield cluster, apps
    apps.destroy()
    cluster.destroy()
    lab.cluster.kubectl("delete", "namespace", name, "--ignore-not-found")


def test_an_apps_stack_upon_a_cluster_stack(
    world: World, images: Images, cluster_and_apps: tuple[Project, Project], monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster, apps = cluster_and_apps
    given = cluster.up().outputs
    # From here on there is nothing but what the cluster stack hands out.
    monkeypatch.setenv("KUBECONFIG", "/nowhere")

    outputs = apps.up().outputs

    namespace = given["namespace"].value
    assert outputs["namespace"].value == namespace
    assert {image: images.nodes_with(image) for image in world.nodes} == world.nodes
    assert apps.unchanged()
    resources = json.loads(apps.state())["checkpoint"]["latest"]["resources"]
    [provider] = [item for item in resources if item["type"] == "pulumi:providers:kubernetes"]
    made = [item for item in resources if item["type"].startswith("kubernetes:")]
    assert {item["type"].rpartition(":")[2] for item in made} >= {"ConfigMap", "DaemonSet", "Job"}
    assert {item["provider"] for item in made} == {f"{provider['urn']}::{provider['id']}"}


def test_the_kubeconfig_is_a_secret_wherever_it_goes(lab: Lab, cluster_and_apps: tuple[Project, Project]) -> None:
    cluster, apps = cluster_and_apps
    given = cluster.up().outputs
    apps.up()

    assert given["kubeconfig"].secret
    token = json.loads(given["kubeconfig"].value)["users"][0]["user"]["token"]
    mounted = lab.cluster.kubectl("--namespace", given["namespace"].value, "get", "secrets", "--output=json")
    assert base64.b64encode(token.encode()).decode() in mounted
    for project in (cluster, apps):
        for form in (token, base64.b64encode(token.encode()).decode()):
            assert form not in project.state()


def test_the_manifests_for_argo_cd(
    lab: Lab, namespace: str, world: World, images: Images, kubectl: Kubectl, tmp_path: Path
) -> None:
    example = EXAMPLES / "argocd"
    source = yaml.safe_load((example / "application.yaml").read_text("utf-8"))["spec"]["source"]
    args = yaml.safe_load((example / "images.yaml").read_text("utf-8"))
    world.offer(args)
    manifests = tmp_path / Path(source["path"]).name

    command = (PREPULL, "render", example / "images.yaml", "--output-dir", manifests, "--namespace", namespace)
    subprocess.run(command, check=True, timeout=60)
    lab.cluster.kubectl("apply", "--filename", str(manifests))

    kubectl("wait", "--for=condition=Complete", "jobs", "--all", "--timeout=180s")
    for image in args["images"]:
        assert images.nodes_with(f"docker.io/library/{image}") == set(lab.cluster.base_nodes)
