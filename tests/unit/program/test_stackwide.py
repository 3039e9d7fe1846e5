"""Blocks whose workloads wait, with Pulumi's mocks: the dependencies, and the errors if they are impossible."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pulumi
import pulumi_kubernetes as k8s
import pytest
from prepull import PrePullArgumentError, PrePullDaemonSet, prepull_stack
from prepull.program import collection
from pulumi.runtime import mocks

from ..conftest import Engine


def pod(name: str, image: Any, namespace: Any = None, **options: Any) -> k8s.core.v1.Pod:
    metadata: Any = {"namespace": namespace} if namespace else None
    spec: Any = {"containers": [{"name": "app", "image": image}]}
    return k8s.core.v1.Pod(name, metadata=metadata, spec=spec, opts=pulumi.ResourceOptions(**options))


def library(*names: str) -> list[str]:
    return [f"docker.io/library/{name}:latest" for name in names]


def unknown() -> pulumi.Output[str]:
    """The values that a preview knows of resources that do not exist yet."""

    async def value(what: Any) -> Any:
        return what

    return pulumi.Output(set(), value(None), value(False))


def run(engine: Engine, rest: Callable[[], Any], *, preview: bool = False, args: Any = None, **options: Any) -> Any:
    """Run a program with one block and its content; return the list of images."""

    def program() -> dict[str, Any]:
        with prepull_stack("images", args, **options) as images:
            rest()
        return {"images": images.images}

    return engine.run(program, preview=preview).get("images")


def waiting(engine: Engine) -> set[str]:
    """The names of the resources that wait for the gate."""
    gates = {item.name for item in engine.find("Job") if item.name.endswith("-gate")}
    assert gates == {"images-gate"}
    return {
        item.name
        for item in engine.recorder.registered
        if any(each.endswith("::images-gate") for each in item.request.dependencies)
        and not item.name.startswith("images-")
    }


def order(engine: Engine, *names: str) -> list[str]:
    return [item.name for item in engine.recorder.registered if item.name in names]


def test_all_workloads_wait_for_all_images(engine: Engine) -> None:
    def rest() -> None:
        for name in ("a", "b", "c"):
            pod(name, name)
        k8s.core.v1.Service("service", spec={"ports": [{"port": 1}]})

    assert run(engine, rest) == library("a", "b", "c")
    assert waiting(engine) == {"a", "b", "c"}
    assert order(engine, "images-gate", "a", "b", "c")[0] == "images-gate"


def test_in_a_preview_it_is_the_same(engine: Engine) -> None:
    assert run(engine, lambda: pod("a", "a"), preview=True) == library("a")
    assert waiting(engine) == {"a"}


def test_images_that_are_unknown_in_a_preview(engine: Engine) -> None:
    def rest() -> None:
        pod("a", unknown())
        pod("b", "b")

    assert run(engine, rest, preview=True) is None
    assert waiting(engine) == {"a", "b"}


def test_images_that_are_known_only_once_something_is_built(engine: Engine) -> None:
    def rest() -> None:
        pod("a", "a")
        built = k8s.core.v1.ConfigMap("built", data={"image": "b"})
        pod("b", built.data["image"])

    assert run(engine, rest) == library("a", "b")
    assert waiting(engine) == {"a", "b"}
    assert order(engine, "built", "images-gate")[0] == "built"
    daemon_set = engine.only("DaemonSet")
    assert any(each.endswith("::built") for each in daemon_set.request.dependencies)
    assert not any(each.endswith(("::a", "::b")) for each in daemon_set.request.dependencies)


def test_a_workload_that_waits_for_another_one_is_known_all_the_same(engine: Engine) -> None:
    def rest() -> None:
        first = pod("first", "a")
        spec: Any = {
            "containers": [{"name": "app", "image": "b", "env": [{"name": "A", "value": first.metadata["name"]}]}]
        }
        k8s.core.v1.Pod("second", spec=spec, opts=pulumi.ResourceOptions(depends_on=[first]))

    assert run(engine, rest) == library("a", "b")
    assert waiting(engine) == {"first", "second"}


def test_what_a_program_asks_for_on_its_way_does_not_end_it(engine: Engine) -> None:
    engine.recorder.answers = {"test:index:ask": {}}

    def rest() -> None:
        pod("a", "a")
        pulumi.runtime.invoke("test:index:ask", {})
        pod("b", "b")

    assert run(engine, rest) == library("a", "b")


def test_what_it_is_asked_to_pull_beside_them_comes_first(engine: Engine) -> None:
    assert run(engine, lambda: pod("b", "b"), args={"images": ["z", "b"]}) == library("z", "b")
    other = Engine()
    assert run(other, lambda: None, args={"images": ["z"]}) == library("z")


@pytest.mark.parametrize(
    ("options", "chosen"),
    [
        ({"names": "web-*"}, {"web-1", "web-2"}),
        ({"names": ["web-1", "db"]}, {"web-1", "db"}),
        ({"exclude": "web-*"}, {"db", "inner"}),
        ({"names": "shop"}, {"web-2", "inner"}),
        ({"names": "shop", "exclude": ["inner"]}, {"web-2"}),
        ({"namespaces": "x"}, {"web-1"}),
        ({"namespaces": ["y", "default"]}, {"web-2", "db", "inner"}),
    ],
)
def test_a_choice_by_names_and_namespaces(engine: Engine, options: Any, chosen: set[str]) -> None:
    def rest() -> None:
        shop = pulumi.ComponentResource("test:index:Shop", "shop")
        pod("web-1", "web-1", "x")
        pod("web-2", "web-2", pulumi.Output.from_input("y"), parent=shop)
        pod("db", "db")
        pod("inner", "inner", parent=shop)

    assert run(engine, rest, **options) == library(*sorted(chosen))
    assert waiting(engine) == chosen


def test_without_a_namespace_a_workload_is_in_its_providers(engine: Engine) -> None:
    def rest() -> None:
        provider = k8s.Provider("elsewhere", namespace="x")
        pod("a", "a", provider=provider)
        pod("b", "b")

    assert run(engine, rest, namespaces="x") == library("a")
    assert waiting(engine) == {"a"}


def test_another_component_and_its_own_pods_wait_for_nothing(engine: Engine) -> None:
    def rest() -> None:
        PrePullDaemonSet("others", {"images": ["b"]})
        pod("a", "a")

    assert run(engine, rest) == library("a")
    others = [item for item in engine.recorder.registered if item.name.startswith("others")]
    assert not any(each.endswith("::images-gate") for item in others for each in item.request.dependencies)


def rendered(*names: str) -> dict[str, Any]:
    return {
        "result": [
            {
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": {"name": name, "namespace": name},
                "spec": {"containers": [{"name": "app", "image": name}]},
            }
            for name in names
        ]
    }


def test_charts_and_yaml_of_this_program(engine: Engine) -> None:
    engine.recorder.answers = {"kubernetes:helm:template": rendered("a", "b")}

    def rest() -> None:
        k8s.helm.v3.Chart("chart", k8s.helm.v3.LocalChartOpts(path="./nowhere"))
        pod("c", "c")

    assert run(engine, rest) == library("a", "b", "c")
    assert waiting(engine) == {"a/a", "b/b", "c"}


def test_charts_and_releases_that_the_provider_takes_apart_wait_as_a_whole(engine: Engine, tmp_path: Path) -> None:
    engine.recorder.answers = {
        "kubernetes:helm:template": rendered("a", "b"),
        "kubernetes:kustomize:directory": rendered("c"),
    }
    text = "apiVersion: v1\nkind: Pod\nmetadata: {name: d}\nspec: {containers: [{image: d}]}\n"
    (tmp_path / "d.yaml").write_text(text)

    def rest() -> None:
        k8s.helm.v4.Chart("chart", chart="nginx", values={"x": pulumi.Output.from_input(1)})
        k8s.helm.v3.Release("release", k8s.helm.v3.ReleaseArgs(chart="nginx"))
        k8s.kustomize.v2.Directory("directory", directory="./nowhere")
        k8s.yaml.v2.ConfigFile("file", file=str(tmp_path / "d.yaml"))
        objs = [
            {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "f"}, "spec": {"containers": [{"image": "f"}]}}
        ]
        k8s.yaml.v2.ConfigGroup(
            "group", files=[str(tmp_path / "*.yaml")], yaml=text.replace("image: d", "image: e"), objs=objs
        )

    assert run(engine, rest) == library("a", "b", "c", "d", "e", "f")
    assert waiting(engine) == {"chart", "release", "directory", "file", "group"}


def test_of_a_chart_only_what_is_in_the_namespaces(engine: Engine) -> None:
    engine.recorder.answers = {"kubernetes:helm:template": rendered("a", "b")}
    assert run(engine, lambda: k8s.helm.v4.Chart("chart", chart="x"), namespaces="b") == library("b")


def test_values_of_a_chart_are_merged_as_helm_does(engine: Engine, tmp_path: Path) -> None:
    engine.recorder.answers = {"kubernetes:helm:template": rendered("a")}
    (tmp_path / "values.yaml").write_text("image: {name: a, tag: '1'}\nkept: true\n")

    def rest() -> None:
        k8s.helm.v4.Chart(
            "chart",
            chart="oci://registry.example.com/app",
            namespace="x",
            repository_opts={"username": "me"},
            value_yaml_files=[pulumi.FileAsset(str(tmp_path / "values.yaml")), pulumi.StringAsset("kept: false")],
            values={"image": {"tag": "2"}},
        )

    run(engine, rest)
    [(_, asked)] = engine.recorder.calls
    assert json.loads(asked["jsonOpts"]) == {
        "release_name": "chart",
        "namespace": "x",
        "values": {"image": {"name": "a", "tag": "2"}, "kept": False},
        "fetch_opts": {"username": "me"},
        "chart": "oci://registry.example.com/app",
    }


def test_no_workload_at_all(engine: Engine) -> None:
    with pytest.raises(
        pulumi.RunError, match=r"prepull_stack 'images': the block has no workload with names=\['web-\*'\]"
    ):
        run(engine, lambda: pod("a", "a"), names="web-*")


def test_an_image_that_is_none(engine: Engine) -> None:
    with pytest.raises(
        pulumi.RunError, match=r"Pod 'web': spec\.containers\[0\]\.image: 'A' is not an image reference"
    ):
        run(engine, lambda: pod("web", "A"))


def test_a_chart_whose_images_only_the_provider_can_know(engine: Engine) -> None:
    renderer: Any = {"command": "sed"}
    with pytest.raises(
        pulumi.RunError, match=r"Chart 'chart': its images cannot be known in advance: post_renderer may"
    ):
        run(engine, lambda: k8s.helm.v4.Chart("chart", chart="nginx", post_renderer=renderer))


def test_wrong_arguments_are_the_only_thing_that_is_said(engine: Engine) -> None:
    with pytest.raises(PrePullArgumentError, match="timeout: 'soon' is not a duration"):
        run(engine, lambda: None, args={"timeout": "soon"})
    with pytest.raises(pulumi.RunError, match=r"images\[0\]: 7 is not a text"):
        run(Engine(), lambda: pod("a", "a"), args={"images": [7]})


def test_a_program_that_fails_says_why_and_deploys_nothing_of_it(engine: Engine) -> None:
    def rest() -> None:
        pod("a", "a")
        raise RuntimeError("the program's own mistake")

    with pytest.raises(pulumi.RunError, match=r"(?s)in rest.*RuntimeError: the program's own mistake"):
        run(engine, rest)
    assert engine.find("DaemonSet") == engine.find("Pod") == []


def test_what_is_declared_in_an_apply_is_let_through_only_with_images_that_are_there(engine: Engine) -> None:
    wanted = ["a"]

    def program() -> None:
        with prepull_stack("images") as images:
            pod("a", "a")
            slow = k8s.core.v1.ConfigMap("slow", data={"x": "y"}, opts=pulumi.ResourceOptions(depends_on=[images]))
            slow.data.apply(lambda _: pod("late", wanted[0]))

    engine.run(program)
    assert waiting(engine) == {"a", "late", "slow"}
    wanted[0] = "b"
    with pytest.raises(
        pulumi.RunError, match=r"Pod 'late' was declared when the block's list of images was complete already, and r"
    ):
        Engine().run(program)


def test_a_circle_ends_with_the_names_of_what_is_not_known(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collection, "_PATIENCE_SECONDS", 0.1)
    said: list[str] = []
    monkeypatch.setattr(pulumi.log, "info", said.append)

    def declare_registry() -> Any:
        registry = pod("registry", "registry")
        return k8s.core.v1.ConfigMap("built", data={"a": "b"}, opts=pulumi.ResourceOptions(depends_on=[registry]))

    def inside() -> None:
        pod("first", "a")
        tag = pulumi.Output.format("{0}:{1}", declare_registry().data["a"], "1")
        pod("second", pulumi.Output.all(tag, "x").apply(lambda known: known[0]))

    pending = (
        "which images these run: Pod 'second'; if they wait for a workload that waits for the images, declare it "
        "outside the block"
    )
    with pytest.raises(pulumi.RunError) as failure:
        run(engine, inside, args={"timeout": "500ms"})
    assert str(failure.value) == f"prepull_stack 'images': not known after 500ms: {pending}"
    assert said == [f"prepull_stack 'images': waits to know {pending}"]
    assert engine.find("Pod") == engine.find("DaemonSet") == []

    assert run(Engine(), inside, exclude="registry") == [*library("a"), "docker.io/library/b:1"]

    def outside() -> dict[str, Any]:
        built = declare_registry()
        with prepull_stack("images") as images:
            pod("second", built.data["a"])
        return {"images": images.images}

    other = Engine()
    assert other.run(outside) == {"images": library("b")}
    assert waiting(other) == {"second"}


def test_images_that_never_come_are_not_waited_for_for_ever(engine: Engine) -> None:
    async def never() -> Any:
        await asyncio.Event().wait()

    with pytest.raises(pulumi.RunError, match=r"not known after 500ms: which images these run: Pod 'web'; if they w"):
        run(engine, lambda: pod("web", never()), args={"timeout": "500ms"})
    listed: Any = {"timeout": "500ms", "images": never()}
    with pytest.raises(pulumi.RunError, match=r"not known after 500ms: .* run: the argument images; if"):
        run(Engine(), lambda: pod("web", "a"), args=listed)


def test_one_test_after_another_in_the_same_stack(engine: Engine) -> None:
    assert run(engine, lambda: pod("a", "a")) == library("a")
    again = Engine()
    mocks.set_mocks(again.recorder)
    assert run(again, lambda: pod("b", "b")) == library("b")
