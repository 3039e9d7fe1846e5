"""Disks that do not fill: the guard on a node whose images have a small disk of their own."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from lab import Lab
from lab.images.node_files import REGISTRY_PORT, certs_path, hosts_toml

from ..conftest import PULLER_IMAGE, Images, Stack, failed_up
from ..eventually import eventually
from .disk import THRESHOLDS, Disk

pytestmark = pytest.mark.alone

Kubectl = Callable[..., Any]
MIB = 1 << 20
DISK_MIB = 2000
LARGE = 160 * MIB


@pytest.fixture
def disk(lab: Lab) -> Iterator[Disk]:
    """The disk of a node of the test's own, whose kubelet collects and evicts as it does by default."""
    node = lab.nodes.join("disk", image_disk=DISK_MIB)
    made = Disk(lab, node)
    made.configure_kubelet(**THRESHOLDS)
    yield made
    lab.nodes.remove(node)


def has(disk: Disk, image: str) -> bool:
    return any(image in found.references for found in disk.lab.nodes.images(disk.node))


def pod_of(kubectl: Kubectl, node: str) -> dict[str, Any]:
    pods = kubectl("get", "pods", "--selector=app.kubernetes.io/name=prepull", "--output=json")["items"]
    [pod] = [item for item in pods if item["spec"].get("nodeName") == node]
    return dict(pod)


def left_alone(disk: Disk, kubectl: Kubectl) -> bool:
    """Whether the kubelet has neither evicted a pod nor looked for images to collect, nor feels any pressure."""
    node = json.loads(disk.lab.cluster.kubectl("get", "node", disk.node, "--output=json"))
    pressure = {item["type"]: item["status"] for item in node["status"]["conditions"]}["DiskPressure"]
    journal = disk.lab.nodes.exec(disk.node, "journalctl", "--unit=kubelet", "--no-pager")
    evicted = [
        pod for pod in kubectl("get", "pods", "--output=json")["items"] if pod["status"].get("reason") == "Evicted"
    ]
    return pressure == "False" and not evicted and "Attempting to delete unused images" not in journal


def test_a_node_that_would_fill_is_left_alone_and_pulls_once_there_is_room(
    lab: Lab, disk: Disk, stack: Stack, images: Images, kubectl: Kubectl
) -> None:
    image = images.push("large", size=LARGE)
    # The puller's own image is there first, as on a node that has run for a while.
    lab.nodes.exec(disk.node, "crictl", "pull", PULLER_IMAGE)
    disk.fill(82)

    # A size: of the other nodes' disk, which is this machine's, any share may be free.
    args = {"images": [image], "min_free_disk": "400Mi", "timeout": "5m"}
    screen = failed_up(stack, args)

    assert re.search(
        rf"image {image}: disk: 3[0-9.]+ MiB free, 400 MiB are to stay free \(1 of 4 nodes: {disk.node}\)", screen
    )
    # The other nodes went on.
    assert images.nodes_with(image) == set(lab.cluster.base_nodes)
    assert not has(disk, image)
    assert 81 < disk.percent < 84
    assert left_alone(disk, kubectl)
    uid = pod_of(kubectl, disk.node)["metadata"]["uid"]

    disk.clear()
    # The kubelet starts the puller again by itself; five minutes are the longest that it waits.
    eventually("the image is there", lambda: has(disk, image), 330)
    eventually("the pod is ready", lambda: pod_of(kubectl, disk.node)["status"]["phase"] == "Running", 30)
    assert pod_of(kubectl, disk.node)["metadata"]["uid"] == uid
    result = stack.up(args)
    assert result.outputs["ready_nodes"] == len(lab.nodes.names())


def test_the_puller_sees_the_disk_that_the_runtime_names(
    lab: Lab, disk: Disk, stack: Stack, images: Images, kubectl: Kubectl
) -> None:
    """What `df` says within the puller's container, of a root file system that it cannot write to."""
    stack.up(
        {"images": [images.push()], "min_free_disk": "1Mi", "node_selector": {"kubernetes.io/hostname": disk.node}}
    )
    stats = json.loads(lab.nodes.exec(disk.node, "crictl", "imagefsinfo", "--output", "json"))["status"]
    [mount] = [item["fsId"]["mountpoint"] for item in stats["imageFilesystems"]]
    named = lab.nodes.exec(disk.node, "df", "-P", "-k", mount).splitlines()[1].split()
    # A container made from the same image and confined in the same way; the puller itself has ended.
    look = {
        "name": "look",
        "image": PULLER_IMAGE,
        "command": ["df", "-P", "-k", "/"],
        "securityContext": {"readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}},
    }
    pod = json.dumps({"spec": {"nodeName": disk.node, "containers": [look]}})
    kubectl("run", "look", "--restart=Never", f"--image={PULLER_IMAGE}", "--overrides", pod)
    kubectl("wait", "pod/look", "--for=jsonpath={.status.phase}=Succeeded", "--timeout=120s")
    shown = kubectl("logs", "look")
    seen = [line.split() for line in shown.splitlines() if line.endswith(" /")]
    assert [fields[1] for fields in seen] == [named[1]]
    assert abs(int(seen[0][3]) - int(named[3])) < 5 * 1024
    assert int(named[1]) < DISK_MIB * 1024


def test_an_image_whose_size_is_known_is_refused_before_it_fills_the_disk(
    lab: Lab, disk: Disk, stack: Stack, images: Images, kubectl: Kubectl
) -> None:
    large, small = images.push("large", size=LARGE), images.push("small")
    lab.nodes.exec(disk.node, "crictl", "pull", PULLER_IMAGE)
    size, _ = disk.figures()
    # There is more free than has to be, but not with the image on it.
    disk.fill(100 - 100 * (size * 0.2 + LARGE * 1.5 / 1024) / size)
    before = disk.percent

    # A name for the registry that this machine has too.
    host = lab.registry.client.address
    upstream = f"http://{lab.registry.alias}:{REGISTRY_PORT}"
    lab.nodes.write(disk.node, {certs_path(host): hosts_toml(upstream).encode()})
    large, small = (image.replace(lab.registry.address, host, 1) for image in (large, small))
    args: dict[str, Any] = {
        "images": [large, small],
        "pin_digests": True,
        "min_free_disk": "20%",
        "node_selector": {"kubernetes.io/hostname": disk.node},
    }

    told = stack.preview(args).screen
    assert "what its images weigh, compressed:" in told
    assert f"{large}: 167.8 MB" in told
    screen = failed_up(stack, args)

    assert "% free, 20 % are to stay free, it needs 320 MiB" in screen
    assert has(disk, small)
    assert not has(disk, large)
    assert disk.percent < before + 2
    assert left_alone(disk, kubectl)
