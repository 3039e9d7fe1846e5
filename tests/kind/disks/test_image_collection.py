"""Which images survive when the kubelet collects what it takes for unused: the table in docs/image-collection.md."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest
from prepull import PrePullDaemonSet, PrePullDaemonSetArgs

from lab import Lab

from ..conftest import PULLER_IMAGE, Images, Stack
from ..eventually import eventually
from .disk import Disk

pytestmark = pytest.mark.alone

Kubectl = Callable[..., Any]

# How the kubelet is made to collect, and how long it may take. Its own round is every five minutes; when it runs out
# of disk it does not wait for that.
WAYS: dict[str, tuple[dict[str, Any], int]] = {
    "threshold": ({"imageGCHighThresholdPercent": 1, "imageGCLowThresholdPercent": 0}, 400),
    "age": ({"imageMaximumGCAge": "2m"}, 400),
    "pressure": ({"evictionHard": {"imagefs.available": "99%"}, "evictionPressureTransitionPeriod": "1s"}, 90),
}

# Whether an image of that runtime is still there, without and with `hold`.
SURVIVES = {
    # Not the kubelet's store.
    ("docker", False): True,
    ("containerd", False): False,
    ("containerd", True): True,
    ("kubelet", False): True,
    ("kubelet", True): True,
    ("image-volume", False): True,
    ("image-volume", True): True,
}


@pytest.fixture
def node(lab: Lab) -> Iterator[str]:
    """A node of the test's own, since its kubelet is to take away whatever it can."""
    name = lab.nodes.join("collects")
    yield name
    lab.nodes.remove(name)


def removed_by_kubelet(lab: Lab, node: str) -> str:
    """What the kubelet has written of the images that it removed, with their IDs."""
    journal = lab.nodes.exec(node, "journalctl", "--unit=kubelet", "--no-pager")
    return "\n".join(line for line in journal.splitlines() if "Removing image" in line)


SLOW = pytest.mark.skipif(
    "PREPULL_SLOW_TESTS" not in os.environ,
    reason="waits five minutes for the kubelet's own round: set PREPULL_SLOW_TESTS=1",
)


@pytest.mark.timeout(900, func_only=True)
@pytest.mark.parametrize("way", ["pressure", pytest.param("threshold", marks=SLOW), pytest.param("age", marks=SLOW)])
def test_which_images_survive_collection(
    lab: Lab, images: Images, node: str, stack: Stack, kubectl: Kubectl, way: str
) -> None:
    image_of = {(runtime, hold): images.push(f"{runtime}-{'held' if hold else 'free'}") for runtime, hold in SURVIVES}
    nobodys, refreshed = images.push("nobodys"), images.push("refreshed")

    def program() -> None:
        forms: dict[str, dict[str, Any]] = {
            f"{runtime}-{'held' if hold else 'free'}": {"images": [image], "runtime": runtime, "hold": hold}
            for (runtime, hold), image in image_of.items()
        }
        forms["refreshed"] = {"images": [refreshed], "runtime": "containerd", "refresh": "20s"}
        for name, form in forms.items():
            args = {
                "namespace": stack.namespace,
                "puller_image": None if form["runtime"] == "image-volume" else PULLER_IMAGE,
                "gate_image": PULLER_IMAGE,
                "node_selector": {"kubernetes.io/hostname": node},
                # What the kubelet never evicts, however little disk there is.
                "priority_class_name": "system-node-critical",
                "wait_for": "pods",
                "timeout": "3m",
                **form,
            }
            PrePullDaemonSet(name, cast(PrePullDaemonSetArgs, args))

    def there() -> set[str]:
        listed = [*lab.nodes.images(node), *lab.nodes.images(node, "docker")]
        return {name for image in listed for name in image.references}

    stack.up(program)
    lab.nodes.exec(node, "crictl", "pull", nobodys)
    assert {nobodys, refreshed, *image_of.values()} <= there()
    refreshed_id = json.loads(lab.nodes.exec(node, "crictl", "inspecti", refreshed))["status"]["id"]
    pods = {item["metadata"]["uid"] for item in kubectl("get", "pods", "--output=json")["items"]}

    changes, seconds = WAYS[way]
    Disk(lab, node).configure_kubelet(imageMinimumGCAge="1s", **changes)
    lost = {nobodys, *(image_of[case] for case, survives in SURVIVES.items() if not survives)}
    eventually("what is not in use is collected", lambda: not lost & there(), seconds)
    eventually("the refreshed one too", lambda: refreshed_id in removed_by_kubelet(lab, node), 60)
    eventually("but it is pulled again", lambda: refreshed in there(), 120)
    # A round takes all that it will take; another one shows that it left the rest on purpose.
    collected = there()
    lab.nodes.exec(node, "crictl", "pull", nobodys)
    if way == "pressure":
        eventually("it collects again", lambda: nobodys not in there(), seconds)

    assert {case: image_of[case] in there() for case in SURVIVES} == SURVIVES
    assert {image_of[case] in collected for case, survives in SURVIVES.items() if survives} == {True}
    # The very pods are still there: nothing was pulled again for new ones.
    left = kubectl("get", "pods", "--output=json")["items"]
    assert {item["metadata"]["uid"] for item in left} == pods
    assert {item["status"]["phase"] for item in left} == {"Running"}, json.dumps([item["status"] for item in left])
