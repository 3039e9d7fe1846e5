"""What a pod says of the images that the kubelet pulls: for init containers, held ones, and volumes."""

from __future__ import annotations

from typing import Any

import pytest
from prepull.status.observe import FAILED, PRESENT, PULLING, WAITING, Image, names_of

from ..cluster.objects import DIGEST, FINISHED, HELD, KUBELET, LATER, MOUNTED, NAMES, Data, ended, pod, waiting
from ..cluster.pods import stuck
from ..cluster.reading import NOW, images_of, read_pod

ENDED = ended(code=0)
PROGRAMS = {"name": "programs", "state": ENDED}


def pull(index: int, **state: Any) -> Data:
    """The status of the init container that pulls an image."""
    return {"name": f"pull-{index}", "image": NAMES[index], "imageID": f"quay.io/x@{DIGEST}", "state": state}


@pytest.mark.parametrize(
    ("args", "status_", "expected"),
    [
        (KUBELET, {"initContainerStatuses": [PROGRAMS, pull(0, **ENDED), pull(1, **ENDED)]}, [PRESENT, PRESENT]),
        (
            KUBELET,
            {"initContainerStatuses": [PROGRAMS, pull(0, **ENDED), waiting("pull-1", "PodInitializing")]},
            [PRESENT, PULLING],
        ),
        (
            KUBELET,
            {"initContainerStatuses": [waiting("programs", "PodInitializing"), waiting("pull-0", "PodInitializing")]},
            [WAITING, WAITING],
        ),
        (
            KUBELET,
            {
                "initContainerStatuses": [
                    PROGRAMS,
                    waiting("pull-0", "ImagePullBackOff", 'Back-off pulling image "x": not found'),
                    waiting("pull-1", "PodInitializing"),
                ]
            },
            [FAILED, WAITING],
        ),
        (
            HELD,
            {
                "initContainerStatuses": [PROGRAMS],
                "containerStatuses": [
                    waiting("hold-0", "ContainerCreating"),
                    {"name": "hold-1", "imageID": DIGEST, "state": {"running": {}}},
                    waiting("pause", "ContainerCreating"),
                ],
            },
            [PULLING, PRESENT],
        ),
        (MOUNTED, {"containerStatuses": [{"name": "pause", "state": {"running": {}}}]}, [PRESENT, PRESENT]),
        (
            MOUNTED,
            {"startTime": FINISHED, "containerStatuses": [waiting("pause", "ContainerCreating")]},
            [PULLING, PULLING],
        ),
        (
            MOUNTED,
            {
                "startTime": FINISHED,
                "containerStatuses": [
                    waiting("pause", "ImagePullBackOff", f'Back-off pulling image "{NAMES[1]}": manifest unknown', "p")
                ],
            },
            [PULLING, FAILED],
        ),
    ],
)
def test_the_states_of_the_kubelets_runtimes(args: Data, status_: Data, expected: list[str]) -> None:
    observed = read_pod(pod("a", args, **status_))
    assert observed.names == tuple(NAMES)
    assert [image.state for image in observed.images] == expected
    assert observed.problem is None


def test_the_kubelets_images_have_the_digest_that_it_pulled() -> None:
    [image, _] = images_of(pod("a", KUBELET, initContainerStatuses=[PROGRAMS, pull(0, **ENDED)]))
    assert image.digest == DIGEST


@pytest.mark.parametrize(
    ("message", "reason", "final"),
    [
        ('failed to resolve reference "x": x: not found', "manifest unknown", True),
        ("authorization failed: insufficient_scope", "unauthorized, or no such repository", True),
        ("401 Unauthorized", "unauthorized", True),
        ("dial tcp: lookup nowhere.invalid: no such host", "host not found", True),
        ("net/http: TLS handshake\n timeout", "timed out", False),
        ("oddly\n wrong", "oddly wrong", False),
        ('failed to pull and unpack image "x": no match for platform in manifest: not found',
         "no image for this platform", True),
        ("tls: failed to verify certificate: x509: certificate signed by unknown authority",
         "x509: certificate signed by unknown authority", True),
        ("", "ErrImagePull", False),
    ],
)  # fmt: skip
def test_what_the_kubelet_says_is_told_in_the_pullers_words(message: str, reason: str, final: bool) -> None:
    [image, _] = images_of(
        pod("a", KUBELET, initContainerStatuses=[PROGRAMS, waiting("pull-0", "ErrImagePull", message)])
    )
    assert (image.state, image.reason, image.final) == (FAILED, reason, final)


def test_the_kubelet_pulls_one_after_another_each_from_the_end_of_the_one_before() -> None:
    first: Data = {"name": "pull-0", "imageID": f"docker.io/library/nginx@{DIGEST}", "state": ended(code=0)}
    first["state"]["terminated"]["finishedAt"] = LATER
    item = pod("a", KUBELET, startTime=FINISHED, initContainerStatuses=[first, waiting("pull-1", "PodInitializing")])
    assert images_of(item) == [Image(PRESENT, DIGEST), Image(PULLING, since=NOW + 90)]


def test_the_first_is_pulled_from_the_pods_start_and_the_others_wait_for_it() -> None:
    statuses = [waiting("pull-0", "PodInitializing"), waiting("pull-1", "PodInitializing")]
    item = pod("a", KUBELET, startTime=FINISHED, initContainerStatuses=statuses)
    assert images_of(item) == [Image(PULLING, since=NOW), Image(WAITING)]


