"""What a pod says of the images that the kubelet pulls: for idle containers, and for volumes."""

from __future__ import annotations

import pytest
from prepull.status.observe import FAILED, PRESENT, PULLING, WAITING, Image, names_of

from ..cluster.objects import DIGEST, FINISHED, KUBELET, LATER, MOUNTED, NAMES, Data, ended, pod, waiting
from ..cluster.pods import stuck
from ..cluster.reading import NOW, images_of, read_pod

STAGGERED = {**KUBELET, "stagger": "60s"}
CREATING = "ContainerCreating"


def held(index: int) -> Data:
    """The status of the idle container of an image that is there."""
    return {"name": f"hold-{index}", "image": NAMES[index], "imageID": f"quay.io/x@{DIGEST}", "state": {"running": {}}}


@pytest.mark.parametrize(
    ("args", "status_", "expected"),
    [
        (KUBELET, {"containerStatuses": [held(0), held(1)]}, [PRESENT, PRESENT]),
        (KUBELET, {"containerStatuses": [waiting("hold-0", CREATING), held(1)]}, [WAITING, PRESENT]),
        (
            KUBELET,
            {"startTime": FINISHED, "containerStatuses": [waiting("hold-0", CREATING), held(1)]},
            [PULLING, PRESENT],
        ),
        (
            KUBELET,
            {
                "startTime": FINISHED,
                "containerStatuses": [
                    waiting("hold-0", "ImagePullBackOff", 'Back-off pulling image "x": not found'),
                    held(1),
                ],
            },
            [FAILED, PRESENT],
        ),
        (
            KUBELET,
            {
                "containerStatuses": [
                    waiting("hold-0", "ErrImagePull", "not found"),
                    waiting("hold-1", "ErrImagePull", "401 Unauthorized"),
                ]
            },
            [FAILED, FAILED],
        ),
        (
            STAGGERED,
            {
                "startTime": FINISHED,
                "initContainerStatuses": [{"name": "stagger", "state": {"running": {}}}],
                "containerStatuses": [waiting("hold-0", "PodInitializing"), waiting("hold-1", "PodInitializing")],
            },
            [WAITING, WAITING],
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
    [image, _] = images_of(pod("a", KUBELET, containerStatuses=[held(0)]))
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
    [image, _] = images_of(pod("a", KUBELET, containerStatuses=[waiting("hold-0", "ErrImagePull", message)]))
    assert (image.state, image.reason, image.final) == (FAILED, reason, final)


def test_each_may_be_the_one_that_the_kubelet_pulls_from_the_end_of_the_delay() -> None:
    creating = [waiting("hold-0", CREATING), waiting("hold-1", CREATING)]
    item = pod("a", KUBELET, startTime=FINISHED, containerStatuses=creating)
    assert images_of(item) == [Image(PULLING, since=NOW)] * 2
    delay: Data = {"name": "stagger", "state": ended(code=0)}
    delay["state"]["terminated"]["finishedAt"] = LATER
    item = pod("a", STAGGERED, startTime=FINISHED, initContainerStatuses=[delay], containerStatuses=creating)
    assert images_of(item) == [Image(PULLING, since=NOW + 90)] * 2


def test_an_image_whose_container_lacks_our_program_is_there_and_the_programs_own_image_is_to_blame() -> None:
    why = 'exec: "/.prepull/busybox": stat /.prepull/busybox: no such file or directory'
    never_ran = {"name": "hold-0", "lastState": ended(why, code=128, reason="StartError")}
    item = pod(
        "a",
        KUBELET,
        containerStatuses=[
            waiting("programs", "ErrImagePull", "too many requests", "docker.io/library/busybox:1"),
            {**waiting("hold-0", "RunContainerError", why), **never_ran},
        ],
    )
    observed = read_pod(item)
    assert observed.images[0] == Image(PRESENT)
    assert observed.problem == "image docker.io/library/busybox:1: too many requests"


@pytest.mark.parametrize("code", [1, 137])
def test_a_startup_taint_that_cannot_be_removed_is_the_pods_problem(code: int) -> None:
    gives_up = {**waiting("untaint", "CrashLoopBackOff"), "lastState": ended(code=code, reason="Error")}
    observed = read_pod(pod("a", {**KUBELET, "startup_taint": "example.com/images"}, containerStatuses=[gives_up]))
    assert observed.problem == f"container untaint cannot start: Error, code {code}"


@pytest.mark.parametrize("identity", ["", "docker.io/library/nginx:1.27", "sha512:0123"])
@pytest.mark.parametrize("seen", [{"state": {"running": {}}}, {"lastState": ended(code=0)}])
def test_a_container_that_has_started_has_its_image_with_a_digest_or_without(identity: str, seen: Data) -> None:
    item = pod("a", KUBELET, containerStatuses=[{"name": "hold-0", "imageID": identity, **seen}])
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
    item = stuck("hold-0", reason, message, args=KUBELET, startTime=FINISHED)
    assert images_of(item) == [expected, Image(WAITING)]


def test_a_container_of_no_image_in_the_list_is_nobodys() -> None:
    item = stuck("hold-7", "ErrImagePull", "x: not found", args=KUBELET)
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
    containers = [{"name": f"hold-{index}", "image": f"image-{index}"} for index in (10, 2, 0)]
    others = [{"name": "programs", "image": "x"}, {"name": "7", "image": "x"}, {"name": "hold-x", "image": "x"}, {}]
    assert names_of({"containers": [*containers, *others]}) == ("image-0", "image-2", "image-10")
