"""The arguments that a runtime refuses, its default images, and the sources of mirrored images."""

from __future__ import annotations

from typing import Any

import pytest
from prepull.arguments import check as validation
from prepull.arguments.check import InvalidArgumentError
from prepull.defaults import BUSYBOX_IMAGE, DOCKER_IMAGE, K3S_IMAGE
from prepull.images.references import parse
from prepull.runtimes import RUNTIMES

from ...plans import EACH, SOCKET_RUNTIMES, built, plan_of
from .values.complaints import complaints
from .values.good import DEFAULTS

# ---------------------------------------------------------------- runtimes

_KUBELET_CANNOT = {
    "socket_path": "no socket is used",
    "parallelism": "the kubelet pulls the images of one pod one after another",
    "attempts": "the kubelet tries for as long as the pod is there",
    "backoff": "the kubelet has its own",
    "image_timeout": "the kubelet has its own",
    "on_failure": "a pod is ready once the kubelet has all of its images",
    "refresh": "the kubelet pulls for a pod once",
    "mirrors": "configure the mirror in the node's container runtime; leave it out, or use a runtime with a socket",
    "credential_provider": "the kubelet asks its own providers, as for every pod; leave it out, or use a runtime",
    "min_free_disk": "the kubelet pulls without looking at the disk first",
    "remove": "only a runtime's socket can remove images",
    "prune": "only containerd's socket can tell what was pulled, and remove it: the runtime containerd or k3s",
    "resources": "there is no puller; helper_resources are those of every container",
}
NO_PRUNE = "only containerd can remember which images a component has pulled; leave it out, and list in remove"
CANNOT: dict[str, dict[str, str]] = {
    "docker": {
        "min_free_disk": "Docker Engine may keep its images on another, of which it does not tell what is free",
        "prune": NO_PRUNE,
    },
    "containerd": {},
    "k3s": {},
    "cri-o": {
        "mirrors": "CRI-O cannot give an image a second name through its socket; configure the mirror on the nodes",
        "prune": NO_PRUNE,
    },
    "cri-dockerd": {
        "mirrors": "cri-dockerd cannot give an image a second name through its socket; use the runtime docker",
        "prune": NO_PRUNE,
    },
    "auto": {
        "mirrors": "whether they work depends on what the node has; name the runtime (containerd, k3s or docker)",
        "prune": "only containerd can; name the runtime (containerd or k3s)",
        "socket_path": "it decides which socket is used; name the runtime that it belongs to",
    },
    "kubelet": _KUBELET_CANNOT,
    "image-volume": {
        **_KUBELET_CANNOT,
        "stagger": "nothing runs that could wait",
        "puller_image": "nothing is run to pull",
    },
}


@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.parametrize("argument", EACH)
def test_a_runtime_refuses_what_it_cannot_honour_and_nothing_else(runtime: str, argument: str) -> None:
    args = {"runtime": runtime, argument: EACH[argument]}
    reason = CANNOT[runtime].get(argument)
    if reason is None:
        # What depends on the images, beside the argument, has a test of its own.
        by_tag = {"images": ["hello-world"]} if (argument, runtime) == ("mirrors", "docker") else {}
        assert built(plan_of(**args, **by_tag))
        return
    [complaint] = complaints(args)
    assert complaint.startswith(f"{argument}: not with the runtime {runtime}: ")
    assert reason in complaint


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_values_that_are_the_default_are_never_refused(runtime: str) -> None:
    written = {argument: value for argument, value in DEFAULTS.items() if argument not in ("runtime", "puller_image")}
    written.update(backoff="2s", image_timeout="15m", stagger="0s", tolerations=[{"operator": "Exists"}])
    written.update(image_pull_secrets=[], remove=[], resources={})
    assert plan_of(runtime=runtime, **written) == plan_of(runtime=runtime)


def test_every_refused_argument_is_named() -> None:
    args = {argument: EACH[argument] for argument in CANNOT["image-volume"]}
    found = complaints({"runtime": "image-volume", **args})
    assert sorted(complaint.partition(":")[0] for complaint in found) == sorted(args)


def test_what_cannot_be_kept_is_not_held() -> None:
    assert complaints({"hold": True, "on_failure": "continue"}) == [
        "hold: not with on_failure 'continue': an image that is missing cannot be kept in use"
    ]


@pytest.mark.parametrize(
    ("runtime", "image"),
    [("docker", DOCKER_IMAGE), *[(name, K3S_IMAGE) for name in SOCKET_RUNTIMES if name != "docker"]],
)
def test_each_socket_runtime_has_its_puller(runtime: str, image: str) -> None:
    plan = plan_of(runtime=runtime)
    assert (plan.puller_image, plan.busybox_image) == (image, BUSYBOX_IMAGE)


@pytest.mark.parametrize("runtime", ["containerd", "kubelet"])
def test_a_puller_image_of_ones_own_serves_for_everything(runtime: str) -> None:
    plan = plan_of(runtime=runtime, puller_image="host:5000/puller:1")
    assert (plan.puller_image, plan.busybox_image) == ("host:5000/puller:1", "host:5000/puller:1")


# ---------------------------------------------------------------- mirrors

SOURCES = [
    ("nginx:1", {"docker.io": "m.example"}, "m.example/library/nginx:1"),
    ("nginx:1", {"index.docker.io": "m.example/hub"}, "m.example/hub/library/nginx:1"),
    ("nginx:1", {"docker.io/library": "m.example"}, "m.example/nginx:1"),
    ("nginx:1", {"docker.io/library/nginx": "m.example/n"}, "m.example/n:1"),
    ("nginx:1", {"docker.io/lib": "m.example", "quay.io": "q.example"}, "docker.io/library/nginx:1"),
    ("quay.io/org/app", {"quay.io": "a.example", "quay.io/org": "b.example"}, "b.example/app:latest"),
    ("quay.io/org/app", {"quay.io/org": "b.example", "quay.io": "a.example"}, "b.example/app:latest"),
    (
        "quay.io/organ/app",
        {"quay.io/org": "b.example", "quay.io": "a.example:5000/q"},
        "a.example:5000/q/organ/app:latest",
    ),
    ("quay.io:443/app", {"quay.io": "a.example"}, "quay.io:443/app:latest"),
    (f"a:1@sha256:{'0' * 64}", {"docker.io": "m.example"}, f"m.example/library/a:1@sha256:{'0' * 64}"),
]


@pytest.mark.parametrize(("image", "mirrors", "source"), SOURCES)
def test_an_image_comes_from_the_mirror_with_the_longest_prefix(image: str, mirrors: Any, source: str) -> None:
    plan = plan_of(images=[image], mirrors=mirrors)
    found = plan.source(plan.images[0])
    assert str(found) == source
    assert parse(source) == found


def test_a_mirror_of_a_whole_name_leaves_a_path() -> None:
    [complaint] = complaints({"images": ["nginx"], "mirrors": {"docker.io/library/nginx": "m.example"}})
    assert complaint.startswith("mirrors: an image cannot be pulled from there: ")


def test_docker_refuses_to_mirror_what_is_known_by_its_digest() -> None:
    args = {"images": [f"nginx@sha256:{'0' * 64}", "redis:7.4"], "mirrors": {"docker.io": "mirror.example.com/hub"}}

    with pytest.raises(InvalidArgumentError) as refused:
        validation.check("images", {**args, "runtime": "docker"})
    assert str(refused.value).count("mirrors: ") == 1
    assert "nginx@sha256" in str(refused.value)
    assert validation.check("images", {**args, "runtime": "containerd"}).mirrors == {
        "docker.io": "mirror.example.com/hub"
    }