def test_one_that_ended_badly_keeps_the_next_one_waiting_and_is_there() -> None:
    statuses = [{"name": "pull-0", "state": ended(code=1)}, waiting("pull-1", "PodInitializing")]
    item = pod("a", KUBELET, startTime=FINISHED, initContainerStatuses=statuses)
    assert images_of(item) == [Image(PRESENT), Image(WAITING)]


def test_with_hold_all_are_pulled_from_the_pods_start() -> None:
    statuses = [waiting("hold-0", "ContainerCreating"), waiting("hold-1", "ContainerCreating")]
    item = pod("a", HELD, startTime=FINISHED, containerStatuses=statuses)
    assert images_of(item) == [Image(PULLING, since=NOW)] * 2


@pytest.mark.parametrize(
    ("first", "then", "expected"),
    [
        (pull(0, **ENDED), waiting("hold-0", "PodInitializing"), PRESENT),
        (waiting("pull-0", "ErrImagePull", "not found"), waiting("hold-0", "PodInitializing"), FAILED),
        (waiting("pull-0", "PodInitializing"), waiting("hold-0", "PodInitializing"), PULLING),
        (pull(0, **ENDED), waiting("hold-0", "CreateContainerError", "no room"), FAILED),
        (pull(0, **ENDED), {"name": "hold-0", "state": {"running": {}}}, PRESENT),
    ],
)
def test_an_image_that_is_pulled_by_one_container_and_held_by_another(first: Data, then: Data, expected: str) -> None:
    args = {**HELD, "startup_taint": "example.com/images"}
    item = pod("a", args, startTime=FINISHED, initContainerStatuses=[PROGRAMS, first], containerStatuses=[then])
    assert images_of(item)[0].state == expected


@pytest.mark.parametrize("identity", ["", "docker.io/library/nginx:1.27", "sha512:0123"])
@pytest.mark.parametrize("seen", [{"state": {"running": {}}}, {"lastState": ended(code=0)}])
def test_a_container_that_has_started_has_its_image_with_a_digest_or_without(identity: str, seen: Data) -> None:
    item = pod("a", KUBELET, initContainerStatuses=[{"name": "pull-0", "imageID": identity, **seen}])
    assert images_of(item)[0] == Image(PRESENT)


@pytest.mark.parametrize(
    ("reason", "message", "expected"),
    [
        ("ErrImagePull", "x: not found", Image(FAILED, reason="manifest unknown", final=True)),
        ("ErrImagePull", "dial tcp: i/o  timeout", Image(FAILED, reason="timed out")),
        ("RegistryUnavailable", "the registry is unavailable", Image(FAILED, reason="registry unavailable")),
        (
            "SignatureValidationFailed",
            "SignatureValidationFailed",
            Image(FAILED, reason="signature refused", final=True),
        ),
        ("ImageInspectError", "oddly wrong", Image(FAILED, reason="oddly wrong")),
        (
            "ErrImageNeverPull",
            "is not present with pull policy of Never",
            Image(FAILED, reason="is not present with pull policy of Never"),
        ),
        ("PreStartHookError", "", Image(FAILED, reason="its container cannot start: PreStartHookError")),
        ("ImagePullBackOff", "", Image(FAILED, reason="ImagePullBackOff")),
        (
            "CreateContainerError",
            "no  such thing",
            Image(FAILED, reason="its container cannot start: no such thing", final=True),
        ),
    ],
)
def test_what_keeps_a_container_from_its_image(reason: str, message: str, expected: Image) -> None:
    item = stuck("pull-0", reason, message, args=KUBELET, startTime=FINISHED)
    assert images_of(item) == [expected, Image(WAITING)]


def test_a_container_of_no_image_in_the_list_is_nobodys() -> None:
    item = stuck("pull-7", "ErrImagePull", "x: not found", args=KUBELET)
    assert images_of(item) == [Image(WAITING)] * 2


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (
            f'Back-off pulling image "{NAMES[1]}": i/o timeout',
            "timed out",
        ),
        (f"image pull failed for {NAMES[1]} because the registry is unavailable", "registry unavailable"),
        (f'Failed to pull image "{NAMES[1]}": manifest unknown', "manifest unknown"),
    ],
)
def test_a_volume_whose_image_fails_is_named_in_the_message(message: str, expected: str) -> None:
    item = stuck("pause", "ImagePullBackOff", message, args=MOUNTED, startTime=FINISHED)
    final = expected == "manifest unknown"
    assert images_of(item) == [Image(PULLING, since=NOW), Image(FAILED, reason=expected, final=final)]


def test_volumes_wait_until_the_pod_has_started() -> None:
    assert images_of(pod("a", MOUNTED)) == [Image(WAITING)] * 2


def test_names_are_in_the_order_of_their_numbers_and_others_are_left_out() -> None:
    containers = [{"name": f"pull-{index}", "image": f"image-{index}"} for index in (10, 2, 0)]
    others = [{"name": "programs", "image": "x"}, {"name": "7", "image": "x"}, {"name": "pull-x", "image": "x"}, {}]
    assert names_of({"initContainers": [*containers, *others]}) == ("image-0", "image-2", "image-10")
