"""Pulumi's mocks, with a monitor that records each registration of a resource."""

from __future__ import annotations

import asyncio
import gc
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from threading import Thread
from typing import Any

import hypothesis
import pulumi
import pytest
from pulumi.runtime import mocks, rpc, settings

# How long an example takes depends on what else the machine does. A build machine tries the same examples each time:
# what it says is of the change, and new ones are for people to find.
hypothesis.settings.register_profile(
    "unit",
    deadline=None,
    derandomize="CI" in os.environ,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("unit")


@dataclass
class Registered:
    """One registration, as the engine would receive it."""

    type: str
    name: str
    inputs: dict[str, Any]
    request: Any


@dataclass
class Recorder(mocks.Mocks):
    """Answers as the Kubernetes provider does: with generated names, and with the provider's namespace."""

    registered: list[Registered] = field(default_factory=list)
    read: list[Any] = field(default_factory=list)
    """Requests that read existing objects."""
    renders: bool = False
    """Whether it writes files instead of deploying, as with `render_yaml_to_directory`. There is then no status."""
    answers: dict[str, Any] = field(default_factory=dict)
    """The answers of providers' functions, by token."""
    calls: list[tuple[str, dict[Any, Any]]] = field(default_factory=list)

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        outputs = dict(args.inputs)
        given = outputs.get("metadata", {})
        # Without a name if the metadata are unknown as a whole, as in some previews.
        if args.typ.startswith("kubernetes:") and isinstance(given, dict):
            namespace = {} if self.renders else {"namespace": "default"}
            outputs["metadata"] = {"name": f"{args.name}-1a2b3c4d", **namespace, **given}
            if not self.renders:
                outputs["metadata"]["uid"] = f"uid-of-{args.name}"
            if args.typ.endswith(":DaemonSet") and not self.renders:
                # A new DaemonSet has no ready pod yet; one that is read later has.
                outputs["status"] = {"desiredNumberScheduled": 3, "numberReady": 2 if args.resource_id else 0}
            return self._id(args.typ, outputs["metadata"]), outputs
        return f"{args.name}-id", outputs

    @staticmethod
    def _id(type_: str, metadata: dict[str, Any]) -> str:
        """An ID in the provider's form: the name, after the namespace if the object has one."""
        namespace = (
            None
            if type_.partition(":rbac.")[2].startswith("authorization.k8s.io/v1:Cluster")
            else metadata.get("namespace")
        )
        return f"{namespace}/{metadata['name']}" if namespace else str(metadata["name"])

    def call(self, args: pulumi.runtime.MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]]]:
        assert args.token in self.answers, f"this function is not called here: {args.token}"
        self.calls.append((args.token, args.args))
        return self.answers[args.token], []


class _Monitor(mocks.MockMonitor):
    mocks: Recorder

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - the name in Pulumi's protocol
        self.mocks.registered.append(
            Registered(request.type, request.name, rpc.deserialize_properties(request.object), request)
        )
        return super().RegisterResource(request)  # type: ignore[no-untyped-call]

    def ReadResource(self, request: Any) -> Any:  # noqa: N802 - likewise
        self.mocks.read.append(request)
        return super().ReadResource(request)  # type: ignore[no-untyped-call]


@dataclass
class Engine:
    """Runs a program with the mocks, and records its registrations."""

    recorder: Recorder = field(default_factory=Recorder)

    def run(self, program: Callable[[], Any], *, preview: bool = False) -> dict[str, Any]:
        """Run a program to its end. If it returns a mapping of outputs, return their values."""
        mocks.set_mocks(self.recorder, monitor=_Monitor(self.recorder), preview=preview)
        seen: dict[str, Any] = {}

        def remember(value: dict[str, Any]) -> None:
            seen.update(value)

        def wrapped() -> pulumi.Output[Any] | None:
            outputs = program()
            return pulumi.Output.from_input(outputs).apply(remember) if isinstance(outputs, dict) else None

        pulumi.runtime.test(wrapped)()  # type: ignore[no-untyped-call]
        return seen

    def find(self, kind: str) -> list[Registered]:
        """The registrations with a type whose last part is `kind`."""
        return [item for item in self.recorder.registered if item.type.rpartition(":")[2] == kind]

    def only(self, kind: str) -> Registered:
        """The single registration of that kind."""
        found = self.find(kind)
        assert len(found) == 1, f"{kind}: {[item.name for item in found]}"
        return found[0]


@pytest.fixture
def engine() -> Iterator[Engine]:
    """A new engine with its own event loop: Pulumi uses the thread's loop, which other code may have closed."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    yield Engine()
    settings.reset_options()
    asyncio.set_event_loop(None)
    loop.close()
    # Failed futures print a traceback when they are collected. Python 3.11 parses source for that, and breaks if it is
    # parsing already. So collect them here.
    gc.collect()


@pytest.fixture
def meanwhile() -> Iterator[Callable[..., None]]:
    """Let something happen while a program runs: a condition, then what happens."""
    threads: list[Thread] = []

    def change(ready: Callable[[], bool], *actions: Callable[[], Any]) -> None:
        def act() -> None:
            _eventually(ready)
            for action in actions:
                action()

        threads.append(Thread(target=act, daemon=True))
        threads[-1].start()

    yield change
    for thread in threads:
        thread.join(20)


def _eventually(condition: Callable[[], bool], seconds: float = 20) -> None:
    """Wait until a condition holds, or until the time is up."""
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
