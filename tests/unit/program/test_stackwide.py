"""Blocks whose workloads wait, with Pulumi's mocks: what waits, and for which images."""

from __future__ import annotations

from typing import Any

import pulumi
import pulumi_kubernetes as k8s
import pytest
from prepull import PrePullDaemonSet, prepull_stack
from pulumi.runtime import mocks

from ..conftest import Engine
from .blocks import library, order, pod, run, unknown, waiting


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
    def program() -> dict[str, Any]:
        provider = k8s.Provider("elsewhere", namespace="x")
        with prepull_stack("images", opts=pulumi.ResourceOptions(provider=provider), namespaces="x") as images:
            pod("a", "a", provider=provider)
            pod("b", "b", "y", provider=provider)
        return {"images": images.images}

    assert engine.run(program) == {"images": library("a")}
    assert waiting(engine) == {"a"}


def test_another_component_and_its_own_pods_wait_for_nothing(engine: Engine) -> None:
    def rest() -> None:
        PrePullDaemonSet("others", {"images": ["b"]})
        pod("a", "a")

    assert run(engine, rest) == library("a")
    others = [item for item in engine.recorder.registered if item.name.startswith("others")]
    assert not any(each.endswith("::images-gate") for item in others for each in item.request.dependencies)


def test_one_test_after_another_in_the_same_stack(engine: Engine) -> None:
    assert run(engine, lambda: pod("a", "a")) == library("a")
    again = Engine()
    mocks.set_mocks(again.recorder)
    assert run(again, lambda: pod("b", "b")) == library("b")
