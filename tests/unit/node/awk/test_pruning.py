"""marks.awk, own.awk, unlisted.awk and leaving.awk: what a component has pulled, and what of it may go."""

from __future__ import annotations

import pytest

from .conftest import Awk

KEY, OTHER = "prepull.dev/ns.images", "prepull.dev/ns.other"
LISTED = """\
REF TYPE DIGEST SIZE PLATFORMS LABELS
sha256:1 type sha256:d 10.6 KiB linux/amd64 io.cri-containerd.image=managed,prepull.dev/ns.images=r/a:1;r/a@sha256:d \n\
sha256:2 type sha256:e 1.0 GiB linux/amd64,linux/arm64 prepull.dev/ns.images=r/b:1,prepull.dev/ns.other=r/b:1;r/b:2 \n\
sha256:3 type sha256:f 1.0 GiB - io.cri-containerd.image=managed,xprepull.dev/ns.images=r/c:1 \n\
sha256:4 type sha256:f 1.0 GiB - - \n"""

HAVE = [
    "r/a@sha256:d sha256:d 1 false id-1",
    "r/a:1 sha256:d 1 false id-1",
    "r/two:1 sha256:e 1 false id-2",
    "r/other:1 sha256:e 1 false id-2",
    "m/x:1 sha256:f 1 false id-3",
    "m/x@sha256:f sha256:f 1 false id-3",
    "r/x:1 sha256:f 1 false id-3",
]
A, TWO, X = (
    "0 absent r/a:1 r/a:1 - r/a:1 - 0",
    "1 absent r/two:1 r/two:1 - r/two:1 - 0",
    "2 absent r/x:1 r/x:1 - m/x:1 - 0",
)
DONE = ["0 1 0.1 ", "1 1 0.1 ", "2 1 0.1 "]


def test_the_labels_of_all_components_are_read(awk: Awk) -> None:
    assert awk.run("marks.awk", LISTED, key=KEY) == [
        f"sha256:1 {KEY} r/a:1",
        f"sha256:1 {KEY} r/a@sha256:d",
        f"sha256:2 {KEY} r/b:1",
        f"sha256:2 {OTHER} r/b:1",
        f"sha256:2 {OTHER} r/b:2",
    ]


@pytest.mark.parametrize(
    ("standing", "before", "marks", "results", "own"),
    [
        ([A], [], [], DONE, ["id-1 r/a:1;r/a@sha256:d"]),
        ([A], [], [], ["0 1 0.1 manifest unknown"], []),
        ([A], [], [], ["0 1 0.1 manifest unknown", "0 2 0.3 "], ["id-1 r/a:1;r/a@sha256:d"]),
        ([A], [], [], [], []),
        ([A], HAVE, [], DONE, []),
        ([TWO], ["r/other:1 sha256:e 1 false id-2"], [], DONE, []),
        ([TWO], ["r/other:1 sha256:e 1 false id-2"], [f"id-2 {KEY} r/other:1"], DONE, ["id-2 r/other:1;r/two:1"]),
        ([TWO], ["r/other:1 sha256:e 1 false id-2"], [f"id-2 {OTHER} r/other:1"], DONE, ["id-2 r/other:1;r/two:1"]),
        ([TWO], HAVE, [f"id-2 {OTHER} r/two:1"], [], ["id-2 r/two:1"]),
        ([TWO], HAVE, [f"id-2 {OTHER} r/two:1", f"id-2 {KEY} r/two:1"], DONE, []),
        ([TWO], HAVE, [f"id-1 {OTHER} r/a:1"], DONE, []),
        # A tag that has moved to another image.
        ([A], ["r/a:1 sha256:0 1 false id-0"], [], DONE, ["id-1 r/a:1;r/a@sha256:d"]),
        # The name by which a mirror was asked goes again, unless it is listed too.
        ([X], [], [], DONE, ["id-3 r/x:1;m/x@sha256:f"]),
        ([X, "3 absent m/x:1 m/x:1 - m/x:1 - 0"], [], [], DONE, ["id-3 m/x:1;r/x:1;m/x@sha256:f"]),
    ],
)
def test_which_images_get_the_label(
    awk: Awk, standing: list[str], before: list[str], marks: list[str], results: list[str], own: list[str]
) -> None:
    text = "".join(f"{line}\n" for line in standing)
    found = awk.run("own.awk", text, key=KEY, inventory=HAVE, before=before, marks=marks, results=results)
    assert found == own


