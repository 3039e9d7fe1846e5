"""The lab cluster, brought up once for all tests, and a namespace with a Pulumi stack for each of them."""

from __future__ import annotations

import gc
import json
import os
import re
import secrets
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pulumi
import pytest
from prepull import PrePullDaemonSet, PrePullDaemonSetArgs
from pulumi import automation as auto

from lab import Lab, LabError
from lab.images.oci import Image, Index, layer, noise

from .faulty_registry import ADDRESS, FaultyRegistry, running

HERE = Path(__file__).parent
# What the lab puts into its own registry: one small image with every client.
PULLER_IMAGE = "registry:5000/prepull/puller:dev"


# Before xdist reads the groups.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker("kind")
            item.add_marker(pytest.mark.timeout(600, func_only=True))
            # The nodes know it by one name, and so one process has it at a time.
            if "registry" in getattr(item, "fixturenames", ()):
                item.add_marker(pytest.mark.xdist_group("faulty registry"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show what was in a failed test's namespace; it is gone when somebody reads that the test failed."""
    outcome = yield
    found = getattr(item, "funcargs", {})
    if outcome.failed and "lab" in found and "namespace" in found:
        outcome.sections.append((f"namespace {found['namespace']}", _story(found["lab"], found["namespace"])))
    return outcome


def _story(lab: Lab, namespace: str) -> str:
    questions = (
        ("get", "pods", f"--namespace={namespace}", "--output=wide"),
        ("get", "events", f"--namespace={namespace}", "--sort-by=.lastTimestamp"),
        ("get", "nodes"),
        ("get", "pods", "--namespace=kube-system"),
    )
    answers = []
    for question in questions:
        try:
            answers.append(lab.cluster.kubectl(*question))
        except LabError as error:
            answers.append(str(error))
    return "\n".join(answers)


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    """The checkout's lab, left as it was found: up or down. One of several processes leaves it up for the others."""
    lab = Lab.of_checkout()
    stays = lab.is_up() or "PYTEST_XDIST_WORKER" in os.environ
    lab.up()
    # Compiling all of Pulumi's packages costs more than the few modules that a program imports.
    foreign, own = dict(os.environ), lab.environ | {"PIP_NO_COMPILE": "1"}
    os.environ.clear()
    os.environ.update(own)
    try:
        yield lab
    finally:
        os.environ.clear()
        os.environ.update(foreign)
        if not stays:
            lab.down()


@pytest.fixture
def namespace(lab: Lab, request: pytest.FixtureRequest) -> Iterator[str]:
    """A namespace of the test's own."""
    words = re.sub(r"[^a-z0-9]+", "-", request.node.name.lower()).strip("-")[:40].strip("-")
    name = f"{words}-{secrets.token_hex(3)}"
    lab.cluster.kubectl("create", "namespace", name)
    yield name
    lab.cluster.kubectl("delete", "namespace", name, "--wait=false", "--ignore-not-found")


@dataclass
class Result:
    """What `pulumi` did and said."""

    screen: str
    outputs: dict[str, Any] = field(default_factory=dict)
    changes: dict[str, int] = field(default_factory=dict)


def changed_by(summary: Mapping[Any, int]) -> dict[str, int]:
    """What was done to how many resources. What was only read is no change, as `--expect-no-changes` has it too."""
    counts = {str(getattr(operation, "value", operation)): number for operation, number in summary.items()}
    return {operation: number for operation, number in counts.items() if operation != "read"}


class UpFailed(Exception):  # noqa: N818 - it is an outcome, which tests ask about
    """`pulumi up` ended with an error; the text is what was on the screen."""


@dataclass
class Stack:
    """A stack of a test's own: its program is a function, its backend a temporary directory."""

    name: str
    namespace: str
    directory: Path
    _stack: auto.Stack | None = None

    def program(
        self, args: dict[str, Any], then: Callable[[PrePullDaemonSet], Any] | None = None
    ) -> Callable[[], None]:
        """The smallest program: one component, all of its outputs exported; then whatever builds on it."""

        def declare() -> None:
            ours = {"namespace": self.namespace, "puller_image": PULLER_IMAGE, "gate_image": PULLER_IMAGE}
            component = PrePullDaemonSet("images", cast(PrePullDaemonSetArgs, {**ours, **args}))
            for output in ("daemon_set_name", "namespace", "images", "ready_nodes", "desired_nodes"):
                pulumi.export(output, getattr(component, output))
            if then:
                then(component)

        return declare

    def _select(self, program: Callable[[], Any]) -> auto.Stack:
        options = auto.LocalWorkspaceOptions(
            work_dir=str(self.directory),
            env_vars={"PULUMI_BACKEND_URL": f"file://{self.directory}"},
            project_settings=auto.ProjectSettings("tests", "python"),
        )
        self._stack = auto.create_or_select_stack(
            stack_name=self.name, project_name="tests", program=program, opts=options
        )
        return self._stack

    def up(self, what: dict[str, Any] | Callable[[], Any], **options: Any) -> Result:
        """Run `pulumi up` with a component's arguments, or with a whole program."""
        lines: list[str] = []
        stack = self._select(what if callable(what) else self.program(what))
        try:
            done = stack.up(on_output=lines.append, on_error=lines.append, color="never", **options)
        except auto.CommandError as error:
            raise UpFailed("\n".join([*lines, str(error)])) from None
        outputs = {key: output.value for key, output in done.outputs.items()}
        return Result("\n".join(lines), outputs, changed_by(done.summary.resource_changes or {}))

    def preview(self, what: dict[str, Any] | Callable[[], Any], **options: Any) -> Result:
        """Run `pulumi preview`."""
        lines: list[str] = []
        done = self._select(what if callable(what) else self.program(what)).preview(
            on_output=lines.append, color="never", **options
        )
        return Result("\n".join(lines), changes=changed_by(done.change_summary))

    def destroy(self) -> Result:
        """Run `pulumi destroy`."""
        assert self._stack is not None
        lines: list[str] = []
        done = self._stack.destroy(on_output=lines.append, color="never")
        return Result("\n".join(lines), changes=changed_by(done.summary.resource_changes or {}))

    def export(self) -> str:
        """The stack's state, as `pulumi stack export` prints it."""
        assert self._stack is not None
        return json.dumps(self._stack.export_stack().deployment)

    def close(self) -> None:
        """Remove whatever a test left, so that the next one finds a clean cluster."""
        if self._stack is not None:
            self._stack.destroy(color="never")


@pytest.fixture
def stack(lab: Lab, namespace: str, tmp_path: Path) -> Iterator[Stack]:  # noqa: ARG001 - the lab's environment
    """A stack in the test's namespace, destroyed afterwards."""
    made = Stack("test", namespace, tmp_path)
    yield made
    made.close()
    # As for the unit tests' engine: what a failed program leaves is better collected here than anywhere.
    gc.collect()


@dataclass
class Images:
    """Images of a test's own in the lab's registry, which are on no node yet."""

    lab: Lab
    prefix: str
    made: list[str] = field(default_factory=list)

    def push(self, name: str = "app", tag: str = "v1", *, size: int = 1000, image: Image | Index | None = None) -> str:
        """Push an image, and return the reference that the nodes pull it by."""
        repository = f"{self.prefix}/{name}"
        content = image or Image((layer({"data": noise(size, seed=f"{repository}:{tag}")}),))
        self.lab.registry.client.push(repository, tag, content)
        reference = f"{self.lab.registry.address}/{repository}:{tag}"
        self.made.append(reference)
        return reference

    def push_faulty(self, name: str, *, size: int = 1000) -> str:
        """Push an image, and return the reference that leads to it through the faulty registry."""
        reference = self.push(name, size=size).replace(self.lab.registry.address, ADDRESS, 1)
        self.made.append(reference)
        return reference

    def nodes_with(self, reference: str, runtime: Any = "cri") -> set[str]:
        """The nodes whose own runtime says that it has the image."""
        nodes = self.lab.nodes
        return {
            node
            for node in nodes.names()
            if any(reference in image.references for image in nodes.images(node, runtime))
        }

    def remove(self) -> None:
        """Take them from every node again."""
        for node in self.lab.nodes.names():
            for reference in self.made:
                self.lab.nodes.remove_image(node, reference)


@pytest.fixture
def images(lab: Lab) -> Iterator[Images]:
    """Images of the test's own, removed from the nodes afterwards."""
    made = Images(lab, f"test-{secrets.token_hex(4)}")
    yield made
    made.remove()


def failed_up(stack: Stack, args: dict[str, Any]) -> str:
    """Run `pulumi up` that is to fail, at the first attempt of each image; return what was on the screen."""
    with pytest.raises(UpFailed) as failure:
        stack.up({"attempts": 1, "timeout": "3m", **args})
    screen = str(failure.value)
    print(screen)  # for whoever reads why a test failed
    return screen


@pytest.fixture
def registry(lab: Lab) -> Iterator[FaultyRegistry]:
    """A registry that does what is asked of it; images are in it as soon as they are in the lab's own."""
    with running(lab) as made:
        yield made


@pytest.fixture
def kubectl(lab: Lab, namespace: str) -> Callable[..., Any]:
    """Ask the API server within the test's namespace; JSON comes back as data."""

    def run(*arguments: str) -> Any:
        printed = lab.cluster.kubectl("--namespace", namespace, *arguments)
        return json.loads(printed) if "--output=json" in arguments else printed

    return run
