"""The pictures of the documentation: what two commands print on a terminal, drawn from real runs.

`make pictures` writes them into docs/pictures. Otherwise they are drawn, looked at and forgotten: the test fails if one
could no longer be drawn. The namespace is called `shop` in them, and not as the test's.
"""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from html import unescape
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import yaml
from pulumi import automation as auto
from rich.console import Console
from rich.text import Text

from lab import Lab
from lab.images.oci import Image, layer, noise

from ..conftest import PULLER_IMAGE
from ..eventually import eventually
from ..meanwhile import meanwhile
from ..programs.examples import Project

Kubectl = Callable[..., Any]
PREPULL = Path(sys.executable).with_name("prepull")
WIDTH, HEIGHT = 150, 24
# What is taken of an update, which has a line for each step of each resource: what it says at the end of the gate.
OF_THE_GATE = re.compile(
    r"^\S*  \S*kubernetes:batch/v1:Job \(images-gate\):.*?(?=\n\n|\n\S*  \S*pulumi:)", re.MULTILINE | re.DOTALL
)
# A table of rich that is drawn anew first takes away the lines of the one before.
ANEW = re.compile(r"\r(?:\x1b\[\d*[AK])+")

PROJECT = {
    "name": "shop",
    "runtime": {"name": "python", "options": {"toolchain": "pip", "virtualenv": ".venv"}},
}
PROGRAM = """\
from prepull import PrePullDaemonSet, args_from_config

images = PrePullDaemonSet("images", {**args_from_config()})
"""


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Where the pictures go."""
    directory = Path(os.environ.get("PREPULL_PICTURES") or tmp_path / "pictures")
    directory.mkdir(parents=True, exist_ok=True)
    return directory


@pytest.fixture
def listed(lab: Lab) -> Iterator[list[str]]:
    """An image that is there at once, one that takes a while, and one that nobody has."""
    sizes = {("shop/web", "1.27"): 1_000, ("shop/model", "7"): 300_000_000}
    names, digests = [], []
    for (repository, tag), size in sizes.items():
        # Of a layer of its own for each, so that no other test has it on the nodes.
        digest = lab.registry.client.push(repository, tag, Image((layer({"data": noise(size, seed=repository)}),)))
        digests.append((repository, digest))
        names.append(f"{lab.registry.address}/{repository}:{tag}")
    yield [*names, f"{lab.registry.address}/shop/app:2.4.2"]
    for node in lab.nodes.names():
        for name in names:
            lab.nodes.remove_image(node, name)
    for repository, digest in digests:
        lab.registry.client.delete(repository, digest)


@pytest.fixture
def project(lab: Lab, listed: list[str], namespace: str, tmp_path: Path) -> Iterator[Project]:
    """A project that lists the images."""
    directory, backend = tmp_path / "shop", tmp_path / "backend"
    directory.mkdir()
    backend.mkdir()
    # Whatever other tests have joined is not in the picture.
    own = {"key": "kubernetes.io/hostname", "operator": "In", "values": list(lab.cluster.base_nodes)}
    terms = {"nodeSelectorTerms": [{"matchExpressions": [own]}]}
    ours: dict[str, Any] = {
        "images": listed,
        "puller_image": PULLER_IMAGE,
        "gate_image": PULLER_IMAGE,
        "timeout": "3m",
        "affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": terms}},
    }
    config = {"kubernetes:namespace": namespace, **{f"prepull:{key}": value for key, value in ours.items()}}
    (directory / "Pulumi.yaml").write_text(yaml.safe_dump(PROJECT), "utf-8")
    (directory / "Pulumi.prod.yaml").write_text(yaml.safe_dump({"config": config}), "utf-8")
    (directory / "__main__.py").write_text(PROGRAM, "utf-8")
    made = Project(directory, backend)
    yield made
    made.stack().destroy(color="never")


def draw(printed: str, title: str, file: Path) -> str:
    """Draw what a terminal has shown; return the text in the picture."""
    console = Console(record=True, width=WIDTH, file=StringIO(), force_terminal=True, color_system="standard")
    for line in printed.splitlines():
        console.print(Text.from_ansi(line), soft_wrap=False, highlight=False)
    drawn = console.export_svg(title=title, unique_id=file.stem)
    # A browser loads no font from outside into a picture.
    file.write_text(re.sub(r"@font-face \{.*?\}\s*", "", drawn, flags=re.DOTALL), "utf-8")
    return unescape(re.sub(r"<[^>]*>", " ", drawn.partition("</style>")[2])).replace("\xa0", " ")


def watched(command: list[str | Path], enough: Callable[[str], bool], seconds: float) -> str:
    """Run a command on a terminal until one of its screens is enough, and return that screen."""
    here, there = pty.openpty()
    size = {"COLUMNS": str(WIDTH), "LINES": str(HEIGHT), "TERM": "xterm-256color"}
    running = subprocess.Popen(command, stdin=there, stdout=there, stderr=there, env={**os.environ, **size})
    os.close(there)
    seen, deadline = "", time.monotonic() + seconds
    try:
        while time.monotonic() < deadline:
            seen += os.read(here, 65_536).decode("utf-8", "replace")
            for screen in ANEW.split(seen)[:-1]:
                if enough(screen):
                    return screen
    finally:
        running.terminate()
        running.wait(30)
        os.close(here)
    pytest.fail(f"no screen was enough:\n{seen}")


def test_the_pictures(kubectl: Kubectl, namespace: str, project: Project, pictures: Path) -> None:
    told: list[str] = []

    def update() -> None:
        with pytest.raises(auto.CommandError):
            project.stack().up(on_output=told.append, color="always")

    def half_way(screen: str) -> bool:
        return all(word in screen for word in ("present", "pulling", "manifest unknown"))

    command: list[str | Path] = [PREPULL, "status", "images", "--namespace", namespace, "--watch"]
    with meanwhile(update):
        eventually("the pods are there", lambda: kubectl("get", "pods", "--output=name").count("pod/") >= 3)
        shown = watched(command, half_way, 120)

    text = draw(shown.replace(namespace, "shop"), "prepull status images --watch", pictures / "status.svg")
    assert "0 of 3 nodes have all 3 images" in text

    found = OF_THE_GATE.search("\n".join(told).partition("Diagnostics:")[2])
    assert found, told
    text = draw(found[0].replace(namespace, "shop"), "pulumi up", pictures / "up.svg")
    assert "shop/app:2.4.2: manifest unknown" in text
