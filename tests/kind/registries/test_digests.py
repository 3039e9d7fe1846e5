"""Tags pinned to digests: a tag that moves is a change, and every node has what it stands for."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from lab import Lab
from lab.cluster.nodes import Runtime
from lab.cluster.registries import RunningRegistry
from lab.images.node_files import REGISTRY_PORT, certs_path, hosts_toml
from lab.images.oci import Image, layer, noise
from lab.images.registry_client import Credentials

from ..conftest import Images, Stack, UpFailed
from ..eventually import eventually
from .logins import log_in
from .pods import start_without_pulling
from .test_credentials import assert_nowhere

Kubectl = Callable[..., Any]


@dataclass
class Local:
    """A registry under a name that this machine and every node know: a port on the loopback interface of each."""

    lab: Lab
    registry: RunningRegistry
    prefix: str
    made: list[str] = field(default_factory=list)
    runtimes: set[Runtime] = field(default_factory=lambda: {"cri"})

    @property
    def address(self) -> str:
        return self.registry.client.address

    def push(self, content: str, name: str = "app", tag: str = "v1") -> tuple[str, str]:
        """Put an image under a tag; return the reference, and its digest."""
        repository = f"{self.prefix}/{name}"
        image = Image((layer({"data": noise(1000, seed=f"{repository} {content}")}),), entrypoint=("/none",))
        digest = self.registry.client.push(repository, tag, image)
        self.made += [f"{self.address}/{repository}:{tag}", f"{self.address}/{repository}@{digest}"]
        return self.made[-2], digest

    def open(self) -> None:
        """Let the nodes reach it: containerd by its own configuration, Docker Engine by a port of the node's."""
        host, _, port = self.address.partition(":")
        upstream = f"{self.registry.alias}:{REGISTRY_PORT}"
        for node in self.lab.nodes.names():
            self.lab.nodes.write(node, {certs_path(self.address): hosts_toml(f"http://{upstream}").encode()})
            # It ends by itself.
            self.lab.engine.docker(
                "exec", "--detach", node, "timeout", "600",
                "socat", f"TCP-LISTEN:{port},bind={host},fork,reuseaddr", f"TCP:{upstream}",
            )  # fmt: skip

    def close(self) -> None:
        for node in self.lab.nodes.names():
            self.lab.nodes.exec(node, "rm", "-rf", str(Path(certs_path(self.address)).parent))
            for reference in self.made:
                for runtime in self.runtimes:
                    self.lab.nodes.remove_image(node, reference, runtime)


@pytest.fixture
def local(lab: Lab, images: Images) -> Iterator[Local]:
    """The lab's own registry, as `127.0.0.1:PORT`."""
    made = Local(lab, lab.registry, images.prefix)
    made.open()
    yield made
    made.close()


def by_digest(reference: str, digest: str) -> str:
    return f"{reference.rpartition(':')[0]}@{digest}"


def names_together(lab: Lab, node: str, name: str, runtime: Runtime) -> set[str]:
    """All names of the image that a node has under this one, by tag and by digest."""
    images = [{*image.references, *image.digests} for image in lab.nodes.images(node, runtime)]
    return {other for names in images if name in names for other in names}


@pytest.mark.parametrize(
    ("runtime", "store", "tagged"),
    [("containerd", "cri", True), ("auto", "cri", True), ("docker", "docker", True), ("kubelet", "cri", False)],
)
def test_a_tag_that_moves_shows_in_the_preview_and_reaches_every_node(
    lab: Lab, local: Local, stack: Stack, runtime: str, store: Runtime, tagged: bool
) -> None:
    local.runtimes.add(store)
    reference, first = local.push("first")
    args = {"images": [reference], "runtime": runtime, "pin_digests": True, "timeout": "5m"}

    result = stack.up(args)

    assert result.outputs["images"] == [f"{reference}@{first}"]
    assert set(stack.preview(args).changes) == {"same"}

    _, second = local.push("second")
    preview = stack.preview(args)
    assert preview.changes["update"] >= 1
    assert preview.changes["replace"] == 1  # the gate

    result = stack.up(args)
    assert result.outputs["images"] == [f"{reference}@{second}"]
    assert result.outputs["ready_nodes"] == 3
    for node in lab.cluster.base_nodes:
        names = names_together(lab, node, by_digest(reference, second), store)
        assert by_digest(reference, second) in names
        assert (reference in names) == tagged
        assert by_digest(reference, first) not in names
    assert set(stack.preview(args).changes) == {"same"}


