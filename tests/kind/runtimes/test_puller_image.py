"""The image for private mirrors: made by its Dockerfile, and then all that the component needs."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from prepull import defaults

from lab import Lab
from lab.cluster.nodes import Runtime
from lab.process import run

from ..conftest import Images, Stack

pytestmark = pytest.mark.xdist_group("puller image")

CONTEXT = Path(__file__).parents[3] / "images" / "puller"
SMALLEST = Path(__file__).parents[3] / "images" / "crictl" / "Dockerfile"
# What the public images are in the lab's registry, as this machine reaches it.
BASES = {
    name: getattr(defaults, name).removeprefix("docker.io/")
    for name in ("BUSYBOX_IMAGE", "DOCKER_IMAGE", "PYTHON_IMAGE")
}
K3S = defaults.K3S_IMAGE.removeprefix("docker.io/")
# As in the public image: one program for all, which does as it is called.
MULTICALL = r"""
FROM {base}
RUN printf '#!/bin/sh\necho "${{0##*/}}"\n' >/bin/k3s && chmod 755 /bin/k3s && \
    for name in crictl ctr kubectl; do ln -s k3s "/bin/$name"; done
"""


class Builder:
    """Builds the Dockerfile from the images in the lab's registry."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self.address = lab.registry.client.address
        self.made: set[str] = set()

    def build(self, k3s: str) -> str:
        """Build it, and return its reference as this machine names it."""
        reference = f"{self.address}/prepull/puller:{secrets.token_hex(4)}"
        bases = {**BASES, "K3S_IMAGE": k3s}
        arguments = [f"--build-arg={name}={self.address}/{image}" for name, image in bases.items()]
        self.made |= {reference, *(f"{self.address}/{image}" for image in bases.values())}
        self.docker_build(f"--tag={reference}", *arguments, str(CONTEXT))
        return reference

    def docker_build(self, *arguments: str, stdin: bytes | None = None) -> None:
        """Run `docker build` with the builder that every client has, BuildKit or not."""
        environ = {**self._lab.engine.environ, "DOCKER_BUILDKIT": "0"}
        command = (self._lab.engine.client, "build", "--network=none", "--force-rm")
        run(*command, *arguments, env=environ, stdin=stdin, timeout=300)

    def clean(self) -> None:
        for reference in self.made:
            if self._lab.engine.has_image(reference):
                self._lab.engine.docker("image", "rm", "--force", reference)


@pytest.fixture(scope="module")
def builder(lab: Lab) -> Iterator[Builder]:
    made = Builder(lab)
    yield made
    made.clean()


@pytest.fixture(scope="module")
def built(lab: Lab, builder: Builder) -> str:
    """The image in the lab's registry, as nodes name it."""
    reference = builder.build(K3S)
    lab.engine.docker("push", "--quiet", reference)
    return reference.replace(builder.address, lab.registry.address)


@pytest.mark.parametrize(
    ("runtime", "store"), [("containerd", "cri"), ("docker", "docker"), ("kubelet", "cri"), ("auto", "cri")]
)
def test_one_image_does_all_for_every_runtime(
    lab: Lab, images: Images, stack: Stack, built: str, runtime: str, store: Runtime
) -> None:
    image = images.push()

    stack.up(
        {
            "images": [image],
            "runtime": runtime,
            "hold": runtime != "docker",
            "puller_image": built,
            "gate_image": built,
            "timeout": "3m",
        }
    )

    assert images.nodes_with(image, store) == set(lab.cluster.base_nodes)


def test_programs_that_are_links_to_one_are_taken_as_such(lab: Lab, builder: Builder) -> None:
    base = f"{builder.address}/{BASES['BUSYBOX_IMAGE']}"
    stand_in = f"{builder.address}/k3s:multicall"
    builder.made.add(stand_in)
    builder.docker_build(f"--tag={stand_in}", "-", stdin=MULTICALL.format(base=base).encode())

    reference = builder.build("k3s:multicall")

    said = lab.engine.docker("run", "--rm", "--network=none", reference, "sh", "-c", "crictl; ctr; kubectl; id -u")
    assert said.split() == ["crictl", "ctr", "kubectl", "65534"]
    links = lab.engine.docker(
        "run", "--rm", "--network=none", reference, "sh", "-c", "readlink /bin/crictl; readlink /bin/ctr"
    )
    assert links.split() == ["k3s", "k3s"]


def test_the_smallest_image_pulls(lab: Lab, builder: Builder, images: Images, stack: Stack, tmp_path: Path) -> None:
    base = f"{builder.address}/{BASES['BUSYBOX_IMAGE']}"
    reference = f"{builder.address}/prepull/crictl:{secrets.token_hex(4)}"
    builder.made |= {base, reference}
    node = lab.cluster.control_plane
    crictl = lab.nodes.exec(node, "sh", "-c", "readlink -f $(command -v crictl)").strip()
    lab.engine.docker("cp", f"{node}:{crictl}", str(tmp_path / "crictl"))
    (tmp_path / "Dockerfile").write_text(SMALLEST.read_text("utf-8"))
    builder.docker_build(f"--tag={reference}", f"--build-arg=BUSYBOX_IMAGE={base}", str(tmp_path))
    lab.engine.docker("push", "--quiet", reference)
    image = images.push()

    stack.up({"images": [image], "puller_image": reference.replace(builder.address, lab.registry.address)})

    assert images.nodes_with(image) == set(lab.cluster.base_nodes)
