"""The guard of the image disk. Its figures are in MiB here: a disk of 1000 with what is free of it."""

from __future__ import annotations

import pytest
from prepull.status.reasons import of_pull

from .conftest import Node, hub, in_every_shell


def kib(*sizes: int) -> str:
    return " ".join(str(size << 10) for size in sizes)


@in_every_shell
@pytest.mark.parametrize("keep", [str(500 << 10), "50%"], ids=["a size", "a share"])
def test_a_disk_that_is_full_enough_is_left_alone(node: Node, keep: str) -> None:
    node.disk(1000, 499)
    outcome = node.run(hub("a:1"), hub("b:1"), min_free=keep, attempts=2)
    assert outcome.code == 1
    assert outcome.pulled == []
    said = "disk: 49.9 % free, 50 % are to stay free" if "%" in keep else "disk: 499 MiB free, 500 MiB are to stay free"
    assert outcome.reasons == {0: said, 1: said}
    assert outcome.report.results[0].attempts == 2
    # Another attempt may find more room.
    assert of_pull(said) == (said, False)


@in_every_shell
def test_where_there_is_room_all_is_pulled(node: Node) -> None:
    node.disk(1000, 500)
    outcome = node.run(hub("a:1"), hub("b:1"), min_free=500 << 10)
    assert outcome.code == 0
    assert sorted(outcome.pulled) == [hub("a:1"), hub("b:1")]


@in_every_shell
def test_an_image_that_is_too_large_leaves_room_for_the_others(node: Node) -> None:
    node.disk(1000, 600)
    outcome = node.run(hub("large:1"), hub("small:1"), min_free=500 << 10, needed_kib=kib(101, 100))
    assert outcome.pulled == [hub("small:1")]
    assert outcome.reasons == {0: "disk: 600 MiB free, 500 MiB are to stay free, it needs 101 MiB"}


@in_every_shell
def test_images_that_fit_one_by_one_are_pulled_one_by_one(node: Node) -> None:
    # The disk never fills here, so each fits once the other is there.
    node.disk(1000, 600)
    node.plan({"pull": [{"seconds": 0.4}]})
    outcome = node.run(hub("a:1"), hub("b:1"), min_free=500 << 10, needed_kib=kib(60, 60))
    assert outcome.code == 0
    first, second = outcome.of("pull")
    assert first.ended is not None
    assert second.began >= first.ended
    assert [result.attempts for result in outcome.report.results.values()] == [1, 1]


def test_images_that_fit_together_are_pulled_together(node: Node) -> None:
    node.disk(1000, 600)
    node.plan({"pull": [{"seconds": 0.6}]})
    outcome = node.run(hub("a:1"), hub("b:1"), min_free=500 << 10, needed_kib=kib(50, 50))
    first, second = outcome.of("pull")
    assert second.began < (first.ended or 0)


def test_an_image_of_unknown_size_is_pulled_if_there_is_room_now(node: Node) -> None:
    node.disk(1000, 500)
    outcome = node.run(hub("a:1"), hub("b:1"), min_free=500 << 10, needed_kib=kib(0, 1))
    assert outcome.pulled == [hub("a:1")]


def test_what_a_failed_pull_has_reserved_is_free_again(node: Node) -> None:
    node.disk(1000, 600)
    node.plan({"pull": [{"error": "something odd"}, {}]})
    outcome = node.run(hub("a:1"), min_free=500 << 10, needed_kib=kib(100), attempts=2)
    assert outcome.code == 0


def test_room_that_is_made_lets_the_next_attempt_pull(node: Node) -> None:
    node.disk(1000, 499)
    run = node.start(hub("a:1"), min_free=500 << 10, attempts=100, backoff_ms=100, backoff_limit_ms=100)
    run.until(lambda: any("sleep 0." in command for command in run.leftovers()))
    node.disk(1000, 500)
    assert run.finish().code == 0


@in_every_shell
def test_what_is_there_needs_no_room(node: Node) -> None:
    node.have(hub("a:1"))
    node.disk(1000, 1)
    outcome = node.run(hub("a:1"), min_free="50%", needed_kib=kib(900))
    assert outcome.code == 0
    assert outcome.report.present == 1


@in_every_shell
def test_what_is_there_stays_although_it_cannot_be_pulled_again(node: Node) -> None:
    node.have(hub("a:1"))
    node.disk(1000, 1)
    outcome = node.run(hub("a:1"), min_free="50%", pull_policy="Always")
    assert (outcome.code, outcome.pulled, outcome.report.present) == (0, [], 1)
    assert f"present {hub('a:1')}, not pulled again: disk: 0.1 % free, 50 % are to stay free" in outcome.output


def test_a_refresh_takes_no_room_either(node: Node) -> None:
    node.have(hub("a:1"))
    node.disk(1000, 1)
    run = node.start(hub("a:1"), hub("b:1"), min_free="50%", refresh_ms=50)
    run.until(lambda: "present=1 failed=1" in node.report_text())
    run.terminate()
    assert [call for call in node.calls() if call.verb == "pull"] == []


@in_every_shell
def test_a_tag_that_alone_is_missing_is_given_on_a_full_disk(node: Node) -> None:
    name = f"{hub('a')}@sha256:{'0' * 64}"
    node.have(name)
    node.disk(1000, 1)
    outcome = node.run(f"{hub('a:1')}@sha256:{'0' * 64}", min_free="50%", needed_kib=kib(900))
    assert (outcome.code, outcome.pulled) == (0, [])
    assert hub("a:1") in node.tags


def test_a_puller_image_without_df_pulls_nothing_and_says_why(node: Node) -> None:
    (node.directory / "df").write_text("sh: df: not found\n")
    outcome = node.run(hub("a:1"), min_free="50%")
    assert outcome.pulled == []
    assert outcome.reasons == {0: "disk: df does not tell what is free: sh: df: not found"}


def test_without_a_guard_nobody_looks_at_the_disk(node: Node) -> None:
    node.disk(1000, 0)
    assert node.run(hub("a:1")).code == 0
