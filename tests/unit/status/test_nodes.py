"""The status of all nodes, from what is read of each pod."""

from __future__ import annotations

from prepull.status.observe import FAILED, PRESENT, PULLING, WAITING

from ..cluster.objects import DIGEST, event, pod
from ..cluster.pods import mounted, reported, running, there
from ..cluster.reading import seen


def test_totals_count_every_node_that_is_wanted() -> None:
    found = seen(there("a"), running("b"), desired=4)
    assert found.totals == {PRESENT: 2, PULLING: 2, WAITING: 4, FAILED: 0}
    assert (found.complete, found.desired) == (1, 4)
    assert [node.name for node in found.nodes] == ["a", "b"]


def test_a_pod_of_an_earlier_list_is_outdated_and_counts_for_nothing() -> None:
    old = reported("a", f"0 present {DIGEST} 1 0.500 1", args={"images": ["nginx:1.26"]})
    found = seen(old, desired=1)
    assert found.nodes[0].outdated
    assert (found.complete, found.totals[WAITING]) == (0, 2)
    for both in ([old, there("a")], [there("a"), old]):
        both[0]["metadata"]["name"] += "-x"
        [node] = seen(*both, desired=1).nodes
        assert not node.outdated


def test_pods_of_another_component_are_left_out() -> None:
    assert seen(pod("a", owner="others")).nodes == ()


def test_an_event_says_that_the_socket_is_missing_until_the_pod_has_started() -> None:
    no_socket = "hostPath type check failed: /run/x.sock is not a socket file"
    events = [event(no_socket, "images-a"), event("old", "images-b"), event("old", "images-c")]
    a, b, c = seen(pod("a"), there("b"), mounted("c"), events=events).nodes
    assert a.pod.problem == "the pod cannot start: socket missing: /run/x.sock is not a socket file"
    assert b.pod.problem is None
    assert c.pod.problem is None
