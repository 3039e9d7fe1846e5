"""What a pod says of the images that its puller pulls."""

from __future__ import annotations

import pytest
from prepull.status.observe import FAILED, PRESENT, PULLING, WAITING, Image

from ..cluster.objects import DIGEST, KUBELET, LATER, LIST, MOUNTED, Data, ended, pod, waiting
from ..cluster.pods import backing_off, left, reported, run_of, running, stuck, there
from ..cluster.reading import NOW, images_of, read_pod


def test_a_report_gives_digest_size_seconds_and_attempts() -> None:
    assert images_of(there("a")) == [
        Image(PRESENT, DIGEST, 70212345, 0.84, 1),
        Image(PRESENT, DIGEST, 52428800, 2.11, 2),
    ]


def test_a_failure_has_its_reason_and_the_next_run() -> None:
    run = run_of(reported("a", "1 failed 5 30.400 manifest unknown", f"0 present {DIGEST} 1 0.500 1", code=1))

    present, failed = images_of(backing_off(run, "back-off 2m40s restarting failed container=pull pod=x"))

    assert present.state == PRESENT
    assert (failed.state, failed.reason, failed.attempts, failed.final) == (FAILED, "manifest unknown", 5, True)
    assert failed.next_try == NOW + 160


def test_a_failure_has_all_that_the_report_says() -> None:
    run = run_of(reported("a", "0 failed 5 30.400 timed out", f"1 present {DIGEST} 7 0.500 2", code=1))

    failed, present = images_of(backing_off(run))

    assert failed == Image(
        FAILED, seconds=30.4, attempts=5, of_attempts=5, reason="timed out", next_try=NOW + 40, final=True
    )
    assert present == Image(PRESENT, DIGEST, 7, 0.5, 2)


def test_a_failure_says_when_it_was_found_out() -> None:
    made = stuck("hold-0", "ImagePullBackOff", "x: not found", args=KUBELET)
    made["metadata"]["creationTimestamp"] = LATER
    [backs_off, _] = images_of(made)
    made["status"] = stuck("hold-0", "ErrImagePull", "x: not found")["status"]
    [just_now, _] = images_of(made)
    run = run_of(reported("a", f"0 present {DIGEST} 1 0.1 1", "1 failed 5 1.0 disk full", code=1))
    [_, reported_] = images_of(backing_off(run))
    assert (backs_off.at, just_now.at, reported_.at) == (NOW + 90, None, NOW)


def test_a_shortened_report_says_less() -> None:
    present, failed = images_of(reported("a", "0 present", "1 failed unauthorized", code=1))
    assert present == Image(PRESENT)
    assert (failed.state, failed.reason, failed.attempts) == (FAILED, "unauthorized", None)


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        # All are there, and the lines that say so had no room.
        ("prepull 1 images=2 present=2 failed=0 seconds=1.000", Image(PRESENT)),
        (
            "prepull 1 images=2 present=1 failed=1 seconds=1.000",
            Image(FAILED, reason="not in the report", next_try=NOW + 40),
        ),
        (
            "prepull 1 images=2 present=2 failed=0 seconds=1.000\nmore...",
            Image(FAILED, reason="not in the report", next_try=NOW + 40),
        ),
    ],
)
def test_an_image_that_the_report_does_not_name(message: str, expected: Image) -> None:
    assert images_of(backing_off(ended(message))) == [expected] * 2


def test_where_a_report_names_every_failure_what_had_no_room_is_there() -> None:
    text = "prepull 1 images=2 present=1 failed=1 seconds=1.000\n0 failed disk full\nmore..."
    assert [image.state for image in images_of(backing_off(ended(text)))] == [FAILED, PRESENT]


def test_what_stops_all_images_is_the_reason_of_each() -> None:
    item = left("prepull 1 error no container runtime socket found\n")
    assert [image.reason for image in images_of(item)] == ["no container runtime socket found"] * 2


def test_what_stops_all_images_is_final_and_says_when_the_kubelet_tries_again() -> None:
    stopped = backing_off(ended("prepull 1 error no container runtime socket found"))
    reason = "no container runtime socket found"
    assert images_of(stopped) == [Image(FAILED, reason=reason, next_try=NOW + 40, final=True)] * 2


@pytest.mark.parametrize(
    ("message", "cause"),
    [
        ("prepull 1 error no socket", "no image was pulled: no socket"),
        ("other words", "the puller ended without a report: Error, code 1"),
    ],
)
def test_what_befell_all_images_is_one_cause(message: str, cause: str) -> None:
    found = images_of(backing_off(ended(message)))
    assert [(image.cause, image.at) for image in found] == [(cause, NOW)] * 2


