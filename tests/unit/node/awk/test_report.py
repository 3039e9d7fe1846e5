"""report.awk: the report stays within its limit, and contains every failed image."""

from __future__ import annotations

import pytest
from prepull.status.report import Report, parse

from .conftest import Awk

GONE = {"gone": r"the runtime no longer answers: open \"x\new\""}


def standing(count: int, state: str = "present") -> list[str]:
    return [f"{index} {state} r/a:{index} r/a:{index} - r/a:{index} sha256:{index:064x} 5" for index in range(count)]


def lines(awk: Awk, images: list[str], results: list[str], limit: int = 4096) -> list[str]:
    text = "".join(f"{line}\n" for line in images)
    written = awk.run("report.awk", text, results=results, limit=limit, took="1.500", environment=GONE)
    assert len("\n".join(written)) < limit
    return written


def report(awk: Awk, images: list[str], results: list[str], limit: int = 4096) -> Report:
    return parse("\n".join(lines(awk, images, results, limit)))


def test_failures_come_first_and_the_last_result_of_an_image_counts(awk: Awk) -> None:
    images = [*standing(2), "2 absent r/c r/c - r/c - 0", "3 untagged r/d@x r/d r/d:1 r/d sha256:4 6"]
    results = ["1 1 0.500 odd", "1 2 2.000", "2 1 0.500 no  room ", "3 4 0.750"]
    assert lines(awk, images, results) == [
        "prepull 1 images=4 present=2 failed=2 seconds=1.500",
        "2 failed 1 0.500 no  room ",
        f"3 failed 4 0.750 {GONE['gone']}",
        f"0 present sha256:{0:064x} 5 0.000 0",
        f"1 present sha256:{1:064x} 5 2.000 2",
    ]


def test_an_image_that_is_there_and_could_not_be_pulled_again_has_failed(awk: Awk) -> None:
    assert lines(awk, standing(1), ["0 3 0.100 unauthorized"])[1:] == ["0 failed 3 0.100 unauthorized"]


def test_what_does_not_fit_shrinks_to_ranges(awk: Awk) -> None:
    assert lines(awk, standing(300), [])[1:] == ["0-299 present"]
    assert lines(awk, standing(300), ["7 1 0.100 odd"])[1:] == ["7 failed 1 0.100 odd", "0-6,8-299 present"]
    results = [f"{index} 1 0.100 odd" for index in range(300)]
    assert lines(awk, standing(300, "absent"), results)[1:] == ["0-299 failed odd"]


@pytest.mark.parametrize("step", [1, 2, 3])
@pytest.mark.parametrize("reasons", [2, 40, 300])
def test_which_images_failed_is_always_there(awk: Awk, step: int, reasons: int) -> None:
    lost = list(range(0, 300, step))
    results = [f"{index} 1 0.100 {'x' * 90} reason {index % reasons}" for index in lost]
    read = report(awk, standing(300), results)
    assert read.complete
    assert [index for index, result in sorted(read.results.items()) if not result.present] == lost
    assert str(read.results[lost[0]].reason).endswith("x reason 0")


def test_what_fits_in_no_way_is_cut_at_a_line(awk: Awk) -> None:
    read = report(awk, standing(300), [f"{index} 1 0.100 odd" for index in range(0, 300, 2)], limit=200)
    assert not read.complete
    assert (read.images, read.failed) == (300, 150)
