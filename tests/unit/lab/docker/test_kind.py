"""How the lab calls kind, and what it leaves for a second run."""

from pathlib import Path

import pytest

from lab.cluster.cluster import Cluster
from lab.cluster.registries import Registries
from lab.docker.engine import Engine
from lab.environ import proxies
from lab.errors import LabError
from lab.images.node_image import NodeImage
from lab.versions import chosen

from .fake import FakeDocker

IMAGE = NodeImage("prepull-lab/node:official-x", complete=True)
SYSTEM = chosen({})
KIND = """#!/bin/sh
docker ps --quiet
"""


@pytest.fixture
def kind(tmp_path: Path) -> Path:
    """A kind that calls `docker`, as kind does: by its name."""
    program = tmp_path / "tools" / "kind"
    program.parent.mkdir()
    program.write_text(KIND)
    program.chmod(0o755)
    return program


def cluster(engine: Engine, kind: Path) -> Cluster:
    return Cluster("lab", engine, kind, Path("kubectl"), kind.parent / "kubeconfig")


def test_kind_runs_the_docker_that_the_lab_runs(engine: Engine, docker: FakeDocker, kind: Path) -> None:
    # As where the lab has built its client: there is none on PATH.
    elsewhere = Engine(engine.client, {**engine.environ, "PATH": "/usr/bin:/bin"})

    cluster(elsewhere, kind).create(IMAGE, SYSTEM, {})

    assert docker.calls[-1].line == "ps --quiet"


def test_a_cluster_that_was_interrupted_does_not_pass_for_an_older_one(
    engine: Engine, docker: FakeDocker, kind: Path
) -> None:
    older = cluster(Engine(engine.client, {**engine.environ, "PATH": "/usr/bin:/bin"}), kind)
    older.kubeconfig.touch()
    docker.fails("^ps ", "interrupted")

    with pytest.raises(LabError, match="interrupted"):
        older.create(IMAGE, SYSTEM, {})

    assert not older.kubeconfig.exists()


@pytest.mark.parametrize("given", ["NO_PROXY", "no_proxy"])
def test_nodes_behind_a_proxy_reach_the_labs_registries_without_it(
    given: str, engine: Engine, docker: FakeDocker, kind: Path
) -> None:
    behind = {**engine.environ, "PATH": "/usr/bin:/bin", "http_proxy": "http://proxy:3128", given: "example.com"}

    cluster(Engine(engine.client, behind), kind).create(IMAGE, SYSTEM, {})

    # kind gives nodes what it finds there, and adds their own names and networks.
    environ = docker.calls[-1].environ
    assert environ["HTTP_PROXY"] == environ["http_proxy"] == "http://proxy:3128"
    assert environ["NO_PROXY"] == environ["no_proxy"] == "example.com,registry"


def test_without_a_proxy_nothing_is_set() -> None:
    assert proxies({"NO_PROXY": "example.com", "HTTP_PROXY": ""}, "registry") == {}


def test_every_registry_of_the_labs_has_a_name_that_no_proxy_is_asked_for(engine: Engine) -> None:
    registries = Registries("lab", engine, "registry:3", lambda _: "")

    with pytest.raises(ValueError, match=r"NAME\.registry"):
        registries.ensure("other-registry")


def test_a_registry_that_is_half_made_does_not_stay(engine: Engine, docker: FakeDocker) -> None:
    docker.fails("^create ", "Error response from daemon: the disk is gone")

    with pytest.raises(LabError, match="the disk is gone"):
        Registries("lab", engine, "registry:3", lambda _: "").ensure()

    assert docker.calls[-1].line == "rm --force --volumes lab-registry"
