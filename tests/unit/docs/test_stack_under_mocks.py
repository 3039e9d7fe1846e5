"""A stack that has the component, tested as its author would test it: with the mocks of Pulumi's documentation."""

from __future__ import annotations

import asyncio
import gc
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pulumi
import pulumi_kubernetes as k8s
import pytest
from prepull import PrePullArgumentError, PrePullDaemonSet, prepull_stack
from pulumi.runtime import settings

from ...blocks import ROOT, blocks_of

Answer = Callable[[pulumi.runtime.MockResourceArgs], Any]


class MyMocks(pulumi.runtime.Mocks):
    """The documentation's, but for what a test gives it to answer; it remembers the order of creation."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.created: list[str] = []
        self.types: list[str] = []

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> Any:
        self.created.append(args.name)
        self.types.append(args.typ)
        return self.answer(args)

    def call(self, args: pulumi.runtime.MockCallArgs) -> Any:  # noqa: ARG002 - the name in the documentation
        return {}


def as_documented(args: pulumi.runtime.MockResourceArgs) -> Any:
    return [args.name + "_id", args.inputs]


def named(args: pulumi.runtime.MockResourceArgs) -> Any:
    metadata = {**args.inputs.get("metadata", {}), "name": args.name}
    return [args.name + "_id", {**args.inputs, "metadata": metadata}]


def like_a_cluster(args: pulumi.runtime.MockResourceArgs) -> Any:
    outputs = dict(args.inputs)
    if args.typ.startswith("kubernetes:"):
        outputs["metadata"] = {"name": args.name, "namespace": "default", **outputs.get("metadata", {})}
    if args.typ == "kubernetes:apps/v1:DaemonSet":
        outputs["status"] = {"desiredNumberScheduled": 3, "numberReady": 3}
    return [args.name + "_id", outputs]


ANSWERS: dict[str, Answer] = {
    "those of the documentation": as_documented,
    "no id": lambda args: [None, args.inputs],
    "an empty id": lambda args: ["", args.inputs],
    "no outputs": lambda args: [args.name + "_id", {}],
    "a name": named,
    "a cluster's": like_a_cluster,
}
NGINX = "docker.io/library/nginx:1.27"
TAINT = "example.com/images-missing"


@pytest.fixture(autouse=True)
def _pulumi_as_it_was() -> Iterator[None]:
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    yield
    settings.reset_options()
    asyncio.set_event_loop(None)
    loop.close()
    gc.collect()  # as in conftest.py


def outputs_of(images: PrePullDaemonSet) -> pulumi.Output[list[Any]]:
    outputs: pulumi.Output[list[Any]] = pulumi.Output.all(
        images.daemon_set_name, images.namespace, images.images, images.ready_nodes, images.desired_nodes
    )
    return outputs


EVERY_MOCK = pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS.keys())
ARGUMENTS: dict[str, Callable[[], dict[str, Any]]] = {
    "plain": lambda: {"images": ["nginx:1.27"]},
    "with a startup taint": lambda: {"images": ["nginx:1.27"], "startup_taint": TAINT},
    "images as an output": lambda: {"images": pulumi.Output.from_input(["nginx:1.27"])},
    "an image as an output": lambda: {"images": [pulumi.Output.from_input("nginx:1.27")]},
    "both": lambda: {"images": pulumi.Output.from_input(["nginx:1.27"]), "startup_taint": TAINT},
}


@EVERY_MOCK
@pytest.mark.parametrize("arguments", ARGUMENTS.values(), ids=ARGUMENTS.keys())
@pytest.mark.parametrize("preview", [False, True], ids=["up", "preview"])
def test_the_component_can_be_declared(answer: Answer, arguments: Callable[[], dict[str, Any]], preview: bool) -> None:
    mocks = MyMocks(answer)
    pulumi.runtime.set_mocks(mocks, preview=preview)
    seen: list[list[str]] = []

    @pulumi.runtime.test  # type: ignore[untyped-decorator]
    def test() -> pulumi.Output[None]:
        images = PrePullDaemonSet("images", arguments())  # type: ignore[arg-type]
        k8s.core.v1.ConfigMap("web", data={}, opts=pulumi.ResourceOptions(depends_on=[images]))
        return images.images.apply(seen.append)

    test()

    assert seen == [[NGINX]]
    assert mocks.created[-1] == "web"
    assert {"images", "images-gate"} <= set(mocks.created)


@pytest.mark.parametrize(
    ("answer", "name", "namespace", "nodes"),
    [(as_documented, None, None, 0), (named, "images", None, 0), (like_a_cluster, "images", "default", 3)],
    ids=["those of the documentation", "a name", "a cluster's"],
)
def test_the_outputs_are_what_the_mocks_tell(
    answer: Answer, name: str | None, namespace: str | None, nodes: int
) -> None:
    pulumi.runtime.set_mocks(MyMocks(answer))
    seen: list[list[Any]] = []

    @pulumi.runtime.test  # type: ignore[untyped-decorator]
    def test() -> pulumi.Output[None]:
        images = PrePullDaemonSet("images", {"images": ["nginx:1.27"]})
        return outputs_of(images).apply(seen.append)

    test()

    assert seen == [[name, namespace, [NGINX], nodes, nodes]]


@EVERY_MOCK
def test_the_workloads_of_a_block_wait(answer: Answer) -> None:
    mocks = MyMocks(answer)
    pulumi.runtime.set_mocks(mocks)
    seen: list[list[str]] = []

    @pulumi.runtime.test  # type: ignore[untyped-decorator]
    def test() -> pulumi.Output[None]:
        with prepull_stack("images") as images:
            k8s.core.v1.Pod("web", spec={"containers": [{"name": "web", "image": "nginx:1.27"}]})
        return images.images.apply(seen.append)

    test()

    assert seen == [[NGINX]]
    assert mocks.created.index("images-gate") < mocks.created.index("web")


def test_the_namespace_is_known_where_it_is_an_argument() -> None:
    pulumi.runtime.set_mocks(MyMocks(as_documented))
    seen: list[str] = []

    @pulumi.runtime.test  # type: ignore[untyped-decorator]
    def test() -> pulumi.Output[None]:
        return PrePullDaemonSet("images", {"images": ["nginx:1.27"], "namespace": "web"}).namespace.apply(seen.append)

    test()

    assert seen == ["web"]


def test_a_preview_asks_no_function_for_what_the_mocks_do_not_tell() -> None:
    pulumi.runtime.set_mocks(MyMocks(as_documented), preview=True)
    seen: list[list[Any]] = []

    @pulumi.runtime.test  # type: ignore[untyped-decorator]
    def test() -> pulumi.Output[None]:
        return outputs_of(PrePullDaemonSet("images", {"images": ["nginx:1.27"]})).apply(seen.append)

    test()

    assert seen == []


MESSAGE = "pull_policy: 'always' is not one of IfNotPresent, Always; did you mean 'Always'?"


@pytest.mark.parametrize(
    ("policy", "error"),
    [(lambda: "always", PrePullArgumentError), (lambda: pulumi.Output.from_input("always"), pulumi.RunError)],
    ids=["plain", "an output"],
)
def test_a_wrong_argument_fails_the_test_with_its_message(policy: Callable[[], Any], error: type[Exception]) -> None:
    pulumi.runtime.set_mocks(MyMocks(as_documented))

    @pulumi.runtime.test  # type: ignore[untyped-decorator]
    def test() -> None:
        PrePullDaemonSet("images", {"images": ["nginx:1.27"], "pull_policy": policy()})

    with pytest.raises(error) as raised:
        test()

    assert MESSAGE in str(raised.value)


@EVERY_MOCK
def test_a_workload_waits_for_the_pods_where_there_is_no_gate(answer: Answer) -> None:
    mocks = MyMocks(answer)
    pulumi.runtime.set_mocks(mocks)

    @pulumi.runtime.test  # type: ignore[untyped-decorator]
    def test() -> None:
        images = PrePullDaemonSet("images", {"images": ["nginx:1.27"], "wait_for": "pods"})
        pod: Any = {"containers": [{"name": "web", "image": "nginx:1.27"}]}
        k8s.core.v1.Pod("web", spec=pod, opts=pulumi.ResourceOptions(depends_on=[images]))

    test()

    assert mocks.types.index("kubernetes:apps/v1:DaemonSet") < mocks.types.index("kubernetes:core/v1:Pod")


# ---------------------------------------------------------------- docs/testing.md, as a reader copies it


def write_the_page(directory: Path) -> None:
    page = "docs/testing.md"
    files = ("infra.py", "test_infra.py", "test_outputs.py")
    for name, block in zip(files, blocks_of((ROOT / page).read_text("utf-8"), page), strict=True):
        (directory / name).write_text(block.text, "utf-8")


def pytest_of(directory: Path, file: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", file]
    return subprocess.run(command, cwd=directory, check=False, capture_output=True, text=True, timeout=300)


@pytest.mark.parametrize(("file", "tests"), [("test_infra.py", 1), ("test_outputs.py", 2)])
def test_the_tests_of_the_page_pass(file: str, tests: int, tmp_path: Path) -> None:
    write_the_page(tmp_path)

    ran = pytest_of(tmp_path, file)

    assert ran.returncode == 0, ran.stdout
    assert f"{tests} passed" in ran.stdout


def test_the_test_of_the_page_finds_a_workload_that_does_not_wait(tmp_path: Path) -> None:
    write_the_page(tmp_path)
    program = (tmp_path / "infra.py").read_text("utf-8")
    hasty = program.replace("    opts=pulumi.ResourceOptions(depends_on=[images]),\n", "")
    assert hasty != program
    (tmp_path / "infra.py").write_text(hasty, "utf-8")

    ran = pytest_of(tmp_path, "test_outputs.py")

    assert "FAILED test_outputs.py::test_the_pod_waits_for_the_images" in ran.stdout
    assert "1 failed, 1 passed" in ran.stdout
