from __future__ import annotations

import pytest

from ..conftest import Node, hub, in_every_shell

NAME = hub("a:1")
SOURCE = "mirror.example:5000/hub/a:1"


@in_every_shell
@pytest.mark.parametrize("client", ["crictl", "docker"])
def test_an_image_comes_from_its_source_and_is_there_under_its_own_name_alone(node: Node, client: str) -> None:
    node.socket = client
    outcome = node.run(f"{NAME} {SOURCE}")
    assert outcome.code == 0
    assert outcome.pulled == [SOURCE]
    assert node.tags == [NAME]


def test_the_report_has_the_digest_of_the_manifest(node: Node) -> None:
    direct = node.run("mirror.example/other/a:1").report.results[0].digest
    assert node.run(f"{NAME} {SOURCE}", pull_policy="Always").report.results[0].digest == direct


def test_an_image_that_is_there_under_its_own_name_is_not_pulled(node: Node) -> None:
    node.have(NAME)
    assert node.run(f"{NAME} {SOURCE}").pulled == []


def test_a_source_that_the_node_had_before_keeps_its_name(node: Node) -> None:
    node.have(SOURCE)
    node.run(f"{NAME} {SOURCE}")
    assert node.tags == [NAME, SOURCE]


def test_a_source_that_is_to_be_there_as_well_keeps_its_name(node: Node) -> None:
    outcome = node.run(f"{NAME} {SOURCE}", SOURCE)
    assert outcome.report.present == 2
    assert node.tags == [NAME, SOURCE]


def test_several_images_may_have_one_source(node: Node) -> None:
    other = "quay.io/team/a:1"
    outcome = node.run(f"{NAME} {SOURCE}", f"{other} {SOURCE}")
    assert outcome.report.present == 2
    assert node.tags == [NAME, other]
    assert len(outcome.of("rm")) == 1


def test_a_source_goes_even_if_the_image_could_not_be_named(node: Node) -> None:
    node.plan({"tag": [{"error": "something odd"}]})
    outcome = node.run(f"{NAME} {SOURCE}")
    assert outcome.reasons == {0: "something odd"}
    assert node.tags == []


def test_the_credential_is_that_of_the_source(node: Node) -> None:
    node.secret({"auths": {"mirror.example:5000": {"auth": "bWlycm9yOnA="}, "docker.io": {"auth": "aHViOnA="}}})
    assert node.run(f"{NAME} {SOURCE}").of("pull")[0].environment["CRICTL_CREDS"] == "mirror:p"
