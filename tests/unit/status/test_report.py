"""What the puller leaves on a node, read back."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from prepull.status import report
from prepull.status.report import ImageResult, InvalidReportError, Report, of_pod, parse

from ..strategies import TEXTS

DIGEST = f"sha256:{'44ae' * 16}"
FULL = f"""\
prepull 1 images=4 present=2 failed=2 seconds=31.020
1 failed 5 30.412 manifest unknown
3 failed 5 30.998 unauthorized, or no such repository
0 present {DIGEST} 13256 0.840 1
2 present {DIGEST} 52428 0.000 0
"""


def test_a_full_report() -> None:
    assert parse(FULL) == Report(
        images=4,
        present=2,
        failed=2,
        seconds=31.02,
        results={
            1: ImageResult(1, False, seconds=30.412, attempts=5, reason="manifest unknown"),
            3: ImageResult(3, False, seconds=30.998, attempts=5, reason="unauthorized, or no such repository"),
            0: ImageResult(0, True, DIGEST, 13256, 0.84, 1),
            2: ImageResult(2, True, DIGEST, 52428, 0.0, 0),
        },
    )


@pytest.mark.parametrize(
    ("text", "says_so"),
    [
        ("prepull 1 images=2 present=2 failed=0 seconds=1.500\n0-1 present\n", True),
        ("prepull 1 images=2 present=2 failed=0 seconds=1.500", True),
        ("prepull 1 images=2 present=1 failed=1 seconds=1.500\n1 failed 1 1.000 disk full\n", False),
        (FULL, False),
        ("0-1 present\nprepull 1 images=2 present=2 failed=0 seconds=1.500\n", False),
        ("prepull 1 error no container runtime socket found\n", False),
        ("", False),
    ],
)
def test_the_first_line_says_whether_all_are_there(text: str, says_so: bool) -> None:
    assert report.says_all_present(text) == says_so


def test_a_report_that_was_begun_is_empty_but_complete() -> None:
    found = parse("prepull 1 images=3 present=0 failed=0 seconds=0.000\n")
    assert (found.images, found.results, found.error, found.complete) == (3, {}, None, True)


def test_present_images_in_ranges() -> None:
    found = parse(
        "prepull 1 images=10 present=8 failed=2 seconds=1.000\n1 failed 2 0.5 a\n3 failed 2 0.5 b\n0,2,4-9 present"
    )
    assert found.results[1].reason == "a"
    assert sorted(index for index, result in found.results.items() if result.present) == [0, 2, 4, 5, 6, 7, 8, 9]
    assert found.results[4] == ImageResult(4, True)
    assert found.complete


def test_failures_grouped_by_reason() -> None:
    text = """\
