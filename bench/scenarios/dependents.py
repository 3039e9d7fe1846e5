"""The time until what depends on the images goes on, in one `pulumi up`: with the gate, and with other ways to wait.

The clock starts when the API server has the first object of a form, and ends when it has the workload: no start of a
program counts. All images are on the nodes, those that the forms run as well, so that what is measured is the wait
itself. The second run has one image in place of another, of 4 MB, which the nodes have to pull.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from prepull.defaults import PYTHON_IMAGE

from bench.compared.forms import HELPERS
from bench.compared.image_sets import ImageSet
from bench.compared.waits import GATE, HOOK, PODS, WORKLOAD, programs
from bench.instruments.api import NAMESPACE, Api
from bench.instruments.changes import Changes, changes
from bench.instruments.clean import clean, fetch
from bench.report.results import Comparison
from bench.scenarios.engine import project, pulumi_in
from bench.scenarios.turns import turns

if TYPE_CHECKING:
    from lab import Lab

DEADLINE_SECONDS = 60
FORMS = (GATE, PODS, HOOK)
OTHER = ImageSet(1, 4)
_FIRST, _CHANGE = "first", "change"
_TITLES = {
    _FIRST: "The first pulumi up, all images there",
    _CHANGE: "pulumi up with one image in place of another",
}


def measure(lab: Lab, images: ImageSet, rounds: int, say: Callable[[str], None]) -> list[Comparison]:
    """Measure how long the workload waits, and how much of this is after the DaemonSet is ready.

    Args:
        lab: a lab that is up.
        images: the images.
        rounds: number of rounds.
        say: called with a message for each run.
    """
    waited: dict[str, dict[str, list[float]]] = {run: {form: [] for form in FORMS} for run in _TITLES}
    beyond: dict[str, dict[str, list[float]]] = {run: {form: [] for form in FORMS} for run in _TITLES}
    references, [other] = images.push(lab), OTHER.push(lab)
    fetch(lab, [*HELPERS, PYTHON_IMAGE, *references])
    for number, form in turns(FORMS, rounds):
        clean(lab, [other])
        texts = [programs(NAMESPACE, each)[form] for each in (references, [*references[:-1], other])]
        for run, heard in zip(_TITLES, _runs(lab, texts), strict=True):
            total, after = times(heard)
            say(f"round {number} of {rounds}: {total:6.2f} s, {after:+.2f} s after Ready  {run}, {form}")
            waited[run][form].append(total)
            beyond[run][form].append(after)
    clean(lab, [*references, other])
    what = {
        "": ("until the workload is created", waited, "From the first object of the form."),
        "-beyond": ("how much of that is after the DaemonSet is ready", beyond, "Below zero: before it is ready."),
    }
    return [
        Comparison(f"dependents-{run}{suffix}", f"{_TITLES[run]} ({images.title}): {text}", "s", found[run], note=note)
        for run in _TITLES
        for suffix, (text, found, note) in what.items()
    ]


def times(heard: Changes) -> tuple[float, float]:
    """Seconds from the first object to the workload, and from the DaemonSet's being ready to the workload.

    Raises:
        RuntimeError: one of them was not heard of.
    """
    if heard.first is None or heard.ready is None or heard.workload is None:
        raise RuntimeError("the first object, the DaemonSet's being ready or the workload was not heard of")
    return heard.workload - heard.first, heard.workload - heard.ready


def _runs(lab: Lab, texts: list[str]) -> Iterator[Changes]:
    """Run `pulumi up` with one program after the other in one stack, and yield what was heard of each."""
    api = Api(lab)
    with api.namespace(), changes(api.client, NAMESPACE, WORKLOAD) as heard, _stack(lab) as (directory, pulumi):
        for text in texts:
            (directory / "__main__.py").write_text(text)
            heard.forget()
            pulumi("up", "--yes", "--skip-preview")
            heard.wait(DEADLINE_SECONDS)
            yield heard


@contextmanager
def _stack(lab: Lab) -> Iterator[tuple[Path, Callable[..., object]]]:
    """An empty stack with a backend of files, which is destroyed after the block."""
    with tempfile.TemporaryDirectory() as made:
        directory = Path(made)
        project(directory)
        pulumi = pulumi_in(directory, lab.environ)
        pulumi("stack", "init", "bench")
        try:
            yield directory, pulumi
        finally:
            pulumi("destroy", "--yes", "--skip-preview")
