"""The cost of the component for Pulumi's engine: compared with a handwritten DaemonSet, and for many components.

The pods' node selector matches no node, and the program waits for nothing. So only the engine is measured. Programs run
with the lab's Pulumi against the lab's API server.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prepull.manifests import render

from bench.instruments.processes import cost_of
from bench.report.results import Comparison, Growth

if TYPE_CHECKING:
    from lab import Lab

NAMESPACE = "bench-engine"
_ARGS: dict[str, Any] = {
    "images": ["nginx:1.27", "quay.io/org/app:2"],
    "namespace": NAMESPACE,
    "node_selector": {"prepull.dev/bench": "nowhere"},
    "wait_for": "nothing",
}
# Seconds. A size that takes longer is measured once.
_SLOW_SECONDS = 30
_COMMANDS = {
    "preview": ("preview",),
    "up": ("up", "--yes", "--skip-preview"),
    "up without a change": ("up", "--yes", "--skip-preview"),
    "destroy": ("destroy", "--yes", "--skip-preview"),
}
VERBS = tuple(_COMMANDS)
# A backend of files writes the whole state after each step. This grows with the square of the resources and would be
# all that is seen of many, so it is measured by itself.
_WITHOUT_CHECKPOINTS = {"PULUMI_EXPERIMENTAL": "true", "PULUMI_SKIP_CHECKPOINTS": "true"}
_PROVIDER = "DaemonSet, ConfigMap and Job of pulumi_kubernetes"
_PLAIN = "the state written after each step, as by default"
_UNWRITTEN = "the state written at the end (PULUMI_SKIP_CHECKPOINTS)"
BY_HAND = "the same DaemonSet and ConfigMap, written by hand"


def measure(lab: Lab, sizes: Sequence[int], rounds: int, say: Callable[[str], None]) -> list[Comparison | Growth]:
    """Measure preview, up and destroy of programs, and the cost of importing the package.

    Args:
        lab: a lab that is up.
        sizes: numbers of components.
        rounds: number of rounds for each.
        say: called with a message for each run.
    """
    lab.cluster.kubectl("create", "namespace", NAMESPACE)
    try:
        against, of_many = _programs(lab, sizes, rounds, say)
        number = max(sizes)
        written = _written(lab, number, of_many.series["up"][number], say)
        return [*against, of_many, written, _imports(rounds, say)]
    finally:
        lab.cluster.kubectl("delete", "namespace", NAMESPACE, "--wait")


def _programs(
    lab: Lab, sizes: Sequence[int], rounds: int, say: Callable[[str], None]
) -> tuple[list[Comparison], Growth]:
    component, verbs = "PrePullDaemonSet", VERBS
    against: dict[str, dict[str, list[float]]] = {verb: {BY_HAND: [], component: []} for verb in verbs}
    grown: dict[str, dict[int, list[float]]] = {verb: {} for verb in verbs}
    # The first one reads all files of the SDK and the provider.
    say(f"to warm up: {_run(lab, by_hand(), ('preview',))['preview']:6.2f} s")
    for number in range(rounds):
        for form, program in ((BY_HAND, by_hand()), (component, components(1)))[:: 1 if number % 2 else -1]:
            for verb, seconds in _run(lab, program).items():
                say(f"round {number + 1} of {rounds}: {seconds:6.2f} s  {verb}, {form}")
                against[verb][form].append(seconds)
                if form == component:
                    grown[verb].setdefault(1, []).append(seconds)
        for size in sizes:
            taken = sum(sum(grown[verb].get(size, [])) for verb in verbs)
            # Another round would give no new information, and would use most of the time.
            if size == 1 or taken > _SLOW_SECONDS:
                continue
            for verb, seconds in _run(lab, components(size)).items():
                say(f"round {number + 1} of {rounds}: {seconds:6.2f} s  {verb}, {size} components")
                grown[verb].setdefault(size, []).append(seconds)
    compared = [
        Comparison(f"engine-{verb.replace(' ', '-')}", f"pulumi {verb}", "s", rounds_, base=BY_HAND)
        for verb, rounds_ in against.items()
    ]
    return compared, Growth("engine-size", "pulumi with many components", "s", "components", grown)


def _written(lab: Lab, number: int, unwritten: Sequence[float], say: Callable[[str], None]) -> Comparison:
    """What many components cost in a backend of files, which writes the whole state after each step."""
    took = _run(lab, components(number), ("up",), written=True)["up"]
    say(f"{took:6.2f} s  up, {number} components, {_PLAIN}")
    return Comparison(
        "engine-files", f"pulumi up of {number} components in a backend of files", "s",
        {_PLAIN: [took], _UNWRITTEN: unwritten}, base=_UNWRITTEN, note="One stack, which has nothing before.",
    )  # fmt: skip


def components(number: int) -> str:
    """A program with this number of components."""
    return f"""\
