"""What is left out of a workload's images: what is no image, and what no Linux node runs."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prepull.images.left_out import PLACEMENT
from prepull.images.workloads import SHAPE, InvalidWorkloadError, images, of_manifests, read

A, B = "docker.io/library/a:latest", "docker.io/library/b:latest"
OS, OLD_OS, BUILD = "kubernetes.io/os", "beta.kubernetes.io/os", "node.kubernetes.io/windows-build"
IN_WINDOWS = {"key": OS, "operator": "In", "values": ["windows"]}
ZONE = {"key": "topology.kubernetes.io/zone", "operator": "In", "values": ["a"]}


def affinity(*terms: Any, rule: str = "requiredDuringSchedulingIgnoredDuringExecution") -> dict[str, Any]:
    return {"affinity": {"nodeAffinity": {rule: {"nodeSelectorTerms": list(terms)}}}}


def all_of(*expressions: Any) -> dict[str, Any]:
    return {"matchExpressions": list(expressions)}


def expression(key: str, operator: str, *values: str) -> dict[str, Any]:
    return {"key": key, "operator": operator, **({"values": list(values)} if values else {})}


def found(placement: Any) -> tuple[list[str], list[str]]:
    """The images of a Deployment with such a placement, and what is said."""
    said: list[str] = []
    pod = {"containers": [{"name": "app", "image": "a"}], **placement}
    return images({"spec": {"template": {"spec": pod}}}, "Deployment 'web'", said.append), said


@pytest.mark.parametrize(
    ("placement", "reason"),
    [
        ({"os": {"name": "windows"}}, "os.name: windows"),
        ({"nodeSelector": {OS: "windows"}}, f"nodeSelector: {OS}=windows"),
        ({"nodeSelector": {OLD_OS: "windows"}}, f"nodeSelector: {OLD_OS}=windows"),
        ({"nodeSelector": {BUILD: "10.0.20348"}}, f"nodeSelector: {BUILD}=10.0.20348"),
        ({"os": {"name": "windows"}, "nodeSelector": {OS: "linux"}}, "os.name: windows"),
        (affinity(all_of(IN_WINDOWS)), "affinity: no term of the required node affinity matches Linux"),
        (affinity(all_of(expression(OLD_OS, "In", "windows"))), "affinity: no term"),
        (affinity(all_of(expression(OS, "NotIn", "linux", "darwin"))), "affinity: no term"),
        (affinity(all_of(expression(OS, "DoesNotExist"))), "affinity: no term"),
        (affinity(all_of(expression(BUILD, "Exists"))), "affinity: no term"),
        (affinity(all_of(expression(BUILD, "Gt", "17763"))), "affinity: no term"),
        (affinity(all_of(ZONE, IN_WINDOWS)), "affinity: no term"),
        (affinity(all_of(expression(OS, "Exists"), expression(OS, "NotIn", "linux"))), "affinity: no term"),
        (affinity(all_of(IN_WINDOWS), all_of(expression(OLD_OS, "NotIn", "linux"))), "affinity: no term"),
        (affinity(all_of(IN_WINDOWS), {}), "affinity: no term"),
    ],
)
def test_what_no_linux_node_runs(placement: Any, reason: str) -> None:
    named, said = found(placement)
    assert named == []
    [line] = said
    assert line.startswith(f"Deployment 'web': spec.template.spec.{reason}")
    assert line.endswith(": no Linux node runs it")


@pytest.mark.parametrize(
    "placement",
    [
        {},
        {"os": {"name": "linux"}, "nodeSelector": {OS: "linux", OLD_OS: "linux", "disk": "windows"}},
        {"os": None, "nodeSelector": None, "affinity": None, "runtimeClassName": None},
        {"runtimeClassName": "windows"},
        affinity(all_of(expression(OS, "In", "windows", "linux"))),
        affinity(all_of(expression(OS, "NotIn", "windows"))),
        affinity(all_of(expression(OS, "Exists"))),
        affinity(all_of(expression(BUILD, "DoesNotExist"))),
        affinity(all_of(IN_WINDOWS), all_of(ZONE)),
        affinity(all_of(IN_WINDOWS), {"matchFields": [expression("metadata.name", "In", "node-a")]}),
        affinity(all_of(ZONE)),
        affinity({}),
        affinity(),
        affinity({"preference": all_of(IN_WINDOWS)}, rule="preferredDuringSchedulingIgnoredDuringExecution"),
        {"tolerations": [{"key": "os", "value": "windows"}]},
        {"os": "windows", "nodeSelector": "windows", "affinity": ["windows"]},
    ],
)
def test_what_a_linux_node_may_run(placement: Any) -> None:
    assert found(placement) == ([A], [])


def test_a_runtime_class_tells_only_if_it_is_there() -> None:
    def pod(name: str, runtime_class: str) -> dict[str, Any]:
        spec = {"containers": [{"image": name}], "runtimeClassName": runtime_class}
        return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec}

    def of_class(name: str, selector: Any) -> dict[str, Any]:
        scheduling = {"scheduling": {"nodeSelector": selector}} if selector else {}
        return {"apiVersion": "node.k8s.io/v1", "kind": "RuntimeClass", "metadata": {"name": name}, **scheduling}

    classes = [of_class("win", {OS: "windows"}), of_class("gvisor", {OS: "linux"}), of_class("kata", None)]
    pods = [pod("a", "gvisor"), pod("b", "kata"), pod("c", "win")]
    said: list[str] = []
    assert of_manifests([*pods, {"kind": "List", "items": classes}], "Chart 'x'", tell=said.append) == [A, B]
    assert said == ["Chart 'x': Pod 'c': spec.runtimeClassName: win: no Linux node runs it"]
    assert of_manifests(pods[2:], "Chart 'x'", tell=said.append) == ["docker.io/library/c:latest"]


def test_of_several_workloads_only_those_of_windows_are_left_out() -> None:
    items = [
        {"spec": {"containers": [{"image": "a"}]}},
        {"spec": {"containers": [{"image": "b"}], "os": {"name": "x"}}},
    ]
    assert read({"items": items}, "pods") == ([A], ["pods: items[1].spec.os.name: x: no Linux node runs it"], [])


def test_of_what_has_no_image_nothing_is_said() -> None:
    assert read({"spec": {"nodeSelector": {OS: "windows"}, "containers": [{"name": "app"}]}}, "web") == ([], [], [])


@pytest.mark.parametrize(
    ("field", "name", "text", "reason"),
    [
        ("containers", "istio-proxy", "auto", "Istio puts one in when a pod starts"),
        ("initContainers", "istio-proxy", "auto", "Istio puts one in when a pod starts"),
        ("initContainers", "istio-init", "auto", "Istio puts one in when a pod starts"),
        ("initContainers", "istio-validation", "auto", "Istio puts one in when a pod starts"),
        ("containers", "app", "", "another tool fills it in"),
        # OpenShift's triggers begin with a space.
        ("containers", "app", " ", "another tool fills it in"),
        ("containers", "app", "{{ .Values.image }}", "another tool replaces it"),
        ("containers", "app", "{{IMAGE}}:1.2", "another tool replaces it"),
        ("containers", "app", "registry.example.com/${NAME}:1", "another tool replaces it"),
        ("containers", "app", "$(IMAGE)", "another tool replaces it"),
        ("containers", "app", "$IMAGE", "another tool replaces it"),
        ("containers", "app", "<your image>", "another tool replaces it"),
        ("containers", "app", "@IMAGE@", "another tool replaces it"),
        ("containers", "app", "__IMAGE__", "another tool replaces it"),
        ("containers", "app", "#{Image}#", "another tool replaces it"),
        ("containers", "app", "%IMAGE%", "another tool replaces it"),
        ("containers", "app", "REPLACE_ME", "another tool replaces it"),
        ("containers", "app", "gcr.io/PROJECT_ID/app:TAG", "another tool replaces it"),
        ("containers", "app", "ko://example.com/cmd/app", "another tool replaces it"),
    ],
)
def test_what_stands_in_the_place_of_an_image(field: str, name: str, text: str, reason: str) -> None:
    said: list[str] = []
    pod = {field: [{"name": "first", "image": "a"}, {"name": name, "image": text}]}
    assert images(pod, "Pod 'web'", said.append) == [A]
    assert said == [
        f"Pod 'web': {field}[1].image: {text!r} is no image: {reason}; to pull that image, write it in images"
    ]


@pytest.mark.parametrize(
    ("name", "text", "image"),
    [
        ("auto", "auto", "docker.io/library/auto:latest"),
        ("istio-proxy", "istio/proxyv2:auto", "docker.io/istio/proxyv2:auto"),
        ("istio-proxy", "example.com/auto", "example.com/auto:latest"),
        ("app", "app:TAG_OF_THE_DAY", "docker.io/library/app:TAG_OF_THE_DAY"),
        ("app", "[::1]:5000/app", "[::1]:5000/app:latest"),
    ],
)
def test_what_is_an_image_stays_one(name: str, text: str, image: str) -> None:
    assert read({"containers": [{"name": name, "image": text}]}, "web") == ([image], [], [])


@pytest.mark.parametrize("text", ["UPPER/case", "nginx:", "a b", "https://registry.example.com/app", "oci://a.b/c", 7])
def test_a_mistake_is_no_placeholder(text: Any) -> None:
    with pytest.raises(InvalidWorkloadError, match="is not an image reference"):
        images({"containers": [{"image": text}]}, "web")


def anything(shape: Any, depth: int = 4) -> st.SearchStrategy[Any]:
    """Values in such a shape, or with anything in its places."""
    junk: st.SearchStrategy[Any] = (
        st.none() | st.text(max_size=8) | st.integers() | st.lists(st.integers(), max_size=2) | st.just({"a": []})
    )
    if shape is None or depth == 0:
        return junk | st.sampled_from(["windows", "linux", "auto", "istio-proxy", "In", "NotIn", OS, "{{ a }}", "a:1"])
    if isinstance(shape, list):
        return junk | st.lists(anything(shape[0], depth - 1), max_size=2)
    fields = {field: anything(inner, depth - 1) for field, inner in shape.items()}
    return junk | st.fixed_dictionaries({}, optional=fields)


@given(
    anything({**SHAPE, "metadata": {"name": None, "namespace": None}}), st.sampled_from(["Pod", "RuntimeClass", "List"])
)
def test_any_manifest_is_read(manifest: Any, kind: str) -> None:
    assert all(line.startswith("web: ") for line in read(manifest, "web").left_out)
    if isinstance(manifest, dict):
        version = {"Pod": "v1", "RuntimeClass": "node.k8s.io/v1"}.get(kind, "v1")
        with contextlib.suppress(InvalidWorkloadError):
            of_manifests([{**manifest, "apiVersion": version, "kind": kind}, manifest], "chart")


@given(anything(PLACEMENT, 9))
def test_any_placement_is_read(placement: Any) -> None:
    pod = {**(placement if isinstance(placement, dict) else {}), "containers": [{"image": "a"}]}
    there, said, invalid = read(pod, "web")
    assert (len(there) + len(said), invalid) == (1, [])


def test_an_image_volume_without_an_image() -> None:
    said: list[str] = []
    pod = {"volumes": [{"name": "model", "image": {"reference": ""}}, {"name": "x", "image": {}}]}
    assert images(pod, "web", said.append) == []
    assert [line.partition(" is ")[0] for line in said] == ["web: volumes[0].image.reference: ''"]
