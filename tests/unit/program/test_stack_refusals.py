"""Blocks whose images cannot all be known or pulled, with Pulumi's mocks: what the errors say."""

from __future__ import annotations

import asyncio
from typing import Any

import pulumi
import pulumi_kubernetes as k8s
import pytest
from prepull import PrePullArgumentError, prepull_stack
from prepull.program.stack import collection

from ..conftest import Engine
from .blocks import library, pod, run, waiting


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


def test_what_is_left_out_is_said_and_not_pulled(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(pulumi.log, "warn", said.append)
    windows: Any = {"os": {"name": "windows"}, "containers": [{"name": "app", "image": "windows"}]}
    gateway: Any = {"containers": [{"name": "istio-proxy", "image": "auto"}, {"name": "app", "image": "b"}]}

    def rest() -> None:
        pod("template", "{{ .Values.image }}")
        k8s.core.v1.Pod("gateway", spec=gateway)
        k8s.core.v1.Pod("windows", spec=windows)
        k8s.core.v1.Pod("unwanted", spec=windows)

    assert run(engine, rest, args={"images": ["windows"]}, exclude="unwanted") == library("windows", "b")
    assert waiting(engine) == {"gateway"}
    to_do, image = "to pull that image, write it in images", "spec.containers[0].image"
    assert sorted(said) == [
        f"left out: Pod 'gateway': {image}: 'auto' is no image: Istio puts one in when a pod starts; {to_do}",
        f"left out: Pod 'template': {image}: '{{{{ .Values.image }}}}' is no image: another tool replaces it; {to_do}",
        "left out: Pod 'windows': spec.os.name: windows: no Linux node runs it",
    ]


def test_if_all_is_left_out_the_error_leads_to_the_warnings(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulumi.log, "warn", lambda _: None)
    with pytest.raises(pulumi.RunError, match=r"the block has no workload; .* Warnings name the workloads that are l"):
        run(engine, lambda: pod("empty", ""))


def test_wrong_arguments_are_the_only_thing_that_is_said(engine: Engine) -> None:
    with pytest.raises(PrePullArgumentError, match="timeout: 'soon' is not a duration"):
        run(engine, lambda: None, args={"timeout": "soon"})
    with pytest.raises(PrePullArgumentError, match=r"images\[0\]: 7 is not a text"):
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


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the log says in a program whose patience is soon at its end."""
    monkeypatch.setattr(collection, "_PATIENCE_SECONDS", 0.3)
    lines: list[str] = []
    monkeypatch.setattr(pulumi.log, "info", lines.append)
    return lines


def test_a_circle_ends_with_the_names_of_what_is_not_known(engine: Engine, said: list[str]) -> None:
    def declare_registry() -> Any:
        registry = pod("registry", "registry")
        return k8s.core.v1.ConfigMap("built", data={"a": "b"}, opts=pulumi.ResourceOptions(depends_on=[registry]))

    def inside() -> None:
        pod("first", "a")
        tag = pulumi.Output.format("{0}:{1}", declare_registry().data["a"], "1")
        pod("second", pulumi.Output.all(tag, "x").apply(lambda known: known[0]))

    pending = (
        "which images these run: Pod 'second'; ConfigMap 'built' waits for Pod 'registry', which waits for the images; "
        "if they wait for a workload that waits for the images, declare it outside the block"
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


class Shop(pulumi.ComponentResource):
    """A component whose child has the same name in each of them."""

    def __init__(self, name: str) -> None:
        super().__init__("test:index:Shop", name)
        pod("web", "a", parent=self)


@pytest.mark.parametrize(
    "declare",
    [lambda: [pod("web", "a"), pod("web", "b")], lambda: [Shop("one"), Shop("two")]],
    ids=["twice", "in two components of one type"],
)
def test_a_workload_that_is_declared_twice_is_refused_before_anything_is_pulled(engine: Engine, declare: Any) -> None:
    with pytest.raises(pulumi.RunError, match=r"^prepull_stack 'images': Pod 'web' is declared twice; Pulumi tells"):
        run(engine, declare)
    assert engine.find("DaemonSet") == engine.find("Pod") == []


def test_workloads_of_different_parents_may_have_the_same_name(engine: Engine) -> None:
    def rest() -> None:
        Shop("shop")
        pod("web", "b")

    assert run(engine, rest) == library("a", "b")


NEVER_ENTERED = r"`with prepull_stack\('images', …\) as images:`> was never entered, and so nothing waits for its im"


@pytest.mark.usefixtures("said")
def test_a_call_without_with_fails_the_program(engine: Engine) -> None:
    # As a module's variable does, it outlives the program.
    kept: list[Any] = []

    def alone() -> None:
        kept.append(prepull_stack("images"))
        pod("a", "a")

    with pytest.raises(pulumi.RunError, match=NEVER_ENTERED):
        engine.run(alone)


@pytest.mark.usefixtures("said")
def test_a_call_without_with_is_nothing_to_depend_on(engine: Engine) -> None:
    def depend() -> None:
        images: Any = prepull_stack("images")
        pod("a", "a", depends_on=[images])

    with pytest.raises(pulumi.RunError, match=NEVER_ENTERED):
        engine.run(depend)
    assert engine.find("Pod") == []


def test_a_block_that_nobody_ends_deploys_nothing_and_says_so(engine: Engine, said: list[str]) -> None:
    def program() -> None:
        prepull_stack("images", {"images": ["b"], "timeout": "900ms"}).__enter__()
        pod("a", "a")

    way_out = "`with prepull_stack(…) as …:` ends it, unless what is awaited there waits for its workloads"
    with pytest.raises(pulumi.RunError) as failure:
        engine.run(program)
    assert str(failure.value) == f"prepull_stack 'images': the block has not ended after 900ms; {way_out}"
    assert said == [f"prepull_stack 'images': waits for the end of the block; {way_out}"]
    assert engine.find("Pod") == engine.find("DaemonSet") == []


def test_a_block_that_awaits_its_own_workload_ends_with_a_message(engine: Engine, said: list[str]) -> None:
    async def main() -> None:
        with prepull_stack("images", {"timeout": "900ms"}):
            await pod("a", "a").metadata.future()

    def program() -> None:
        later: Any = main()
        pulumi.Output.from_input(later)

    with pytest.raises(pulumi.RunError, match=r"has not ended after 900ms; .*, unless what is awaited there waits for"):
        engine.run(program)
    assert len(said) == 1


def test_a_block_may_await_what_takes_long(engine: Engine, said: list[str]) -> None:
    async def main() -> None:
        with prepull_stack("images"):
            await asyncio.sleep(0.5)
            pod("a", "a")

    def program() -> None:
        later: Any = main()
        pulumi.Output.from_input(later)

    engine.run(program)

    assert waiting(engine) == {"a"}
    assert sum("waits for the end of the block" in line for line in said) == 1