from prepull import PrePullDaemonSet

for index in range({number}):
    PrePullDaemonSet(f"images-{{index}}", {_ARGS})
"""


def by_hand() -> str:
    """A program with the component's objects as plain resources."""
    return f"""\
import json
from pathlib import Path

import pulumi
import pulumi_kubernetes as kubernetes

made = json.loads(Path("manifests.json").read_text())
scripts = kubernetes.core.v1.ConfigMap("images-scripts", metadata={{"namespace": "{NAMESPACE}"}}, immutable=True,
    data=made["scripts"]["data"])
spec = made["daemon-set"]["spec"]
for volume in spec["template"]["spec"]["volumes"]:
    if "configMap" in volume:
        volume["configMap"]["name"] = scripts.metadata.name
kubernetes.apps.v1.DaemonSet("images", spec=spec,
    metadata={{"namespace": "{NAMESPACE}", "annotations": {{"pulumi.com/skipAwait": "true"}}}})
"""


def _run(lab: Lab, program: str, verbs: Sequence[str] = VERBS, *, written: bool = False) -> dict[str, float]:
    """The seconds of each verb, in a stack of its own with a backend of files.

    Args:
        lab: a lab that is up.
        program: the text of the program.
        verbs: what to run.
        written: let the backend write the whole state after each step, as it does by default.
    """
    with tempfile.TemporaryDirectory() as made:
        directory = Path(made)
        project(directory)
        (directory / "__main__.py").write_text(program)
        (directory / "manifests.json").write_text(json.dumps(render.manifests("images", _ARGS)))
        without = {**lab.environ, **_WITHOUT_CHECKPOINTS}
        pulumi = pulumi_in(directory, lab.environ if written else without)
        pulumi("stack", "init", "bench")
        seconds = {verb: pulumi(*_COMMANDS[verb]) for verb in verbs}
        if "destroy" not in verbs:
            pulumi_in(directory, without)(*_COMMANDS["destroy"])
        return seconds


def project(directory: Path) -> None:
    """Make a directory a project of Pulumi's, whose programs run in this environment of Python."""
    (directory / "Pulumi.yaml").write_text(
        f"name: bench\nruntime:\n  name: python\n  options:\n    virtualenv: {Path(sys.prefix)}\n"
    )


def pulumi_in(directory: Path, environ: Mapping[str, str]) -> Callable[..., float]:
    """A function that runs Pulumi's command in a project, with a backend of files in it, and returns the seconds.

    Args:
        directory: the project's directory.
        environ: the lab's environment, and what is to be set besides.
    """
    settings = {**environ, "PULUMI_BACKEND_URL": f"file://{directory}", "PULUMI_SKIP_UPDATE_CHECK": "true"}

    def pulumi(*arguments: str) -> float:
        command = ("pulumi", "--cwd", str(directory), "--non-interactive", *arguments)
        return cost_of(*command, environ=settings).seconds

    return pulumi


def _imports(rounds: int, say: Callable[[str], None]) -> Comparison:
    statements = {
        _PROVIDER: "import pulumi_kubernetes as k8s; k8s.apps.v1.DaemonSet, k8s.core.v1.ConfigMap, k8s.batch.v1.Job",
        "the component": "from prepull import PrePullDaemonSet",
    }
    seconds: dict[str, list[float]] = {statement: [] for statement in statements}
    for number in range(rounds * 3 + 1):
        for name, statement in statements.items():
            cost = cost_of(sys.executable, "-c", statement, environ=dict(os.environ))
            if number:
                seconds[name].append(cost.processor_seconds)
    say(f"imports measured {rounds * 3} times")
    return Comparison(
        "engine-import", "Importing", "s of a core", seconds, base=_PROVIDER,
        note="A whole interpreter each. The component uses these classes.",
    )  # fmt: skip