def test_a_label_has_at_most_4096_bytes(awk: Awk) -> None:
    inventory = [f"r/{'x' * 200}:{number} sha256:d 1 false id-1" for number in range(30)]
    standing = "".join(f"{line.split()[0]}\n" for line in inventory)
    text = "".join(f"{index} absent {name} {name} - {name} - 0\n" for index, name in enumerate(standing.split()))
    results = [f"{index} 1 0.1 " for index in range(30)]
    [line] = awk.run("own.awk", text, key=KEY, inventory=inventory, before=[], marks=[], results=results)
    value = line.removeprefix("id-1 ")
    assert 3800 < len(KEY) + len(value) <= 4096
    assert value.split(";") == standing.split()[: value.count(";") + 1]


@pytest.mark.parametrize(
    ("standing", "marks", "unlisted"),
    [
        ([], [], []),
        ([], [f"id-1 {KEY} r/a:1"], ["id-1 r/a:1"]),
        ([], [f"id-1 {OTHER} r/a:1"], []),
        ([A], [f"id-1 {KEY} r/a:1"], []),
        (["0 present r/a@sha256:d r/a@sha256:d - r/a@sha256:d d 1"], [f"id-1 {KEY} r/a:1"], []),
        ([A], [f"id-2 {KEY} r/other:1", f"id-9 {KEY} r/gone:1"], ["id-2 r/other:1"]),
        ([TWO], [f"id-2 {KEY} r/other:1"], []),
    ],
)
def test_which_images_are_no_longer_listed(
    awk: Awk, standing: list[str], marks: list[str], unlisted: list[str]
) -> None:
    text = "".join(f"{line}\n" for line in HAVE)
    assert awk.run("unlisted.awk", text, key=KEY, marks=marks, standing=standing) == unlisted


def divided(awk: Awk, text: str, *, image: str, marks: list[str]) -> tuple[list[str], list[str], list[str]]:
    """Why the image stays, which of its names go, and which stay."""
    going, staying = awk.directory / "going", awk.directory / "staying"
    for file in (going, staying):
        file.write_text("")
    why = awk.run("leaving.awk", text, key=KEY, id=image, marks=marks, going=str(going), staying=str(staying))
    return why, going.read_text().split(), staying.read_text().split()


ELSEWHERE, TOO = "it has names that others gave it", "another component has pulled it too"


@pytest.mark.parametrize(
    ("image", "marks", "why", "going", "staying"),
    [
        ("id-1", [f"id-1 {KEY} r/a:1", f"id-1 {KEY} r/a@sha256:d"], [], ["r/a:1"], []),
        ("id-1", [f"id-1 {KEY} r/a:1"], [ELSEWHERE], ["r/a:1"], ["r/a@sha256:d"]),
        ("id-1", [f"id-1 {KEY} r/a@sha256:d"], [ELSEWHERE], [], ["r/a:1"]),
        ("id-2", [f"id-2 {KEY} r/two:1", f"id-2 {KEY} r/other:1"], [], ["r/two:1", "r/other:1"], []),
        ("id-2", [f"id-2 {KEY} r/two:1"], [ELSEWHERE], ["r/two:1"], ["r/other:1"]),
        (
            "id-2",
            [f"id-2 {KEY} r/two:1", f"id-2 {KEY} r/other:1", f"id-2 {OTHER} r/other:1"],
            [TOO],
            ["r/two:1"],
            ["r/other:1"],
        ),
        ("id-2", [f"id-2 {KEY} r/two:1", f"id-2 {OTHER} r/two:1"], [TOO], [], ["r/two:1", "r/other:1"]),
    ],
)
def test_which_names_of_an_image_go(
    awk: Awk, image: str, marks: list[str], why: list[str], going: list[str], staying: list[str]
) -> None:
    text = "".join(f"{line}\n" for line in HAVE)
    assert divided(awk, text, image=image, marks=marks) == (why, going, staying)


def test_an_image_whose_tags_have_moved_goes_by_its_digest(awk: Awk) -> None:
    text = "r/a@sha256:d sha256:d 1 false id-1\n"
    marks = [f"id-1 {KEY} r/a:1", f"id-1 {KEY} r/a@sha256:d"]
    assert divided(awk, text, image="id-1", marks=marks) == ([], ["r/a@sha256:d"], [])