def test_a_puller_that_was_killed_leaves_no_report() -> None:
    for image in images_of(left(code=137, reason="OOMKilled")):
        assert (image.state, image.final) == (FAILED, False)
        assert image.reason == "the puller ended without a report: OOMKilled, code 137"


def test_a_puller_that_could_not_be_started_leaves_the_runtimes_words() -> None:
    for image in images_of(left("exec: /bin/sh:  no such file", 128, reason="StartError")):
        assert image.reason == "the puller ended without a report: StartError, code 128: exec: /bin/sh: no such file"


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"reason": "OOMKilled"}, "the puller ended without a report: OOMKilled, code 137"),
        ({}, "the puller ended without a report: Error, code 137"),
    ],
)
@pytest.mark.parametrize("message", [None, "", "some other words"])
def test_a_run_without_a_report_is_not_final(more: Data, why: str, message: str | None) -> None:
    item = backing_off(ended(message, code=137, **more), "back-off 5m0s restarting failed container=pull pod=x")
    assert images_of(item) == [Image(FAILED, reason=why, next_try=NOW + 300)] * 2


def test_a_run_that_succeeded_has_put_every_image_there_whatever_became_of_its_report() -> None:
    assert images_of(left("cut off", 0)) == [Image(PRESENT)] * 2


@pytest.mark.parametrize(("on_failure", "state"), [("retry", PRESENT), ("continue", FAILED)])
def test_a_good_end_without_a_report_says_something_only_of_a_puller_that_insists(on_failure: str, state: str) -> None:
    found = read_pod(left("cut off", 0, {**LIST, "on_failure": on_failure}))
    assert [image.state for image in found.images] == [state] * 2
    assert found.complete is (state == PRESENT)


def test_there_is_no_next_try_where_the_kubelet_names_none() -> None:
    item = backing_off(ended(code=137), "restarting failed container")
    assert [image.next_try for image in images_of(item)] == [None, None]


def test_a_run_that_was_ended_from_outside_leaves_the_report_of_the_one_before() -> None:
    runs = {"state": ended(code=143), "lastState": ended("prepull 1 images=2 present=2 failed=0 seconds=1.000", code=0)}
    assert images_of(pod("a", initContainerStatuses=[{"name": "pull", **runs}])) == [Image(PRESENT)] * 2


def test_a_puller_that_runs_is_pulling_and_in_its_second_run_what_failed() -> None:
    assert images_of(running("a")) == [Image(PULLING, since=NOW)] * 2
    before = reported("a", "1 failed 5 30.400 timed out", f"0 present {DIGEST} 1 0.500 1", code=1)
    again = images_of(running("a", lastState=run_of(before)))
    assert again == [Image(PRESENT, DIGEST, 1, 0.5, 1), Image(PULLING, since=NOW)]


def test_a_puller_that_runs_again_keeps_how_it_failed_before() -> None:
    last = run_of(reported("a", f"0 present {DIGEST} 7 0.500 2", "1 failed 5 30.400 disk full", code=1))
    status = {"name": "pull", "state": {"running": {"startedAt": LATER}}, "lastState": last}
    present, again = images_of(pod("a", initContainerStatuses=[status]))
    assert (present.state, present.earlier) == (PRESENT, None)
    assert (again.state, again.since) == (PULLING, NOW + 90)
    assert again.earlier == Image(FAILED, seconds=30.4, attempts=5, of_attempts=5, reason="disk full", final=True)


def test_a_pod_without_status_waits() -> None:
    assert images_of(pod("a")) == [Image(WAITING)] * 2
    assert images_of(pod("a", initContainerStatuses=[waiting("pull", "PodInitializing")])) == [Image(WAITING)] * 2


@pytest.mark.parametrize(("args", "reports"), [(LIST, True), (KUBELET, False), (MOUNTED, False)])
def test_only_a_puller_reports(args: Data, reports: bool) -> None:
    assert read_pod(pod("a", args)).reports is reports


def test_who_judges_needs_no_digests() -> None:
    item = reported("a", f"0 present {DIGEST} 1 0.5 1", f"1 present {DIGEST} 1 0.5 1")
    assert read_pod(item, brief=True).images == (Image(PRESENT),) * 2
    failed = reported("a", f"0 present {DIGEST} 1 0.5 1", "1 failed 1 0.5 disk full", code=1)
    assert read_pod(failed, brief=True) == read_pod(failed)