prepull 1 images=300 present=1 failed=299 seconds=12.345
0-2,7 failed timed out after 900 s
3-6,8-298 failed other reasons
299 present
"""
    found = parse(text)
    assert len(found.results) == 300
    assert {found.results[index].reason for index in (0, 1, 2, 7)} == {"timed out after 900 s"}
    assert found.results[8] == ImageResult(8, False, reason="other reasons")
    assert found.results[299].present
    assert found.complete


def test_a_report_that_had_to_leave_images_out_says_so() -> None:
    found = parse("prepull 1 images=9 present=0 failed=9 seconds=1.000\n0,2,4 failed disk full\nmore...\n")
    assert sorted(found.results) == [0, 2, 4]
    assert found.complete is False


def test_what_stopped_all_images_at_once() -> None:
    found = parse("prepull 1 error no container runtime socket found\n")
    assert found == Report(0, 0, 0, 0.0, {}, error="no container runtime socket found")


HEADER = "prepull 1 images=4 present=4 failed=0 seconds=1.000\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not a report of the puller: ''"),
        ("\n", "not a report of the puller: ''"),
        ("Error", "not a report of the puller: 'Error'"),
        ("prepull 1 error ", "not a report"),
        ("prepull 1 images=4", "not a report"),
        ("prepull 1 images=4 present=4 failed=0 seconds=1", "not a report"),
        ("prepull 1 images=-4 present=4 failed=0 seconds=1.0", "not a report"),
        ("prepull 1 images=100000 present=0 failed=0 seconds=1.0", "not a report"),
        ("prepull x error y", "not a report"),
        ("prepull 2 error y", "version 2, and this is for version 1; update prepull"),
        ("prepull 10 another form altogether\nx", "version 10, and this is for version 1"),
        ("prepull 0 error y", "version 0, and"),
        (f"{HEADER}0 gone", "not a line of the puller's report: '0 gone'"),
        (f"{HEADER}\n0 present", "not a line of the puller's report: ''"),
        (f"{HEADER}present", "not a line"),
        (f"{HEADER}0 failed", "not a line"),
        (f"{HEADER}0 present {DIGEST} 1 0.5", "not a line"),
        (f"{HEADER}0 present {DIGEST} x 0.5 1", "not a line"),
        (f"{HEADER}0 present {DIGEST} {'9' * 5000} 0.5 1", "not a line"),
        (f"{HEADER}4 present {DIGEST} 1 0.5 1", "not in the list, or twice: '4 present"),
        (f"{HEADER}0-1 present\n1 failed 1 0.5 x", "not in the list, or twice: '1 failed 1 0.5 x'"),
        (f"{HEADER}0,0 present", "not in the list, or twice: '0,0 present'"),
        (f"{HEADER}0-4 present", "not a range of the 4 images: '0-4'"),
        (f"{HEADER}2-1 present", "not a range of the 4 images: '2-1'"),
        (f"{HEADER}0-1-2 present", "not a range of the 4 images: '0-1-2'"),
        (f"{HEADER}0, present", "not a range of the 4 images: ''"),
        (f"{HEADER}- failed x", "not a range of the 4 images: '-'"),
        (f"{HEADER}0-{'9' * 5000} present", "not a range of the 4 images: '0-999"),
        (f"{HEADER}\u0661 present", "not a line"),
    ],
)
def test_what_is_no_report(text: str, message: str) -> None:
    with pytest.raises(InvalidReportError, match=message):
        parse(text)


LINES = st.lists(
    st.sampled_from([*FULL.splitlines(), "0-3 present", "1,2 failed why", "more...", "", "prepull 1 error x"])
    | st.from_regex(r"[0-9,-]{1,8} (present|failed)( [0-9.]{1,5}){0,3}( x)?", fullmatch=True)
    | TEXTS,
    max_size=6,
).map("\n".join)


@given(TEXTS | LINES | LINES.map(lambda lines: HEADER + lines))
@example("prepull 1 images=99999 present=0 failed=0 seconds=1.0\n" + "0-99998," * 200 + " present")
def test_any_text_is_a_report_or_an_invalid_one(text: str) -> None:
    try:
        found = parse(text)
    except InvalidReportError:
        return
    assert found.error or set(found.results) <= set(range(found.images))
    assert all(result.index == index for index, result in found.results.items())


# ---------------------------------------------------------------- pods

IMAGES = ["docker.io/library/a:1", "quay.io/b:2"]
PRESENT = "prepull 1 images=2 present=2 failed=0 seconds=1.000\n0-1 present\n"
FAILED = "prepull 1 images=2 present=1 failed=1 seconds=1.000\n1 failed 1 0.5 disk full\n0 present\n"
BOTH = {image: ImageResult(index, True) for index, image in enumerate(IMAGES)}


def pod(*statuses: dict[str, Any]) -> dict[str, Any]:
    value = f"{IMAGES[0]}\n{IMAGES[1]} mirror.example.com/b:2"
    pull = {
        "name": "pull",
        "env": [{"name": "PREPULL_SOCKETS", "value": "x y"}, {"name": "PREPULL_IMAGES", "value": value}],
    }
    return {
        "spec": {"initContainers": [{"name": "programs"}, pull], "containers": [{"name": "pause"}]},
        "status": {"initContainerStatuses": list(statuses)} if statuses else {"phase": "Pending"},
    }


def ended(message: str | None, code: int = 0) -> dict[str, Any]:
    return {"terminated": {"exitCode": code, **({"message": message} if message else {})}}


WAITING = {"waiting": {"reason": "CrashLoopBackOff"}}


def test_the_images_of_a_pod_are_named_without_their_mirrors() -> None:
    assert report.images_of_pod(pod()) == IMAGES


@pytest.mark.parametrize(
    "other", [{}, {"spec": None}, {"spec": {"initContainers": None}}, {"spec": {"initContainers": []}}]
)
def test_a_pod_without_a_puller_has_no_images(other: dict[str, Any]) -> None:
    assert report.images_of_pod(other) == []
    assert of_pod(other) == {}


@pytest.mark.parametrize("name", ["hold-0", "untaint", "refresh"])
def test_only_the_puller_is_asked(name: str) -> None:
    container = {"name": name, "env": [{"name": "PREPULL_IMAGES", "value": "x"}]}
    assert report.images_of_pod({"spec": {"initContainers": [container]}}) == []
    assert of_pod(pod({"name": name, "state": ended(PRESENT)})) == {}


@pytest.mark.parametrize(
    "status",
    [
        {"state": {"waiting": {"reason": "PodInitializing"}}, "lastState": {}},
        {"state": {"running": {"startedAt": "2024-01-01T00:00:00Z"}}, "lastState": {}},
        {"state": ended(None, 137), "lastState": {}},
        {"state": {}},
        {},
    ],
)
def test_before_the_first_run_is_over_nothing_is_known(status: dict[str, Any]) -> None:
    assert of_pod(pod({"name": "pull", **status})) == {}


def test_a_pod_that_is_not_scheduled_yet() -> None:
    assert of_pod(pod()) == {}


@pytest.mark.parametrize(
    "status",
    [
        {"state": ended(PRESENT), "lastState": {}},
        {"state": ended(PRESENT), "lastState": ended(FAILED, 1)},
        {"state": WAITING, "lastState": ended(PRESENT, 1)},
        {"state": {"running": {}}, "lastState": ended(PRESENT, 1)},
        {"state": ended(None, 137), "lastState": ended(PRESENT)},
    ],
)
def test_the_latest_report_of_a_pod_counts(status: dict[str, Any]) -> None:
    assert of_pod(pod({"name": "programs", "state": ended("x")}, {"name": "pull", **status})) == BOTH


def test_a_failure_is_known_by_the_name_of_its_image() -> None:
    found = of_pod(pod({"name": "pull", "state": WAITING, "lastState": ended(FAILED, 1)}))
    assert found == {
        IMAGES[0]: ImageResult(0, True),
        IMAGES[1]: ImageResult(1, False, seconds=0.5, attempts=1, reason="disk full"),
    }


def test_an_error_for_all_images_says_nothing_of_one() -> None:
    assert of_pod(pod({"name": "pull", "state": ended("prepull 1 error no socket", 1)})) == {}


def test_a_report_of_more_images_than_the_pod_has_is_cut() -> None:
    message = "prepull 1 images=3 present=3 failed=0 seconds=1.000\n0-2 present\n"
    assert of_pod(pod({"name": "pull", "state": ended(message)})) == BOTH


def test_a_message_that_is_no_report_is_not_taken_for_one() -> None:
    with pytest.raises(InvalidReportError, match="not a report of the puller: 'sh: not found'"):
        of_pod(pod({"name": "pull", "state": ended("sh: not found", 127)}))
