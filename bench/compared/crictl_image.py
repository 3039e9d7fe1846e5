"""The smallest image for the puller, as images/crictl/Dockerfile makes it: busybox, and crictl of its own project."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from bench.compared.forms import CRICTL_IMAGE
from lab.images.oci import Directory, Entry, Gzipped, Image, Link, layer, program
from lab.process import run

if TYPE_CHECKING:
    from lab import Lab


def push(lab: Lab) -> None:
    """Push the image to the lab's registry. Its layer is compressed, as in images of a build."""
    with tempfile.TemporaryDirectory() as made:
        # The nodes have it.
        node = lab.cluster.control_plane
        there = lab.nodes.exec(node, "sh", "-c", "readlink -f $(command -v crictl)").strip()
        crictl = Path(made) / "crictl"
        lab.engine.docker("cp", f"{node}:{there}", str(crictl))
        applets: dict[str, Entry] = {f"/bin/{name}": Link("busybox") for name in run(lab.busybox, "--list").split()}
        content = layer({**applets, "/bin/busybox": program(lab.busybox), "/tmp": Directory(0o1777)})  # noqa: S108
        layers = (Gzipped.of(content), Gzipped.of(layer({"/bin/crictl": program(crictl)})))
        image = Image(layers, command=("sh",), environ={"PATH": "/bin"})
        repository, _, tag = CRICTL_IMAGE.partition("/")[2].partition(":")
        lab.registry.client.push(repository, tag, image)
