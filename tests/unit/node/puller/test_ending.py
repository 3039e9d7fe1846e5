from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from .conftest import Node, Step, hub, in_every_shell


@dataclass(frozen=True)
class Phase:
    name: str
    reached: Callable[[Node], object]
    plan: Mapping[str, Sequence[Step]] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    image: str = hub("a:1")
    client: str = "crictl"


HANG: Sequence[Step] = [{"hang": True}]
DEAF: Sequence[Step] = [{"hang": True, "deaf": True}]


def begun(verb: str) -> Callable[[Node], object]:
    return lambda node: [call for call in node.calls() if call.verb == verb]


def left(file: str) -> Callable[[Node], object]:
    return lambda node: (node.directory / "work" / file).exists()


def filled(file: str) -> Callable[[Node], object]:
    return lambda node: left(file)(node) and (node.directory / "work" / file).read_text()


PHASES = [
    Phase("listing", begun("images"), {"images": HANG}),
    Phase("listing with docker", begun("inspect"), {"inspect": HANG}, client="docker"),
    Phase("stagger", left("0.image"), settings={"stagger_ms": 10**12}),
    Phase("pulling", begun("pull"), {"pull": HANG}),
    Phase("pulling with a client that does not heed it", begun("pull"), {"pull": DEAF}),
    Phase("backoff", filled("results"), {"pull": [{"code": 1}]}, {"attempts": 9, "backoff_ms": 60_000}),
    Phase("naming", begun("tag"), {"tag": HANG}, image=f"{hub('a:1')} mirror.example/a:1"),
    Phase("unnaming", begun("rm"), {"rm": HANG}, image=f"{hub('a:1')} mirror.example/a:1"),
    Phase("removing", begun("ps"), {"ps": HANG}, {"remove": hub("old:1")}),
    Phase("sleeping till the next refresh", left("events"), settings={"refresh_ms": 600_000}),
    Phase("refreshing", begun("pull"), {"pull": HANG}, {"refresh_ms": 50}),
]


@in_every_shell
@pytest.mark.parametrize("phase", PHASES, ids=lambda phase: phase.name)
def test_sigterm_ends_everything(node: Node, phase: Phase) -> None:
    node.socket = phase.client
    node.have(hub("old:1"))
    node.plan(phase.plan)
    run = node.start(phase.image, **phase.settings)
    run.until(lambda: phase.reached(node))
    run.terminate()
    assert run.process.returncode == 143
