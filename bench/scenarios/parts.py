"""The parts of the time until all images are present."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from bench.compared.forms import OURS
from bench.instruments.arrivals import arrivals
from bench.report.results import Comparison
from bench.scenarios.pull import Pull

if TYPE_CHECKING:
    from bench.compared.image_sets import ImageSet
    from lab import Lab

_FORM = f"{OURS}, containerd"
_PARTS = (
    "apply until the pod's sandbox runs",
    "until the puller runs",
    "until the last image is there",
)


def measure(lab: Lab, images: ImageSet, rounds: int, say: Callable[[str], None], *, cold: bool) -> Comparison:
    """Measure the parts on the node that gets its last image last.

    Args:
        lab: a lab that is up.
        images: the images to pull.
        rounds: number of rounds to count. One more round before them warms up.
        say: called with a message for each round.
        cold: remove the component's own images from the nodes too.
    """
    seconds: dict[str, list[float]] = {part: [] for part in _PARTS}
    with arrivals(lab) as heard:
        pulls = Pull(lab, images, heard, cold=cold)
        with pulls.ready():
            for number in range(rounds + 1):
                parts = pulls.parts(_FORM)
                say(f"round {number} of {rounds}: {' + '.join(f'{each:.2f}' for each in parts)} s  {_FORM}")
                if number:
                    for part, took in zip(_PARTS, parts, strict=True):
                        seconds[part].append(took)
    return Comparison(
        f"parts-{pulls.name}", f"What it is made of: {pulls.title}", "s", seconds,
        note="On the node that has the last image last.",
    )  # fmt: skip
