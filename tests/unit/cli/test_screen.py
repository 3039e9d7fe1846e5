"""The table, compared as a whole at a fixed time."""

from __future__ import annotations

from io import StringIO
from typing import Any

from prepull.cli.show.screen import duration, plain, screen
from prepull.status.nodes import Status
from prepull.status.progress import Progress
from rich.console import Console

from ..cluster.objects import DIGEST, NAMES, event
from ..cluster.pods import backing_off, reported, run_of, running, there
from ..cluster.reading import NOW, seen


def shown(*statuses: Status, **options: Any) -> str:
    console = Console(file=StringIO(), width=1000, highlight=False)
    console.print(screen(statuses, NOW + 75, **options))
    assert isinstance(console.file, StringIO)
    return "".join(f"{line.rstrip()}\n" for line in console.file.getvalue().splitlines())


def half_way() -> Status:
    """One node that has all, one where an image has failed, and one that pulls."""
    failed = reported("node-b", "1 failed 5 30.400 manifest unknown", f"0 present {DIGEST} 70212345 0.000 0", code=1)
    again = backing_off(run_of(failed), "back-off 1m20s restarting failed", node="node-b")
    progress = Progress()
    progress.read(f"pulling {NAMES[0]} (attempt 2 of 5)", NOW + 5)
    return seen(there("node-a"), again, running("node-c"), steps={"images-node-c": progress.steps})


def test_while_it_pulls_and_where_it_has_failed() -> None:
    assert (
        shown(half_way())
        == """\
here/images  1 of 3 nodes have all 2 images:  3 present  1 pulling  1 waiting  1 failed
NODE    IMAGE              STATE          DIGEST                  SIZE  SECONDS  NOTE
node-a  nginx:1.27         present        sha256:aaaaaaaaaaaa  70.2 MB      0.8
        quay.io/org/app:2  present        sha256:aaaaaaaaaaaa  52.4 MB      2.1
node-b  nginx:1.27         present        sha256:aaaaaaaaaaaa  70.2 MB
        quay.io/org/app:2  failed                                          30.4  manifest unknown, attempt 5 of 5, \
next try in 5s
node-c  nginx:1.27         pulling 1m10s                                         attempt 2 of 5
        quay.io/org/app:2  waiting
"""
    )


def test_afterwards_with_everything_that_is_known() -> None:
    assert (
        shown(seen(there("node-a"), desired=1), wide=True)
        == f"""\
here/images  1 of 1 nodes have all 2 images:  2 present
NODE    IMAGE              STATE    DIGEST{" " * 70}SIZE  SECONDS  ATTEMPTS  POD            NOTE
node-a  nginx:1.27         present  {DIGEST}  70.2 MB      0.8         1  images-node-a
        quay.io/org/app:2  present  {DIGEST}  52.4 MB      2.1         2
"""
    )


def test_both_ways_to_write_it_give_the_same_lines() -> None:
    failed = reported("node-b", "1 failed 5 30.400 manifest unknown", f"0 present {DIGEST} 70212345 0.000 0", code=1)
    found = seen(there("node-a"), failed, running("node-c"))
    for wide in (False, True):
        assert "\n".join(plain([found], NOW + 75, wide=wide)) + "\n" == shown(found, wide=wide)


def test_what_needs_attention_comes_first_where_there_is_no_room_for_all() -> None:
    nodes = [there(f"node-{index:04}") for index in range(1000)]
    nodes[700] = reported("node-0700", "1 failed 1 1.000 disk full", f"0 present {DIGEST} 1 0.000 0", code=1)
    assert (
        shown(seen(*nodes, desired=1000), rows=2)
        == """\
here/images  999 of 1000 nodes have all 2 images:  1999 present  1 failed
NODE       IMAGE              STATE    DIGEST                  SIZE  SECONDS  NOTE
node-0000  nginx:1.27         present  sha256:aaaaaaaaaaaa  70.2 MB      0.8
node-0700  quay.io/org/app:2  failed                                     1.0  disk full, attempt 1 of 1
and 1998 more; --output wide lists all
"""
    )


def test_outdated_pods_and_pods_that_cannot_start() -> None:
    old = reported("node-a", f"0 present {DIGEST} 1 0.500 1", args={"images": ["nginx:1.26"]})
    text = shown(seen(old, desired=1), note="no connection")
    assert "node-a  nginx:1.26  outdated  sha256:aaaaaaaaaaaa  0.0 MB      0.5  the pod is of an earlier list" in text
    assert text.endswith("no connection\n")


def test_several_components_and_none_that_matches_a_node() -> None:
    text = shown(seen(desired=0), seen(desired=1, events=[event("exceeded quota", "images", reason="FailedCreate")]))
    assert (
        text
        == """\
here/images  0 of 0 nodes have all 2 images:  no node matches

here/images  0 of 1 nodes have all 2 images:  2 waiting
pods are refused: exceeded quota
"""
    )


def test_durations() -> None:
    assert [duration(seconds) for seconds in (-1, 59.9, 60, 3599, 3600, 90000)] == [
        "0s",
        "59s",
        "1m00s",
        "59m59s",
        "1h00m",
        "25h00m",
    ]
