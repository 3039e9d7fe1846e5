"""Which images survive when the kubelet collects what it takes for unused: the table in docs/image-collection.md."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest
import yaml
from prepull import PrePullDaemonSet, PrePullDaemonSetArgs

from lab import Lab

from ..conftest import PULLER_IMAGE, Images, Stack
from ..eventually import eventually

pytestmark = pytest.mark.alone

Kubectl = Callable[..., Any]
KUBELET = "/var/lib/kubelet/config.yaml"

# How the kubelet is made to collect, and how long it may take. Its own round is every five minutes; when it runs out
# of disk it does not wait for that.
WAYS: dict[str, tuple[dict[str, Any], int]] = {
    "threshold": ({"imageGCHighThresholdPercent": 1, "imageGCLowThresholdPercent": 0}, 400),
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


def configure_kubelet(lab: Lab, node: str, changes: dict[str, Any]) -> None:
    configuration = yaml.safe_load(lab.nodes.exec(node, "cat", KUBELET))
    configuration.update({"imageMinimumGCAge": "1s", **changes})
    lab.nodes.write(node, {KUBELET: yaml.safe_dump(configuration).encode()})
    lab.nodes.exec(node, "systemctl", "restart", "kubelet")


@pytest.mark.parametrize(
    "way",
    [
        "pressure",
        pytest.param(
            "threshold",
            marks=pytest.mark.skipif(
                "PREPULL_SLOW_TESTS" not in os.environ,
                reason="waits five minutes for the kubelet's own round: set PREPULL_SLOW_TESTS=1",
            ),
        ),
    ],
)
def test_which_images_survive_collection(
    lab: Lab, images: Images, node: str, stack: Stack, kubectl: Kubectl, way: str
) -> None:
    image_of = {(runtime, hold): images.push(f"{runtime}-{'held' if hold else 'free'}") for runtime, hold in SURVIVES}
    nobodys = images.push("nobodys")

    def program() -> None:
        for (runtime, hold), image in image_of.items():
            args = {
                "namespace": stack.namespace,
                "images": [image],
                "runtime": runtime,
                "hold": hold,
                "puller_image": None if runtime == "image-volume" else PULLER_IMAGE,
                "gate_image": PULLER_IMAGE,
                "node_selector": {"kubernetes.io/hostname": node},
                # What the kubelet never evicts, however little disk there is.
                "priority_class_name": "system-node-critical",
                "wait_for": "pods",
                "timeout": "3m",
            }
            PrePullDaemonSet(f"{runtime}-{'held' if hold else 'free'}", cast(PrePullDaemonSetArgs, args))

    def there() -> set[str]:
        listed = [*lab.nodes.images(node), *lab.nodes.images(node, "docker")]
        return {name for image in listed for name in image.references}

    stack.up(program)
    lab.nodes.exec(node, "crictl", "pull", nobodys)
    assert {nobodys, *image_of.values()} <= there()
    pods = {item["metadata"]["uid"] for item in kubectl("get", "pods", "--output=json")["items"]}

    changes, seconds = WAYS[way]
    configure_kubelet(lab, node, changes)
    lost = {nobodys, *(image_of[case] for case, survives in SURVIVES.items() if not survives)}
    eventually("what is not in use is collected", lambda: not lost & there(), seconds)
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
