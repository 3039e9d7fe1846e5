"""Blocks of programs with several clusters, with Pulumi's mocks: a block takes the workloads of its own provider."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pulumi
import pulumi_kubernetes as k8s
import pytest
from prepull import prepull_stack, prepull_transformation

from ..conftest import Engine
from .blocks import library, pod, waits


def of(provider: pulumi.ProviderResource | None, **options: Any) -> pulumi.ResourceOptions:
    return pulumi.ResourceOptions(provider=provider, **options)


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    lines: list[str] = []
    monkeypatch.setattr(pulumi.log, "info", lines.append)
    return lines


def test_one_block_for_each_cluster_one_after_another(engine: Engine) -> None:
    def program() -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name in ("one", "two"):
            cluster = k8s.Provider(name)
            with prepull_stack(f"images-{name}", opts=of(cluster)) as images:
                pod(name, name, provider=cluster)
            found[name] = images.images
        return found

    assert engine.run(program) == {"one": library("one"), "two": library("two")}
    assert [waits(engine)[name] for name in ("one", "two")] == [{"images-one-gate"}, {"images-two-gate"}]
    providers = {item.name: item.request.provider.rpartition("::")[0] for item in engine.find("DaemonSet")}
    assert {name: urn.rpartition("::")[2] for name, urn in providers.items()} == {
        "images-one": "one",
        "images-two": "two",
    }


def test_of_nested_blocks_a_workload_belongs_to_the_innermost_of_its_cluster(engine: Engine, said: list[str]) -> None:
    def program() -> dict[str, Any]:
        one, two = k8s.Provider("one"), k8s.Provider("two")
        with prepull_stack("outer", opts=of(one)) as outer, prepull_stack("inner", opts=of(two)) as inner:
            pod("a", "a", provider=one)
            pod("b", "b", provider=two)
        return {"outer": outer.images, "inner": inner.images}

    assert engine.run(program) == {"outer": library("a"), "inner": library("b")}
    assert [waits(engine)[name] for name in ("a", "b")] == [{"outer-gate"}, {"inner-gate"}]
    assert said == []


def test_a_workload_of_a_cluster_without_a_block_does_not_wait_and_the_screen_says_so(
    engine: Engine, said: list[str]
) -> None:
    def program() -> None:
        other = k8s.Provider("other")
        with prepull_stack("images", exclude="unwanted"):
            pod("here", "a")
            pod("there", "b", provider=other)
            pod("unwanted", "c", provider=other)

    engine.run(program)
    assert (waits(engine)["here"], waits(engine)["there"]) == ({"images-gate"}, set())
    [line] = said
    assert line.startswith("prepull_stack 'images': Pod 'there': of another provider than the block, and so without a")


def test_if_all_workloads_are_of_another_cluster_the_error_says_so(engine: Engine) -> None:
    def program() -> None:
        with prepull_stack("images"):
            pod("there", "b", provider=k8s.Provider("other"))

    with pytest.raises(pulumi.RunError, match=r"the block has no workload; .* Pod 'there': of another provider"):
        engine.run(program)


class Shop(pulumi.ComponentResource):
    """A component that is given its cluster."""

    def __init__(self, name: str, opts: pulumi.ResourceOptions) -> None:
        super().__init__("test:index:Shop", name, None, opts)
        pod(f"{name}-pod", name, parent=self)


def _one(provider: Any) -> pulumi.ResourceOptions:
    return pulumi.ResourceOptions(provider=provider)


def _listed(provider: Any) -> pulumi.ResourceOptions:
    return pulumi.ResourceOptions(providers=[provider])


def _named(provider: Any) -> pulumi.ResourceOptions:
    return pulumi.ResourceOptions(providers={"kubernetes": provider})


def _around(provider: Any) -> pulumi.ResourceOptions:
    around = pulumi.ComponentResource("test:index:Around", "around", None, _named(provider))
    return pulumi.ResourceOptions(parent=around)


@pytest.mark.parametrize("given", [_one, _listed, _named, _around])
def test_a_component_hands_its_provider_on(engine: Engine, given: Callable[[Any], pulumi.ResourceOptions]) -> None:
    def program() -> None:
        cluster = k8s.Provider("cluster")
        with prepull_stack("images", opts=of(cluster)):
            Shop("shop", given(cluster))
            pod("default", "a")

    engine.run(program)
    assert (waits(engine)["shop-pod"], waits(engine)["default"]) == ({"images-gate"}, set())


def test_a_block_in_a_component_takes_what_is_of_the_components_cluster(engine: Engine) -> None:
    def program() -> None:
        cluster = k8s.Provider("cluster")
        seen = pulumi.ResourceOptions(providers=[cluster], transformations=[prepull_transformation])
        around = pulumi.ComponentResource("test:index:Around", "around", None, seen)
        with prepull_stack("images", opts=pulumi.ResourceOptions(parent=around)):
            pod("a", "a", provider=cluster)
            pod("b", "b", parent=around)

    engine.run(program)
    assert (waits(engine)["a"], waits(engine)["b"]) == ({"images-gate"}, {"images-gate"})


def test_a_provider_that_the_users_transformation_gives_counts(engine: Engine) -> None:
    def program() -> None:
        cluster = k8s.Provider("cluster")

        def given(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult:
            options = pulumi.ResourceOptions.merge(args.opts, of(cluster))
            return pulumi.ResourceTransformationResult(args.props, options)

        pulumi.runtime.register_stack_transformation(given)
        with prepull_stack("images"):
            pod("a", "a")

    engine.run(program)
    assert waits(engine)["a"] == {"images-gate"}


def test_a_runtime_class_of_another_cluster_says_nothing(engine: Engine) -> None:
    def program() -> None:
        k8s.node.v1.RuntimeClass(
            "class",
            metadata={"name": "gpu"},
            handler="runc",
            scheduling={"node_selector": {"pool": "gpu"}},
            opts=of(k8s.Provider("other")),
        )
        with prepull_stack("images"):
            k8s.core.v1.Pod("web", spec={"runtime_class_name": "gpu", "containers": [{"name": "app", "image": "a"}]})

    engine.run(program)
    assert waits(engine)["web"] == {"images-gate"}
