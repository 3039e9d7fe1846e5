"""removable.awk and sources.awk: which names may be removed, and how."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from .conftest import Awk

HAVE = [
    "r/alone:1 d 1 false id-1",
    "r/alone@sha256:a d 1 false id-1",
    "r/two:1 d 1 false id-2",
    "r/other:1 d 1 false id-2",
    "r/pause:3 d 1 true id-3",
    "r/wanted:1 d 1 false id-4",
    "r/old:1 d 1 false id-5",
    "r/old@sha256:b d 1 false id-5",
]
WANTED = [
    "0 present r/wanted:1 r/wanted:1 - r/wanted:1 d 1",
    "1 present r/old:2@sha256:b r/old@sha256:b r/old:2 r/old@sha256:b d 1",
]

OTHER_NAMES = "its image has other names, and the runtime removes none alone"
CASES = [
    ("r/nothing:1", [], "absent"),
    ("r/alone:1", [], "delete"),
    ("r/alone:1", ["delete r/alone:1"], "absent"),
    ("r/alone@sha256:a", ["delete r/alone:1"], "absent"),
    ("r/alone@sha256:a", ["unname r/alone:1"], "delete"),
    ("r/two:1", [], "unname"),
    ("r/two:1", ["unname r/two:1"], "absent"),
    ("r/other:1", ["unname r/two:1"], "delete"),
    ("r/other:1", ["delete r/nothing:1"], "unname"),
    ("r/pause:3", [], "the runtime has pinned it"),
    ("r/wanted:1", [], "it is one of the images to pull"),
    ("r/old@sha256:b", [], "it is one of the images to pull"),
    ("r/old:2", [], "absent"),
    ("r/old:1", [], "unname"),
]


WITHOUT_CONTAINERD = [
    # The name, the names to remove, what CRI-O does, what cri-dockerd does.
    ("r/nothing:1", ["r/nothing:1"], "absent", "absent"),
    ("r/alone:1", ["r/alone:1"], "delete id-1", "delete id-1"),
    ("r/two:1", ["r/two:1"], "unname", OTHER_NAMES),
    ("r/two:1", ["r/two:1", "r/other:1"], "unname", "delete id-2"),
    ("r/pause:3", ["r/pause:3"], "the runtime has pinned it", "the runtime has pinned it"),
    ("r/wanted:1", ["r/wanted:1"], "it is one of the images to pull", "it is one of the images to pull"),
    ("r/old:1", ["r/old:1"], "unname", OTHER_NAMES),
    ("r/old:1", ["r/old:1", "r/old@sha256:b"], "unname", OTHER_NAMES),
]


def way_of(
    awk: Awk,
    name: str,
    *,
    removed: Sequence[str] = (),
    unwanted: Sequence[str] = (),
    staying: Sequence[str] = (),
    nameless: str = "",
) -> str:
    text = "".join(f"{line}\n" for line in HAVE)
    [way] = awk.run(
        "removable.awk",
        text,
        name=name,
        nameless=nameless,
        standing=WANTED,
        staying=staying,
        removed=removed,
        unwanted=unwanted,
    )
    return way


@pytest.mark.parametrize(("name", "removed", "way"), CASES)
def test_how_a_name_may_go(awk: Awk, name: str, removed: list[str], way: str) -> None:
    assert way_of(awk, name, removed=removed, unwanted=[name, "r/other:1"]) == way


def test_a_digest_that_must_stay_keeps_its_image(awk: Awk) -> None:
    assert way_of(awk, "r/alone:1", unwanted=["r/alone:1"], staying=["r/alone@sha256:a"]) == "unname"


@pytest.mark.parametrize(("name", "unwanted", "untags", "nameless"), WITHOUT_CONTAINERD)
def test_how_a_name_may_go_without_containerd(
    awk: Awk, name: str, unwanted: list[str], untags: str, nameless: str
) -> None:
    assert way_of(awk, name, unwanted=unwanted, nameless="untags") == untags
    assert way_of(awk, name, unwanted=unwanted, nameless="nameless") == nameless


@pytest.mark.parametrize(
    ("fetched", "going"),
    [
        ([], []),
        (["mirror/x:1"], ["mirror/x:1"]),
        (["mirror/x:1", "mirror/y:1", "mirror/x:1"], ["mirror/x:1", "mirror/y:1"]),
        (["r/alone:1"], []),
        (["r/wanted:1", "r/old@sha256:b", "r/old:2"], []),
    ],
    ids=["none", "one", "twice", "there before", "wanted"],
)
def test_which_sources_lose_their_names(awk: Awk, fetched: list[str], going: list[str]) -> None:
    text = "".join(f"{line}\n" for line in fetched)
    assert awk.run("sources.awk", text, inventory=HAVE, standing=WANTED) == going
