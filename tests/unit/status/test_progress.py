"""What the log of a running puller adds."""

from __future__ import annotations

from prepull.status.observe import FAILED, PRESENT, PULLING, WAITING, Image
from prepull.status.progress import Progress
from prepull.status.verdict import GO, WAIT, judge

from ..cluster.objects import NAMES
from ..cluster.pods import running, there
from ..cluster.reading import NOW, seen


def test_the_log_of_a_running_puller_says_which_image() -> None:
    progress = Progress()
    for second, line in enumerate(
        [
            "using crictl on /run/containerd/containerd.sock",
            f"pulling {NAMES[0]} (attempt 1 of 5)",
            f"pulling {NAMES[1]} (attempt 1 of 5)",
            f"pulled {NAMES[0]} in 1.250 s",
            f"failed {NAMES[1]} (attempt 1 of 5): too many requests; next attempt in 4.100 s",
            "    some words of the client",
        ]
    ):
        progress.read(line, NOW + second)

    [node] = seen(running("a"), steps={"images-a": progress.steps}).nodes

    assert node.pod.images[0] == Image(PRESENT, seconds=1.25)
    failed = node.pod.images[1]
    assert (failed.state, failed.reason, failed.attempts, failed.of_attempts) == (FAILED, "too many requests", 1, 5)
    assert failed.next_try == NOW + 4 + 4.1
    assert not failed.final


def test_a_node_counts_once_its_puller_has_reported() -> None:
    progress = Progress()
    for second, name in enumerate(NAMES):
        progress.read(f"pulled {name} in 0.100 s", NOW + second)

    found = seen(running("a"), steps={"images-a": progress.steps}, desired=1)

    assert [image.state for image in found.nodes[0].pod.images] == [PRESENT, PRESENT]
    assert found.complete == 0
    assert judge(found, "100%", settled=True, late=False).outcome == WAIT
    assert judge(seen(there("a"), desired=1), "100%", settled=True, late=False).outcome == GO


def test_a_log_that_has_not_named_an_image_yet_leaves_it_waiting() -> None:
    progress = Progress()
    progress.read(f"pulling {NAMES[0]} (attempt 2 of 5)", NOW + 3)
    [node] = seen(running("a"), steps={"images-a": progress.steps}).nodes
    assert node.pod.images == (Image(PULLING, since=NOW + 3, attempts=2, of_attempts=5), Image(WAITING))


def test_the_log_of_an_earlier_run_is_forgotten() -> None:
    progress = Progress()
    progress.read(f"failed {NAMES[0]} after 5 attempts in 9.000 s: disk full", NOW)
    assert progress.steps[NAMES[0]].next_try is None
    progress.read("using docker on /var/run/docker.sock", NOW + 9)
    assert progress.steps == {}