def test_a_node_that_comes_later_gets_what_the_others_have(
    lab: Lab, local: Local, stack: Stack, kubectl: Kubectl
) -> None:
    reference, first = local.push("first")
    args = {"images": [reference], "pin_digests": True, "timeout": "5m"}
    stack.up(args)
    local.push("second")

    # Its images are gone and its pod is new, as on a node that joins.
    node = lab.cluster.base_nodes[-1]
    lab.nodes.remove_image(node, reference)
    assert not names_together(lab, node, reference, "cri")
    kubectl("delete", "pod", f"--field-selector=spec.nodeName={node}", "--selector=app.kubernetes.io/name=prepull")

    expected = {reference, by_digest(reference, first)}
    eventually(
        "the node has the image", lambda: expected <= names_together(lab, node, by_digest(reference, first), "cri")
    )


def test_pods_that_may_not_pull_start_by_tag_and_by_the_output(lab: Lab, local: Local, stack: Stack) -> None:
    reference, first = local.push("first")
    args = {"images": [reference], "pin_digests": True, "timeout": "5m"}
    pinned = stack.up(args).outputs["images"][0]
    assert pinned == f"{reference}@{first}"

    start_without_pulling(lab, stack.namespace, [reference, pinned])


def test_turning_it_on_costs_no_pull(lab: Lab, local: Local, stack: Stack) -> None:
    reference, first = local.push("first")
    path = f"/v2/{reference.partition('/')[2].rpartition(':')[0]}/"

    def by_nodes() -> int:
        # The program's own question has another path.
        lines = lab.engine.docker("logs", local.registry.container).splitlines()
        return sum(f"{path}manifests/{first}" in line or f"{path}blobs/" in line for line in lines)

    stack.up({"images": [reference], "timeout": "5m"})
    before = by_nodes()

    stack.up({"images": [reference], "pin_digests": True, "timeout": "5m"})

    assert before > 0
    assert by_nodes() == before


def test_what_cannot_be_pinned_is_said_before_anything_is_changed(local: Local, stack: Stack, kubectl: Kubectl) -> None:
    reference, _ = local.push("first")
    missing = f"{reference.rpartition(':')[0]}:v2"
    unreachable = "registry.invalid/team/app:v1"
    args = {"images": [reference, missing, unreachable], "pin_digests": True}

    with pytest.raises(UpFailed) as failure:
        stack.up(args)

    screen = str(failure.value)
    assert "PrePullDaemonSet 'images': 2 of 3 images cannot be pinned to their digests:" in screen
    assert f"- '{missing}': {local.address}: manifest unknown" in screen
    assert f"- '{unreachable}': registry.invalid: host not found" in screen
    assert "Traceback" not in screen
    assert kubectl("get", "daemonsets", "--output=name") == ""


def test_with_warn_it_goes_on_with_the_tag(lab: Lab, local: Local, stack: Stack) -> None:
    reference, _ = local.push("first")
    unreachable = "registry.invalid/team/app:v1"
    args = {"pin_digests": True, "on_pin_failure": "warn", "wait_for": "nothing", "images": [reference, unreachable]}

    result = stack.up(args)

    assert "registry.invalid: host not found" in result.screen
    assert "They keep their tags" in result.screen
    assert result.outputs["images"][1] == unreachable
    eventually(
        "the image is there",
        lambda: all(names_together(lab, node, reference, "cri") for node in lab.cluster.base_nodes),
    )


def test_the_users_own_credentials_reach_the_registry_and_nothing_else(
    lab: Lab, images: Images, stack: Stack, kubectl: Kubectl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    login = Credentials("robot", secrets.token_urlsafe(18))
    alias = f"digest-{secrets.token_hex(3)}.registry"
    local = Local(lab, lab.registries.ensure(alias, login), images.prefix)
    try:
        local.open()
        reference, digest = local.push("first")
        log_in(lab, stack.namespace, local.address, login)
        auth = base64.b64encode(f"{login.username}:{login.password}".encode()).decode()
        config = tmp_path / "docker" / "config.json"
        config.parent.mkdir()
        monkeypatch.setenv("DOCKER_CONFIG", str(config.parent))
        args = {
            "images": [reference],
            "pin_digests": True,
            "image_pull_secrets": ["registry-login"],
            "timeout": "5m",
        }

        with pytest.raises(
            UpFailed, match=f"unauthorized; the Docker configuration has no credential for {local.address}"
        ):
            stack.up(args)

        config.write_text(json.dumps({"auths": {local.address: {"auth": auth}}}))
        result = stack.up(args)

        assert result.outputs["images"] == [f"{reference}@{digest}"]
        shown = kubectl("get", "pods,jobs,daemonsets,configmaps", "--output=yaml")
        assert_nowhere(login, {"screen": result.screen, "state": stack.export(), "objects": shown})
    finally:
        local.close()
        lab.registries.remove(alias)
