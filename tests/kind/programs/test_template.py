"""The template, as a user takes it: `pulumi new`, then `pulumi up`, with the package as it is released."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pulumi import automation as auto

from lab import Lab
from lab.images.oci import Image, layer, program
from lab.process import run

from ..conftest import Images, changed_by
from .pools import untainted

pytestmark = pytest.mark.xdist_group("examples")

ROOT = Path(__file__).parents[3]
TEMPLATE = ROOT / "templates" / "prepull-python"


@pytest.fixture
def released(tmp_path: Path) -> Path:
    """A directory with the wheel, where pip finds it as it finds a published one."""
    directory = tmp_path / "dist"
    run("make", "dist", f"DIST={directory}", cwd=ROOT)
    return directory


@pytest.fixture
def image(lab: Lab, images: Images) -> str:
    """An image whose container runs until it is told to stop."""
    return images.push(image=Image((layer({"/sleep": program(lab.busybox)}),), command=("/sleep", "infinity")))


@pytest.fixture
def project(
    image: str, namespace: str, released: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[auto.Stack]:
    """What `pulumi new` makes of the template, with a stack."""
    monkeypatch.setenv("PULUMI_BACKEND_URL", f"file://{tmp_path}")
    monkeypatch.setenv("PIP_FIND_LINKS", f"{released} {os.environ.get('PIP_FIND_LINKS', '')}".strip())
    directory = tmp_path / "web"
    named = ("--name", "web", "--description", "My images", "--stack", "dev", "--dir", str(directory))
    configured = ("--config", f"image={image}", "--config", f"kubernetes:namespace={namespace}")
    run("pulumi", "new", str(TEMPLATE), *named, *configured, "--yes", "--non-interactive", cwd=tmp_path, timeout=400)
    stack = auto.select_stack("dev", work_dir=str(directory))
    yield stack
    stack.destroy(color="never")


@pytest.mark.timeout(900)
def test_the_image_is_on_every_node_before_the_pods_of_the_template_start(
    project: auto.Stack,
    lab: Lab,
    image: str,
    images: Images,
    kubectl: Callable[..., dict[str, list[dict[str, object]]]],
) -> None:
    assert project.workspace.project_settings().name == "web"
    assert project.workspace.project_settings().description == "My images"
    assert project.get_config("prepull:runtime").value == "containerd"

    outputs = project.up(on_output=print, color="never").outputs

    # In a block, images go where the workloads can run.
    nodes = untainted(lab)
    assert images.nodes_with(image) == nodes
    assert {name: output.value for name, output in outputs.items()} == {"images": [image], "ready_nodes": len(nodes)}
    events = kubectl("get", "events", "--field-selector=reason=Pulled", "--output=json")["items"]
    pulls = [json.dumps(event) for event in events if '"web-' in json.dumps(event)]
    assert len(pulls) == 2
    assert all("already present on machine" in pull for pull in pulls)
    assert set(changed_by(project.preview(color="never").change_summary)) == {"same"}
