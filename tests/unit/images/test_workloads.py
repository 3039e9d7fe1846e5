"""The images that manifests name."""

from __future__ import annotations

from typing import Any

import pytest
from prepull.images.workloads import InvalidWorkloadError, images, of_manifests, runs_pods

POD = {
    "initContainers": [{"image": "init:1"}, {"image": "sidecar:1", "restartPolicy": "Always"}],
    "containers": [{"name": "app", "image": "quay.io/org/app:2"}, {"name": "injected"}],
    "ephemeralContainers": [{"image": "debug:1"}],
    "volumes": [{"name": "data", "emptyDir": {}}, {"name": "model", "image": {"reference": "model:1"}}],
}
ALL = ["init:1", "sidecar:1", "quay.io/org/app:2", "debug:1", "model:1"]
CANONICAL = [name if name.startswith("quay.io") else f"docker.io/library/{name}" for name in ALL]


def of_kind(kind: str) -> Any:
    template = {"template": {"spec": POD}}
    return {
        "Pod": {"spec": POD},
        "PodTemplate": {"template": {"spec": POD}},
        "CronJob": {"spec": {"jobTemplate": {"spec": template}}},
    }.get(kind, {"spec": template})


API_VERSIONS = {
    "Pod": "v1",
    "PodTemplate": "v1",
    "ReplicationController": "v1",
    "CronJob": "batch/v1",
    "Job": "batch/v1",
}
APPS = ["DaemonSet", "Deployment", "ReplicaSet", "StatefulSet"]


@pytest.mark.parametrize("kind", [*API_VERSIONS, *APPS])
def test_every_container_and_image_volume_of_every_kind(kind: str) -> None:
    manifest = {"apiVersion": API_VERSIONS.get(kind, "apps/v1"), "kind": kind, **of_kind(kind)}
    assert images(manifest, "web") == CANONICAL
    assert of_manifests([manifest], "chart") == CANONICAL
    assert images({"items": [manifest, manifest]}, "webs") == CANONICAL


def test_one_image_is_one_however_it_is_written() -> None:
    names = ["nginx", "docker.io/library/nginx:latest", "index.docker.io/library/nginx", "library/nginx:latest"]
    assert images({"containers": [{"image": name} for name in names]}, "web") == ["docker.io/library/nginx:latest"]


def test_kinds_of_others_are_theirs() -> None:
    assert runs_pods("apps/v1", "Deployment")
    assert runs_pods("apps/v1", "DeploymentList")
    assert runs_pods("extensions/v1beta1", "Deployment")
    assert runs_pods("core/v1", "Pod")
    assert not runs_pods("batch.volcano.sh/v1alpha1", "Job")
    assert not runs_pods("v1", "Deployment")
    assert not runs_pods("v1", "Service")
    assert not runs_pods("", "")


def test_of_many_manifests_those_that_run_pods() -> None:
    pods = [{"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"image": name}]}} for name in ("a", "b")]
    manifests = [None, {"apiVersion": "v1", "kind": "Service", "spec": {}}, {"kind": "List", "items": pods}, *pods]
    assert of_manifests(manifests, "chart") == ["docker.io/library/a:latest", "docker.io/library/b:latest"]


def test_only_chosen_namespaces() -> None:
    manifests = [
        {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": [{"image": name}]}}
        for metadata, name in (({"namespace": "x"}, "a"), ({}, "b"), (None, "c"))
    ]
    assert of_manifests(manifests, "chart", lambda namespace: namespace is None) == [
        "docker.io/library/b:latest",
        "docker.io/library/c:latest",
    ]


@pytest.mark.parametrize(
    ("manifest", "message"),
    [
        (
            {"containers": [{"image": "UPPER/case"}]},
            r"web: containers\[0\]\.image: 'UPPER/case' is not an image refere",
        ),
        ({"spec": {"initContainers": [{}, {"image": 7}]}}, r"web: spec\.initContainers\[1\]\.image: 7 .* not a text"),
        ({"volumes": [{"image": {"reference": "a b"}}]}, r"volumes\[0\]\.image\.reference: 'a b' .* contains a space"),
    ],
)
def test_what_is_no_image_is_named_with_its_place(manifest: Any, message: str) -> None:
    with pytest.raises(InvalidWorkloadError, match=message):
        images(manifest, "web")


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(InvalidWorkloadError) as error:
        images({"containers": [{"image": "A"}, {"image": "b"}, {"image": "C"}]}, "web")
    assert len(str(error.value).splitlines()) == 2


def test_in_a_manifest_among_others_the_error_names_kind_and_name() -> None:
    manifest = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}, "spec": {"containers": [{"image": "A"}]}}
    with pytest.raises(InvalidWorkloadError, match=r"Chart 'nginx': Pod 'x': spec\.containers\[0\]\.image: 'A'"):
        of_manifests([manifest], "Chart 'nginx'")


@pytest.mark.parametrize("empty", [None, {}, {"containers": None}, {"containers": [{"image": ""}]}, {"volumes": "x"}])
def test_what_has_no_images(empty: Any) -> None:
    assert images(empty, "web") == []
