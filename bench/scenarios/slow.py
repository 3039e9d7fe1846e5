"""The time until large images are on every node, from a registry that gives each node 200 Mbit/s.

This is about the rate of a registry that is not beside the cluster. What the component adds to the pulls has to vanish
there, and it shows what several pulls at once gain.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from bench.compared.forms import OURS, Form, prepull
from bench.instruments.arrivals import arrivals
from bench.instruments.limited import limited
from bench.report.results import Comparison
from bench.scenarios.pull import Pull

if TYPE_CHECKING:
    from bench.compared.image_sets import ImageSet
    from lab import Lab

MEGABITS = 200
PARALLELISM = (1, 2, 4, 8)


def measure(lab: Lab, images: ImageSet, rounds: int, say: Callable[[str], None]) -> Iterator[Comparison]:
    """Measure the component, with several values of `parallelism` for several images. Yield results after each round.

    Args:
        lab: a lab that is up.
        images: the images to pull.
        rounds: number of rounds.
        say: called with a message for each round.
    """
    least = images.total_megabytes * 8 / MEGABITS
    with arrivals(lab) as heard, limited(lab, MEGABITS):
        for result in Pull(lab, images, heard, forms(images.number), cold=False).run(rounds, say, warm_up=0):
            yield replace(
                result,
                name=f"slow-{images}",
                title=f"{images.title}, {MEGABITS} Mbit/s for each node",
                note=f"Without anything else, {images.total_megabytes:,} MB take {least:.1f} s at this rate.",
            )


def forms(number: int) -> dict[str, Form]:
    """The forms to compare, for a number of images."""
    if number == 1:
        return {f"{OURS}, containerd": prepull("containerd")}
    return {
        f"{OURS}, containerd, parallelism {each}": prepull("containerd", parallelism=each) for each in values(number)
    }


def values(number: int) -> Sequence[int]:
    """The values of `parallelism` to compare: with more than all images at once, nothing is different."""
    return [each for each in PARALLELISM if each == 1 or each < 2 * number]
