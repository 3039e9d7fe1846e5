"""Blocks with charts, releases and YAML, with Pulumi's mocks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pulumi
import pulumi_kubernetes as k8s
import pytest

from ...conftest import Engine
from ..blocks import library, pod, rendered, run, waiting


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


def test_a_chart_whose_images_only_the_provider_can_know(engine: Engine) -> None:
    renderer: Any = {"command": "sed"}
    with pytest.raises(
        pulumi.RunError, match=r"Chart 'chart': its images cannot be known in advance: post_renderer may"
    ):
        run(engine, lambda: k8s.helm.v4.Chart("chart", chart="nginx", post_renderer=renderer))
