"""What a component has pulled leaves the node when it is no longer listed; nothing else does."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import Node, Outcome, hub, in_every_shell

OURS, THEIRS = "prepull.dev/prepull.images", "prepull.dev/prepull.others"
V1, V2, V3, V4 = (hub(f"app:{number}") for number in (1, 2, 3, 4))
KEPT, OTHER = hub("kept:1"), "quay.io/other:1"
CONTENT = "same"


def release(node: Node, *images: str, of: str = OURS, **settings: Any) -> Outcome:
    """Run the puller of a component with the images of one release."""
    return node.run(*images, prune=of, **settings)


def digest_name(node: Node, name: str) -> str:
    return f"{name.rpartition(':')[0]}@{node.digest(name)}"


@in_every_shell
def test_what_is_no_longer_listed_goes(node: Node) -> None:
    release(node, V1, KEPT)
    outcome = release(node, V2, KEPT)
    assert outcome.code == 0
    assert f"removed {V1}" in outcome.output
    assert node.tags == [V2, KEPT]
    assert outcome.problems == ""


def test_what_is_still_listed_stays(node: Node) -> None:
    first = release(node, V1, KEPT)
    second = release(node, V1, KEPT)
    assert node.tags == [V1, KEPT]
    assert {call.verb for call in second.calls[len(first.calls) :]} == {"images", "list"}


@in_every_shell
def test_a_node_that_was_away_for_some_releases_catches_up(node: Node) -> None:
    release(node, V1, KEPT)
    release(node, V2, V3, of=THEIRS)
    release(node, V4, KEPT)
    assert node.tags == [V2, V3, V4, KEPT]


def test_nothing_goes_before_all_images_are_there(node: Node) -> None:
    release(node, V1)
    node.plan({V3: [{"error": "manifest unknown"}]})
    assert release(node, V2, V3).code == 1
    assert node.tags == [V1, V2]
    node.plan({})
    release(node, V2, V3)
    assert node.tags == [V2, V3]


def test_what_was_pulled_beside_a_failure_is_remembered(node: Node) -> None:
    node.plan({V2: [{"error": "manifest unknown"}]})
    release(node, V1, V2)
    node.plan({})
    release(node, V3)
    assert node.tags == [V3]


def test_what_was_pulled_before_the_puller_was_killed_is_remembered(node: Node) -> None:
    node.plan({V2: [{"hang": True}]})
    run = node.start(V1, V2, prune=OURS)
    run.until(lambda: [call for call in node.calls() if call.verb == "label" and call.ended])
    run.terminate()
    node.plan({})
    release(node, V3)
    assert node.tags == [V3]


def test_what_was_there_before_is_nobodys(node: Node) -> None:
    node.have(V1)
    release(node, V1)
    release(node, V2, pull_policy="Always")
    release(node, V1, pull_policy="Always")
    release(node, V3)
    assert node.tags == [V1, V3]


def test_another_name_for_what_was_there_before_is_nobodys(node: Node) -> None:
    node.have("quay.io/org/app:1")
    release(node, V1)
    outcome = release(node, V2)
    assert {"quay.io/org/app:1", V2} <= set(node.tags)
    assert outcome.of("rmi") == []


def test_what_a_container_uses_stays_until_a_later_pull(node: Node) -> None:
    release(node, V1)
    node.use(V1)
    outcome = release(node, V2)
    assert outcome.code == 0
    assert f"kept {V1}: a container uses it" in outcome.output
    assert node.tags == [V1, V2]
    (node.directory / "containers" / "c0ffee").unlink()
    release(node, V2)
    assert node.tags == [V2]


def test_what_is_pinned_stays(node: Node) -> None:
    release(node, V1)
    node.have(V1, digest_name(node, V1), content="app:1", pinned=True)
    outcome = release(node, V2)
    assert f"kept {V1}: the runtime has pinned it" in outcome.output
    assert node.tags == [V1, V2]


@in_every_shell
def test_a_name_that_others_gave_stays_with_the_image(node: Node) -> None:
    release(node, V1)
    node.have("quay.io/renamed:1", content="app:1")
    outcome = release(node, V2)
    assert f"removed {V1}" in outcome.output
    assert f"kept the image of {V1}: it has names that others gave it" in outcome.output
    assert node.tags == [V2, "quay.io/renamed:1"]
    assert node.labels("quay.io/renamed:1") == {}
    assert "kept" not in release(node, V3).output


def test_all_our_names_of_an_image_go_with_it(node: Node) -> None:
    release(node, V1, "quay.io/org/app:1")
    release(node, V2)
    assert node.names == [V2, digest_name(node, V2)]


def test_a_name_that_comes_later_belongs_to_the_image(node: Node) -> None:
    release(node, V1)
    release(node, V1, "quay.io/org/app:1")
    release(node, V2)
    assert node.names == [V2, digest_name(node, V2)]


def test_an_image_that_keeps_one_name_in_the_list_keeps_all(node: Node) -> None:
    release(node, V1, "quay.io/org/app:1")
    outcome = release(node, "quay.io/org/app:1")
    assert outcome.of("rm") == outcome.of("rmi") == []
    release(node, V2)
    assert node.tags == [V2]


@pytest.mark.parametrize("policy", ["IfNotPresent", "Always"])
def test_digests_go_like_tags(node: Node, policy: str) -> None:
    first, second = (f"{hub('app')}@sha256:{digit * 64}" for digit in "12")
    release(node, first)
    release(node, second, pull_policy=policy)
    assert node.names == [second]


def test_the_image_that_a_moved_tag_left_behind_goes(node: Node) -> None:
    pinned = [f"{hub('app')}:1@sha256:{digit * 64}" for digit in "12"]
    node.plan({})
    release(node, pinned[0])
    old = f"{hub('app')}@sha256:{'1' * 64}"
    # Its tag has moved to another image; its digest stands for it still.
    node.untag(V1)
    node.have(V1, content="moved")
    assert old in node.names
    release(node, V1)
    assert old not in node.names
    assert V1 in node.tags


def test_what_came_from_a_mirror_goes_with_the_names_of_the_mirror(node: Node) -> None:
    release(node, f"{V1} mirror.example/app:1")
    assert node.labels(V1)[OURS] == {V1, f"mirror.example/app@{node.digest(V1)}"}
    release(node, f"{V2} mirror.example/app:2")
    assert node.tags == [V2]
    assert [name for name in node.names if "app:1" in name or node.digest(V2) not in name] == [V2]


# ---------------------------------------------------------------- beside another component


def test_what_another_component_lists_only_loses_our_mark(node: Node) -> None:
    release(node, V1)
    release(node, V1, of=THEIRS)
    outcome = release(node, V2)
    assert f"kept the image of {V1}: another component has pulled it too" in outcome.output
    assert node.tags == [V1, V2]
    assert set(node.labels(V1)) == {THEIRS}
    release(node, V3, of=THEIRS)
    assert node.tags == [V2, V3]


def test_two_components_with_the_same_images_never_fight(node: Node) -> None:
    for _ in range(2):
        for component in (OURS, THEIRS):
            outcome = release(node, V1, KEPT, of=component)
            assert outcome.of("rmi") == outcome.of("rm") == []
    assert node.tags == [V1, KEPT]
    assert sorted(outcome.pulled) == [V1, KEPT]


def test_names_of_one_image_that_only_we_list_go(node: Node) -> None:
    release(node, V1)
    release(node, V1, of=THEIRS)
    release(node, V1, "quay.io/org/app:1")
    release(node, V2)
    assert node.tags == [V1, V2]
    release(node, V3, of=THEIRS)
    assert node.tags == [V2, V3]


def test_what_the_other_component_marks_meanwhile_stays(node: Node) -> None:
    release(node, V1)
    # It starts while this one pulls, when the image still is there.
    node.plan({V2: [{"seconds": 2}]})
    run = node.start(V2, prune=OURS)
    run.until(lambda: [call for call in node.calls() if call.image == V2])
    other = Node.run(node, V1, prune=THEIRS, work=node.directory / "other", report=node.directory / "other-report")
    assert other.code == 0
    assert "kept" in run.finish().output
    assert node.tags == [V1, V2]


# ---------------------------------------------------------------- what goes wrong


@pytest.mark.parametrize("verb", ["rmi", "label", "list", "ps"])
def test_a_failure_of_pruning_is_no_failure_of_the_pull(node: Node, verb: str) -> None:
    release(node, V1)
    node.plan({verb: [{"error": "something odd"}]})
    outcome = release(node, V2)
    assert outcome.code == 0
    assert "something odd" in outcome.output
    assert outcome.report.results[0].present
    assert V2 in node.tags


def test_what_could_not_be_marked_stays(node: Node) -> None:
    node.plan({"label": [{"error": "something odd"}]})
    assert f"not marked {V1}: something odd" in release(node, V1).output
    node.plan({})
    release(node, V2)
    assert node.tags == [V1, V2]


def test_a_component_without_prune_marks_nothing(node: Node) -> None:
    node.run(V1)
    assert node.labels(V1) == {}
    release(node, V2)
    assert node.tags == [V1, V2]


def test_remove_and_prune_go_together(node: Node) -> None:
    node.have(OTHER)
    release(node, V1)
    outcome = release(node, V2, remove=f"{OTHER}\n{V1}")
    assert node.tags == [V2]
    assert outcome.code == 0


def test_every_refresh_prunes(node: Node) -> None:
    release(node, V1)
    node.use(V1)
    run = node.start(V2, prune=OURS, refresh_ms=50)
    run.until(lambda: f"{V2}" in node.tags)
    (node.directory / "containers" / "c0ffee").unlink()
    run.until(lambda: V1 not in node.tags)
    run.terminate()
