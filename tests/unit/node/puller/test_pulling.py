from __future__ import annotations

import re

import pytest

from .conftest import Call, Node, hub, in_every_shell

FAILS = {"error": "something odd"}


def most_at_once(calls: list[Call]) -> int:
    edges = [edge for call in calls for edge in ((call.began, 1), (call.ended or call.began, -1))]
    running = most = 0
    for _, change in sorted(edges):
        running += change
        most = max(most, running)
    return most


@in_every_shell
def test_images_that_are_there_cost_one_listing_and_no_pull(node: Node) -> None:
    node.have(hub("a:1"), "reg.example:5000/team/b:2")
    outcome = node.run(hub("a:1"), "reg.example:5000/team/b:2")
    assert outcome.code == 0
    assert [call.verb for call in outcome.calls] == ["images"]
    assert outcome.report.present == 2


@in_every_shell
def test_always_pulls_what_is_there_too(node: Node) -> None:
    node.have(hub("a:1"), hub("b:1"))
    outcome = node.run(hub("a:1"), hub("b:1"), pull_policy="Always")
    assert sorted(outcome.pulled) == [hub("a:1"), hub("b:1")]


@in_every_shell
def test_an_image_that_is_not_there_is_pulled_and_reported_with_its_digest(node: Node) -> None:
    outcome = node.run(hub("a:1"))
    assert outcome.code == 0
    assert outcome.pulled == [hub("a:1")]
    result = outcome.report.results[0]
    assert (result.present, result.size, result.attempts) == (True, 1000, 1)
    assert (result.digest or "").startswith("sha256:")


def test_an_image_by_digest_is_known_by_it(node: Node) -> None:
    name = f"{hub('a')}@sha256:{'0' * 64}"
    assert node.run(name).report.results[0].digest == f"sha256:{'0' * 64}"
    assert node.run(name).pulled == [name]


def test_docker_lists_familiar_names_and_is_understood(node: Node) -> None:
    node.socket = "docker"
    node.have("a:1", "team/b:1", "localhost/c:1")
    outcome = node.run(hub("a:1"), "docker.io/team/b:1", "localhost/c:1", hub("d:1"))
    assert outcome.code == 0
    assert outcome.pulled == [hub("d:1")]


@in_every_shell
def test_as_many_as_allowed_are_pulled_at_once_and_never_more(node: Node) -> None:
    images = [hub(f"{letter}:1") for letter in "abcdef"]
    node.plan({"pull": [{"seconds": 0.6}]})
    outcome = node.run(*images, parallelism=3)
    assert outcome.code == 0
    assert most_at_once(outcome.of("pull")) == 3


@in_every_shell
def test_a_failing_image_is_tried_as_often_as_it_may_be_and_the_others_come_through(node: Node) -> None:
    node.plan({hub("bad:1"): [FAILS]})
    outcome = node.run(hub("bad:1"), hub("good:1"), attempts=3)
    assert outcome.code == 1
    assert outcome.pulled.count(hub("bad:1")) == 3
    assert outcome.reasons == {0: "something odd"}
    assert outcome.report.results[0].attempts == 3
    assert outcome.report.results[1].present


def test_an_image_that_comes_at_a_later_attempt_is_present(node: Node) -> None:
    node.plan({hub("a:1"): [FAILS, FAILS, {}]})
    outcome = node.run(hub("a:1"), attempts=5)
    assert outcome.code == 0
    assert outcome.report.results[0].attempts == 3


def test_a_failure_is_no_error_where_the_pod_is_to_go_on(node: Node) -> None:
    node.plan({"pull": [FAILS]})
    outcome = node.run(hub("a:1"), on_failure="continue")
    assert outcome.code == 0
    assert outcome.report.failed == 1


def test_the_wait_doubles_by_chance_down_to_half_of_it_up_to_a_limit(node: Node) -> None:
    node.plan({"pull": [FAILS]})
    outcome = node.run(hub("a:1"), attempts=5, backoff_ms=200, backoff_limit_ms=800)
    told = [float(text) for text in re.findall(r"; next attempt in (\S+) s$", outcome.output, re.MULTILINE)]
    for wait, whole in zip(told, [0.2, 0.4, 0.8, 0.8], strict=True):
        assert whole / 2 <= wait <= whole


def test_an_image_that_waits_for_its_next_attempt_holds_no_place(node: Node) -> None:
    node.plan({hub("bad:1"): [FAILS, {}]})
    outcome = node.run(hub("bad:1"), hub("b:1"), hub("c:1"), parallelism=1, attempts=2, backoff_ms=3000)
    assert outcome.pulled == [hub("bad:1"), hub("b:1"), hub("c:1"), hub("bad:1")]


def test_a_hanging_image_delays_no_other_beyond_its_own_place(node: Node) -> None:
    node.plan({hub("stuck:1"): [{"hang": True}]})
    run = node.start(hub("stuck:1"), hub("b:1"), hub("c:1"), parallelism=2, image_timeout_ms=600_000)
    run.until(lambda: {hub("b:1"), hub("c:1")} <= set(node.tags))
    run.terminate()


def test_a_hanging_image_fails_alone(node: Node) -> None:
    node.plan({hub("stuck:1"): [{"hang": True}]})
    outcome = node.run(hub("stuck:1"), hub("b:1"), hub("c:1"), parallelism=2, image_timeout_ms=2500)
    assert [result.present for _, result in sorted(outcome.report.results.items())] == [False, True, True]


@in_every_shell
@pytest.mark.parametrize("heeds", [True, False], ids=["a client that heeds SIGTERM", "a client that does not"])
def test_a_pull_that_takes_too_long_is_ended(node: Node, heeds: bool) -> None:
    node.plan({"pull": [{"hang": True, "deaf": not heeds}]})
    outcome = node.run(hub("a:1"), image_timeout_ms=500, attempts=2)
    assert outcome.reasons == {0: "timed out after 0.500 s"}
    assert len(outcome.pulled) == 2


def test_only_what_is_to_be_pulled_waits_for_the_stagger(node: Node) -> None:
    node.have(hub("a:1"))
    assert "stagger" not in node.run(hub("a:1"), stagger_ms=60_000).output
    outcome = node.run(hub("b:1"), stagger_ms=300)
    assert "this node's share of the stagger" in outcome.output
    assert outcome.pulled[-1] == hub("b:1")


def test_an_image_that_is_gone_after_its_pull_failed(node: Node) -> None:
    node.plan({hub("a:1"): [{"vanish": True}]})
    assert node.run(hub("a:1")).reasons == {0: "gone after it was pulled"}


def test_a_runtime_that_stops_answering_is_the_reason(node: Node) -> None:
    node.plan({"images": [{}, {"error": "connect: connection refused"}]})
    assert node.run(hub("a:1")).reasons == {0: "the runtime no longer answers: connection refused"}


def test_a_client_that_the_puller_image_lacks_is_the_reason(node: Node) -> None:
    (node.directory / "bin" / "ctr").unlink()
    outcome = node.run(f"{hub('a:1')} mirror.example/a:1")
    assert outcome.reasons == {0: "the puller image cannot run ctr"}
