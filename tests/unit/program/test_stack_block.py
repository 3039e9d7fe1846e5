"""A block of prepull_stack with Pulumi's mocks: its beginning, end and content, and wrong uses."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

import pulumi
import pulumi_kubernetes as k8s
import pytest
from prepull import PrePullArgumentError, prepull_stack, prepull_transformation
from pulumi.runtime import settings

from ..conftest import Engine
from .blocks import library, pod


def gates(engine: Engine) -> dict[str, set[str]]:
    """The gates that each pod waits for."""
    return {
        item.name: {urn.rpartition("::")[2] for urn in item.request.dependencies if urn.endswith("-gate")}
        for item in engine.find("Pod")
    }


def child_of(parent: pulumi.Resource) -> pulumi.ResourceOptions:
    return pulumi.ResourceOptions(parent=parent)


def test_what_is_declared_before_and_after_a_block_is_not_affected(engine: Engine) -> None:
    def program() -> dict[str, Any]:
        pod("before", "a")
        with prepull_stack("images") as images:
            pod("inside", "b")
        pod("after", "c")
        return {"images": images.images}

    assert engine.run(program) == {"images": library("b")}
    assert gates(engine) == {"before": set(), "inside": {"images-gate"}, "after": set()}


def test_after_a_block_its_component_is_as_any_other(engine: Engine) -> None:
    def program() -> dict[str, Any]:
        with prepull_stack("images") as images:
            pod("inside", "a")
        pod("after", "b", depends_on=[images])
        return {"namespace": images.namespace}

    assert engine.run(program) == {"namespace": "default"}
    assert gates(engine) == {"inside": {"images-gate"}, "after": {"images-gate"}}


def test_one_block_after_another(engine: Engine) -> None:
    def program() -> dict[str, Any]:
        with prepull_stack("one") as one:
            pod("a", "a")
        with prepull_stack("two") as two:
            pod("b", "b")
        return {"one": one.images, "two": two.images}

    assert engine.run(program) == {"one": library("a"), "two": library("b")}
    assert gates(engine) == {"a": {"one-gate"}, "b": {"two-gate"}}


def test_a_workload_belongs_to_the_innermost_block(engine: Engine) -> None:
    def program() -> dict[str, Any]:
        with prepull_stack("outer") as outer:
            pod("a", "a")
            with prepull_stack("inner") as inner:
                pod("b", "b")
            pod("c", "c")
        return {"outer": outer.images, "inner": inner.images}

    assert engine.run(program) == {"outer": library("a", "c"), "inner": library("b")}
    assert gates(engine) == {"a": {"outer-gate"}, "b": {"inner-gate"}, "c": {"outer-gate"}}
    [inner] = [item for item in engine.find("DaemonSet") if item.name.startswith("inner")]
    assert not any(urn.endswith("-gate") for urn in inner.request.dependencies)


def test_a_block_keeps_what_is_declared_for_it_later(engine: Engine) -> None:
    def later(name: str) -> None:
        pulumi.Output.from_input(name).apply(lambda known: known).apply(lambda known: pod(known, "a"))

    def program() -> None:
        with prepull_stack("one"):
            pod("a", "a")
            later("b")
        with prepull_stack("two"):
            pod("c", "c")
        later("d")

    engine.run(program)
    assert gates(engine) == {"a": {"one-gate"}, "b": {"one-gate"}, "c": {"two-gate"}, "d": set()}


def test_a_program_of_coroutines(engine: Engine) -> None:
    async def shop(name: str) -> None:
        with prepull_stack(name):
            await asyncio.sleep(0)
            pod(f"{name}-a", name)
            await asyncio.gather(cart(name), asyncio.sleep(0.01))
            pod(f"{name}-b", name)

    async def cart(name: str) -> None:
        await asyncio.sleep(0)
        pod(f"{name}-cart", name)

    async def program() -> None:
        await asyncio.gather(shop("one"), shop("two"))
        pod("after", "a")

    engine.run(lambda: {"ended": program()})
    ours = {f"{name}-{part}": {f"{name}-gate"} for name in ("one", "two") for part in ("a", "b", "cart")}
    assert gates(engine) == {**ours, "after": set()}


class Shop(pulumi.ComponentResource):
    """A component whose children are known only by their registration."""

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("test:index:Shop", name, None, opts)
        self.declare(name)

    def declare(self, name: str) -> None:
        pod(f"{name}-pod", "a", parent=self)


class ShopWithBlock(Shop):
    """A component with its own block."""

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None) -> None:
        seen = pulumi.ResourceOptions(transformations=[prepull_transformation])
        super().__init__(name, pulumi.ResourceOptions.merge(opts, seen))

    def declare(self, name: str) -> None:
        with prepull_stack(f"{name}-images", opts=child_of(self)):
            super().declare(name)


class ShopWithinBlock(Shop):
    """A component that is declared within its own block."""

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None) -> None:
        with prepull_stack(f"{name}-images"):
            super().__init__(name, opts)


def test_children_of_a_component_within_a_block(engine: Engine) -> None:
    def program() -> None:
        with prepull_stack("images"):
            Shop("shop")

    engine.run(program)
    assert gates(engine) == {"shop-pod": {"images-gate"}}


@pytest.mark.parametrize("kind", [ShopWithBlock, ShopWithinBlock])
def test_a_component_whose_constructor_has_a_block(engine: Engine, kind: Any) -> None:
    def program() -> None:
        kind("one")
        kind("two")
        pod("after", "a")

    engine.run(program)
    assert gates(engine) == {"one-pod": {"one-images-gate"}, "two-pod": {"two-images-gate"}, "after": set()}


@pytest.fixture
def provider(engine: Engine) -> Callable[[Callable[[], Any]], None]:
    """Runs what a provider constructs: there is a monitor, and no stack."""

    def run(construct: Callable[[], Any]) -> None:
        def program() -> None:
            settings.set_root_resource(None)  # type: ignore[arg-type]
            construct()

        engine.run(program)

    return run


def test_in_a_provider_there_is_no_stack(engine: Engine, provider: Callable[[Callable[[], Any]], None]) -> None:
    provider(lambda: ShopWithBlock("shop"))
    assert gates(engine) == {"shop-pod": {"shop-images-gate"}}

    with pytest.raises(PrePullArgumentError, match=r"there is no stack here; .* transformations=\[prepull_transf"):
        provider(lambda: ShopWithinBlock("other"))


def test_an_error_in_a_block_ends_the_program_and_nothing_of_the_block_is_deployed(engine: Engine) -> None:
    def mistaken() -> None:
        with prepull_stack("images"):
            pod("inside", "a")
            raise RuntimeError("the program's own mistake")

    with pytest.raises(pulumi.RunError, match=r"(?s)in mistaken.*RuntimeError: the program's own mistake"):
        engine.run(mistaken)
    assert engine.find("DaemonSet") == []
    assert "inside" not in gates(engine)


def test_an_error_that_the_program_catches_fails_it_all_the_same(engine: Engine) -> None:
    def program() -> None:
        with contextlib.suppress(pulumi.RunError), prepull_stack("images"):
            pod("inside", "a")
            raise pulumi.RunError("the program's own mistake")
        pod("after", "a")

    with pytest.raises(pulumi.RunError, match="the program's own mistake"):
        engine.run(program)
    assert engine.find("DaemonSet") == []
    assert "inside" not in gates(engine)


def test_an_empty_block(engine: Engine) -> None:
    def program() -> None:
        with prepull_stack("images"):
            k8s.core.v1.Service("service", spec={"ports": [{"port": 1}]})

    with pytest.raises(
        pulumi.RunError, match=r"^prepull_stack 'images': the block has no workload; declare workloads in it, "
    ):
        engine.run(program)
    assert engine.find("DaemonSet") == []


def test_a_block_is_entered_once(engine: Engine) -> None:
    def program() -> None:
        block = prepull_stack("images", {"images": ["a"]})
        with block:
            pass
        with block:
            pass

    with pytest.raises(PrePullArgumentError, match="prepull_stack 'images': entered a second time; call prepull_stack"):
        engine.run(program)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"names": 7}, "prepull_stack 'images': names: 7 is neither a text nor a list of texts"),
        (
            {"exclude": ["a", None]},
            "prepull_stack 'images': exclude: ['a', None] is neither a text nor a list of texts",
        ),
        ({"namespaces": {}}, "prepull_stack 'images': namespaces: {} is neither a text nor a list of texts"),
    ],
)
def test_patterns_that_are_none(options: Any, message: str) -> None:
    with pytest.raises(PrePullArgumentError) as failure:
        prepull_stack("images", **options)
    assert str(failure.value) == message


def test_a_timeout_that_is_not_known_yet(engine: Engine) -> None:
    def program() -> None:
        later: Any = {"timeout": pulumi.Output.from_input("5m")}
        with prepull_stack("images", later):
            pod("a", "a")

    with pytest.raises(PrePullArgumentError, match="timeout: it decides which resources there are"):
        engine.run(program)


def test_wrong_arguments_that_the_program_catches_fail_it_all_the_same(engine: Engine) -> None:
    def program() -> None:
        with pytest.raises(PrePullArgumentError), prepull_stack("images", {"timeout": "soon"}):
            pass
        pod("a", "a")

    with pytest.raises(PrePullArgumentError, match="timeout: 'soon' is not a duration"):
        engine.run(program)
