from __future__ import annotations

import pytest

from .conftest import Node, Outcome, hub, in_every_shell

OLD = hub("old:1")
KEPT = hub("kept:1")
SAME = "quay.io/same:1"
CRI_O, CRI_DOCKERD = "crictl crio.sock untags", "crictl cri-dockerd.sock nameless"
both_clients = pytest.mark.parametrize("client", ["crictl", "docker"])
without_containerd = pytest.mark.parametrize("socket", [CRI_O, CRI_DOCKERD])


def remove(node: Node, *names: str, socket: str | None = None) -> Outcome:
    node.have(KEPT)
    return node.run(KEPT, remove="\n".join(names), sockets=[socket] if socket else None)


@in_every_shell
@both_clients
def test_an_image_that_nothing_uses_is_removed(node: Node, client: str) -> None:
    node.socket = client
    node.have(OLD)
    outcome = remove(node, OLD)
    assert outcome.code == 0
    assert f"removed {OLD}" in outcome.output
    assert node.tags == [KEPT]


@both_clients
def test_other_names_of_the_same_image_stay(node: Node, client: str) -> None:
    node.socket = client
    node.have(OLD, SAME, content="same")
    remove(node, OLD)
    assert node.tags == [KEPT, SAME]


def test_the_last_of_several_names_takes_the_image_along(node: Node) -> None:
    node.have(OLD, SAME, content="same")
    outcome = remove(node, OLD, SAME)
    assert node.tags == [KEPT]
    assert [call.image for call in outcome.of("rmi")] == [SAME]


def test_a_digest_that_is_to_be_there_stays(node: Node) -> None:
    digest = f"{hub('old')}@sha256:{'0' * 64}"
    node.have(OLD, digest, content="same")
    outcome = node.run(digest, remove=OLD)
    assert f"removed {OLD}" in outcome.output
    assert node.run(digest).pulled == []


def test_what_the_runtime_has_pinned_stays(node: Node) -> None:
    node.have(OLD, "registry.k8s.io/pause:3.10", content="pause", pinned=True)
    outcome = remove(node, OLD, "registry.k8s.io/pause:3.10")
    assert node.tags == [KEPT, OLD, "registry.k8s.io/pause:3.10"]
    assert f"kept {OLD}: the runtime has pinned it" in outcome.output


@both_clients
def test_what_a_container_uses_stays(node: Node, client: str) -> None:
    node.socket = client
    node.have(OLD)
    node.use(OLD)
    assert f"kept {OLD}: a container uses it" in remove(node, OLD).output
    assert OLD in node.tags


@both_clients
def test_what_a_container_uses_under_another_name_stays(node: Node, client: str) -> None:
    node.socket = client
    node.have(OLD, SAME, content="same")
    node.use(SAME)
    assert f"kept {OLD}: a container uses it" in remove(node, OLD).output
    assert OLD in node.tags


def test_what_may_be_in_use_stays(node: Node) -> None:
    node.have(OLD)
    node.plan({"ps": [{"error": "context deadline exceeded"}]})
    assert f"kept {OLD}: timed out" in remove(node, OLD).output
    assert OLD in node.tags


def test_what_is_to_be_pulled_stays(node: Node) -> None:
    assert f"kept {KEPT}: it is one of the images to pull" in remove(node, KEPT).output
    assert node.tags == [KEPT]


def test_what_is_not_there_is_said_to_be_absent(node: Node) -> None:
    outcome = remove(node, OLD)
    assert f"absent {OLD}" in outcome.output
    assert [call.verb for call in outcome.calls] == ["images"]


def test_an_image_that_cannot_be_removed_is_no_failure(node: Node) -> None:
    node.have(OLD)
    node.plan({"rmi": [{"error": "something odd"}]})
    outcome = remove(node, OLD)
    assert outcome.code == 0
    assert f"kept {OLD}: something odd" in outcome.output


# ---------------------------------------------------------------- without containerd


@without_containerd
def test_an_image_goes_whole_where_nothing_else_names_it(node: Node, socket: str) -> None:
    node.have(OLD, f"{hub('old')}@sha256:{'0' * 64}", content="same")
    outcome = remove(node, OLD, socket=socket)
    assert f"removed {OLD}" in outcome.output
    assert node.names == [KEPT]
    assert {call.client for call in outcome.calls} == {"crictl"}


def test_cri_o_removes_one_name_of_several(node: Node) -> None:
    node.have(OLD, SAME, content="same")
    outcome = remove(node, OLD, socket=CRI_O)
    assert f"removed {OLD}" in outcome.output
    assert node.tags == [KEPT, SAME]
    assert {call.client for call in outcome.calls} == {"crictl"}


def test_cri_dockerd_keeps_an_image_that_has_another_name_and_says_so(node: Node) -> None:
    node.have(OLD, SAME, content="same")
    outcome = remove(node, OLD, socket=CRI_DOCKERD)
    assert outcome.code == 0
    assert f"kept {OLD}: its image has other names, and the runtime removes none alone" in outcome.output
    assert node.tags == [KEPT, OLD, SAME]
    assert outcome.of("rmi") == []


@without_containerd
def test_all_names_of_an_image_go_together(node: Node, socket: str) -> None:
    node.have(OLD, SAME, content="same")
    outcome = remove(node, OLD, SAME, socket=socket)
    assert node.tags == [KEPT]
    assert f"kept {OLD}" not in outcome.output
    assert f"kept {SAME}" not in outcome.output


@without_containerd
def test_a_wanted_digest_stays_without_containerd(node: Node, socket: str) -> None:
    digest = f"{hub('old')}@sha256:{'0' * 64}"
    node.have(OLD, digest, content="same")
    outcome = node.run(digest, remove=f"{OLD}\n{digest}", sockets=[socket])
    assert digest in node.names
    assert f"kept {digest}: it is one of the images to pull" in outcome.output


@without_containerd
def test_what_a_container_uses_stays_without_containerd(node: Node, socket: str) -> None:
    node.have(OLD, SAME, content="same")
    node.use(SAME)
    remove(node, OLD, SAME, socket=socket)
    assert node.tags == [KEPT, OLD, SAME]
