"""A runtime's containers: what pulls, refreshes and holds the images."""

from __future__ import annotations

from typing import Any

import pytest
from prepull.images.references import Reference, parse

from ...plans import HEX, SOCKET_RUNTIMES, plan_of
from ..manifests.parts import environment, pod_of


def test_images_that_differ_only_in_what_a_digest_overrides_are_named_by_it() -> None:
    [pull] = pod_of(images=[f"nginx:1@sha256:{HEX}", "nginx:1"])["initContainers"]
    assert environment(pull)["PREPULL_IMAGES"].splitlines() == [
        f"docker.io/library/nginx@sha256:{HEX}",
        "docker.io/library/nginx:1",
    ]


def test_a_mirror_is_the_second_field_of_its_image() -> None:
    pod = pod_of(images=["nginx:1", "quay.io/a:1"], mirrors={"quay.io": "m.example:5000/q"})
    assert environment(pod["initContainers"][0])["PREPULL_IMAGES"].splitlines() == [
        "docker.io/library/nginx:1",
        "quay.io/a:1 m.example:5000/q/a:1",
    ]


@pytest.mark.parametrize(("parallelism", "limit"), [(1, "192Mi"), (4, "384Mi"), (10, "768Mi")])
def test_the_memory_limit_grows_with_the_parallelism(parallelism: int, limit: str) -> None:
    [pull] = pod_of(parallelism=parallelism)["initContainers"]
    assert pull["resources"] == {"requests": {"cpu": "10m", "memory": "16Mi"}, "limits": {"cpu": "1", "memory": limit}}


def test_refresh_runs_the_puller_beside_pause() -> None:
    pod = pod_of(refresh="6h")
    [pull] = pod["initContainers"]
    refresh, pause = pod["containers"]
    assert (pause["name"], refresh["name"]) == ("pause", "refresh")
    assert environment(refresh) == {**environment(pull), "PREPULL_REFRESH_MS": "21600000"}


@pytest.mark.parametrize("runtime", ["containerd", "k3s"])
def test_prune_has_a_label_for_each_component_in_its_namespace(runtime: str) -> None:
    [pull] = pod_of(runtime=runtime, prune=True)["initContainers"]
    variables = environment(pull)
    names = {"NAMESPACE": "metadata.namespace", "INSTANCE": "metadata.labels['app.kubernetes.io/instance']"}
    for name, path in names.items():
        assert variables[f"PREPULL_{name}"] == {"fieldRef": {"fieldPath": path}}
    # The kubelet expands only variables that it has by then.
    assert list(variables)[:2] == ["PREPULL_NAMESPACE", "PREPULL_INSTANCE"]
    assert variables["PREPULL_PRUNE"] == "prepull.dev/$(PREPULL_NAMESPACE).$(PREPULL_INSTANCE)"
    assert not {"PREPULL_PRUNE", "PREPULL_NAMESPACE"} & environment(pod_of(runtime=runtime)["initContainers"][0]).keys()


HOLDS: list[tuple[str, dict[str, Any]]] = [
    *((runtime, {"hold": True}) for runtime in SOCKET_RUNTIMES),
    ("kubelet", {}),
    ("kubelet", {"hold": True}),
]


@pytest.mark.parametrize(("runtime", "args"), HOLDS)
def test_one_idle_container_for_each_image_runs_a_program_of_ours(runtime: str, args: dict[str, Any]) -> None:
    pod = pod_of(runtime=runtime, images=["a:1", f"b:2@sha256:{HEX}"], **args)
    programs, *held, pause = pod["containers"]
    assert pause["name"] == "pause"
    assert [(container["name"], container["image"]) for container in held] == [
        ("hold-0", "docker.io/library/a:1"),
        ("hold-1", f"docker.io/library/b@sha256:{HEX}"),
    ]
    assert all(container["command"] == ["/.prepull/busybox", "sleep", "2147483647"] for container in held)
    # The kubelet starts the next container once the hook has ended.
    assert programs["lifecycle"]["postStart"]["exec"]["command"][-1] == held[0]["command"][0]
    assert all(not mount.get("readOnly") for mount in programs["volumeMounts"])
    assert all(mount["readOnly"] for container in held for mount in container["volumeMounts"])
    names = [container["name"] for container in pod.get("initContainers", [])]
    assert names == ([] if runtime == "kubelet" else ["pull"])


@pytest.mark.parametrize("hold", [False, True])
def test_the_kubelet_pulls_as_the_policy_says_for_containers_of_which_none_waits_for_another(hold: bool) -> None:
    pod = pod_of(runtime="kubelet", images=["a:1", "b:2"], pull_policy="Always", hold=hold)
    assert "initContainers" not in pod
    policies = {container["name"]: container["imagePullPolicy"] for container in pod["containers"]}
    assert policies == {"programs": "IfNotPresent", "hold-0": "Always", "hold-1": "Always", "pause": "IfNotPresent"}


@pytest.mark.parametrize(("delay", "seconds"), [("90s", "90"), ("500ms", "1")])
def test_the_kubelets_pod_waits_before_anything_is_pulled(delay: str, seconds: str) -> None:
    [stagger] = pod_of(runtime="kubelet", stagger=delay)["initContainers"]
    assert environment(stagger) == {"PREPULL_STAGGER_S": seconds}


def test_references_survive_the_way_through_the_manifest() -> None:
    plan = plan_of(images=["nginx", "host:5000/a/b:1"])
    [pull] = pod_of(images=["nginx", "host:5000/a/b:1"])["initContainers"]
    lines = environment(pull)["PREPULL_IMAGES"].splitlines()
    assert [parse(line) for line in lines] == list(plan.images)
    assert all(isinstance(image, Reference) for image in plan.images)
