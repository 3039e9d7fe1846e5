"""standing.awk: the names of each image to pull, and whether the node has it."""

from __future__ import annotations

import pytest

from .conftest import Awk

A = "sha256:" + "a" * 64
HAVE = [
    "r/there:1 digest-1 5 false id-1",
    f"r/pinned@{A} {A} 6 false id-2",
    "r/pinned:1 digest-2 6 false id-2",
    f"r/moved@{A} {A} 7 false id-3",
    "r/moved:1 digest-4 7 false id-4",
    f"r/bare@{A} {A} 8 false id-5",
]

CASES = {
    "r/absent:1": "absent r/absent:1 r/absent:1 - r/absent:1 - 0",
    "r/there:1": "present r/there:1 r/there:1 - r/there:1 digest-1 5",
    "r/there:1 mirror/x:1": "present r/there:1 r/there:1 - mirror/x:1 digest-1 5",
    f"r/pinned:1@{A}": f"present r/pinned:1@{A} r/pinned@{A} r/pinned:1 r/pinned@{A} {A} 6",
    f"r/moved:1@{A} mirror/m@{A}": f"untagged r/moved:1@{A} r/moved@{A} r/moved:1 mirror/m@{A} {A} 7",
    f"r/bare:1@{A}": f"untagged r/bare:1@{A} r/bare@{A} r/bare:1 r/bare@{A} {A} 8",
    f"r/bare@{A}": f"present r/bare@{A} r/bare@{A} - r/bare@{A} {A} 8",
    f"host:5000/x@{A}": f"absent host:5000/x@{A} host:5000/x@{A} - host:5000/x@{A} - 0",
    f"host:5000/x:1@{A}": f"absent host:5000/x:1@{A} host:5000/x@{A} host:5000/x:1 host:5000/x@{A} - 0",
    "--creds=x": "refused --creds=x --creds=x - --creds=x - 0",
    "r/there:1 -D": "refused r/there:1 r/there:1 - -D digest-1 5",
    "r/there:1 x --all": "refused r/there:1 r/there:1 - x digest-1 5",
    "r/a-b:1-c": "absent r/a-b:1-c r/a-b:1-c - r/a-b:1-c - 0",
}


@pytest.mark.parametrize("line", CASES)
def test_where_an_image_stands(awk: Awk, line: str) -> None:
    assert awk.run("standing.awk", line, inventory=HAVE, nameless="") == [f"0 {CASES[line]}"]


def test_images_are_numbered_and_empty_lines_are_none(awk: Awk) -> None:
    lines = awk.run("standing.awk", "a:1\n\n  \nb:1\n", inventory=[], nameless="")
    assert [line.split()[:3] for line in lines] == [["0", "absent", "a:1"], ["1", "absent", "b:1"]]


@pytest.mark.parametrize("line", [f"r/moved:1@{A}", f"r/bare:1@{A}"])
def test_where_nothing_gives_names_the_digest_is_enough(awk: Awk, line: str) -> None:
    [standing] = awk.run("standing.awk", line, inventory=HAVE, nameless="nameless")
    assert standing.split()[1] == "present"
