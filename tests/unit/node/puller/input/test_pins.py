"""Names with a tag and a digest: the image is pulled by the digest, and has both names afterwards."""

from __future__ import annotations

import pytest

from ..conftest import Node, hub, in_every_shell
from ..fake_client import digest_of

DIGEST = digest_of("manifest a:1")
OTHER = digest_of("manifest a:2")
TAG, BY_DIGEST, PINNED = hub("a:1"), hub(f"a@{DIGEST}"), hub(f"a:1@{DIGEST}")
MIRROR = f"mirror.example:5000/hub/a@{DIGEST}"
clients = pytest.mark.parametrize("client", ["crictl", "docker"])


@in_every_shell
@clients
def test_it_is_pulled_by_its_digest_and_there_under_its_tag_as_well(node: Node, client: str) -> None:
    node.socket = client
    outcome = node.run(PINNED)
    assert outcome.code == 0
    assert outcome.pulled == [BY_DIGEST]
    assert node.names == [TAG, BY_DIGEST]
    assert outcome.report.results[0].digest == DIGEST
    assert f"pulled {PINNED}" in outcome.output


@in_every_shell
@clients
def test_what_has_both_names_costs_no_request(node: Node, client: str) -> None:
    node.socket = client
    node.have(TAG, BY_DIGEST)
    outcome = node.run(PINNED)
    assert (outcome.pulled, outcome.of("tag")) == ([], [])
    assert f"present {PINNED}" in outcome.output


@clients
def test_what_only_lacks_its_tag_is_named_without_a_registry(node: Node, client: str) -> None:
    node.socket = client
    node.have(BY_DIGEST, content="a:1")
    outcome = node.run(PINNED)
    assert outcome.pulled == []
    assert node.names == [TAG, BY_DIGEST]


@in_every_shell
@clients
def test_a_tag_that_stands_for_another_image_comes_to_this_one(node: Node, client: str) -> None:
    node.socket = client
    node.have(TAG, hub(f"a@{OTHER}"), content="a:2")
    outcome = node.run(PINNED)
    assert outcome.pulled == [BY_DIGEST]
    assert node.digest(TAG) == DIGEST
    # The old image stays: a container may use it, and the kubelet collects it later.
    assert hub(f"a@{OTHER}") in node.names


def test_a_policy_of_always_asks_for_the_digest_again_and_for_no_tag(node: Node) -> None:
    node.have(TAG, BY_DIGEST)
    assert node.run(PINNED, pull_policy="Always").pulled == [BY_DIGEST]


@pytest.mark.parametrize("socket", ["crictl crio.sock untags", "crictl cri-dockerd.sock nameless"])
def test_where_nothing_gives_names_the_digest_is_enough(node: Node, socket: str) -> None:
    sockets = [socket]
    outcome = node.run(PINNED, sockets=sockets)
    assert outcome.code == 0
    assert node.names == [BY_DIGEST]
    assert outcome.of("tag") == []
    node.run(PINNED, sockets=sockets)
    assert [call.image for call in node.calls() if call.verb == "pull"] == [BY_DIGEST]


def test_a_socket_that_does_not_answer_says_nothing_of_the_next_ones_names(node: Node) -> None:
    node.plan({"crio.sock": [{"error": "nobody there"}]})
    node.run(PINNED, sockets=["docker crio.sock nameless", "docker docker.sock"])
    assert node.names == [TAG, BY_DIGEST]


@in_every_shell
def test_it_comes_from_a_mirror_and_is_there_under_its_own_names_alone(node: Node) -> None:
    outcome = node.run(f"{PINNED} {MIRROR}")
    assert outcome.pulled == [MIRROR]
    assert node.names == [TAG, BY_DIGEST]


def test_the_credential_is_that_of_the_registry(node: Node) -> None:
    node.secret({"auths": {"docker.io": {"auth": "aHViOnA="}}})
    assert node.run(PINNED).of("pull")[0].environment["CRICTL_CREDS"] == "hub:p"


def test_one_that_cannot_be_named_has_failed_and_is_tried_again(node: Node) -> None:
    node.plan({"tag": [{"error": "something odd"}, {}]})
    outcome = node.run(PINNED, attempts=2)
    assert outcome.report.results[0].attempts == 2
    assert node.names == [TAG, BY_DIGEST]


def test_a_reason_has_no_words_of_the_name(node: Node) -> None:
    name = hub(f"unauthorized:forbidden@{DIGEST}")
    node.plan({"pull": [{"error": f"{hub('unauthorized')}@{DIGEST}: not found"}]})
    assert node.run(name).reasons == {0: "manifest unknown"}


def test_neither_of_its_names_is_removed(node: Node) -> None:
    node.have(TAG, BY_DIGEST)
    outcome = node.run(PINNED, remove=f"{TAG}\n{BY_DIGEST}")
    assert node.names == [TAG, BY_DIGEST]
    assert outcome.output.count("it is one of the images to pull") == 2
