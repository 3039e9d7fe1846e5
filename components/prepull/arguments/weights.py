"""What the images of a plan weigh: says it to the user, and puts it into a plan whose puller guards the disk.

Weights are read from the registries of images that `pin_digests` has pinned. No I/O of its own, as in pins.py. An image
whose weight is not known is no error: the guard then decides by what is free alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from ..images import sizes
from ..images.references import Reference
from ..images.registry.failures import Unresolved
from ..images.sizes import Weight
from ..plan import Plan

Weigh = Callable[[Sequence[Reference]], Sequence["Weight | Unresolved"]]
"""Gets references by digest, and returns for each of them, in their order, its weight or why it is not known."""


def weighed(name: str, plan: Plan, *, tell: Callable[[str], None] | None, weigh: Weigh | None = None) -> Plan:
    """Weigh the pinned images of a plan, if that is for something.

    Args:
        name: the component's name, for the message.
        plan: the plan, after `pins.pinned`.
        tell: is called with a text for the user. None: nobody is to be told.
        weigh: finds the weights. Default: ask the registries.
    """
    if not plan.pinned or (tell is None and not plan.guards_disk):
        return plan
    weights = dict(
        zip(plan.pinned, (weigh or _registries())([plan.source(image) for image in plan.pinned]), strict=True)
    )
    if tell is not None:
        lines = sizes.summary({_named(image): weight for image, weight in weights.items()})
        others = len(plan.images) - sum(image in weights for image in plan.images)
        if others:
            lines.append(f"  not asked for: {others} that {'is' if others == 1 else 'are'} not pinned by pin_digests")
        tell("\n".join([f"PrePullDaemonSet '{name}': what its images weigh, compressed:", *lines]))
    if not plan.guards_disk:
        return plan
    known = {image: weight for image, weight in weights.items() if not isinstance(weight, Unresolved)}
    found = tuple(sizes.largest(known[image]) if image in known else 0 for image in plan.images)
    return replace(plan, sizes=found)


def _named(image: Reference) -> str:
    """An image by its tag: the digest would double the line, and the plan shows it."""
    return str(replace(image, digest=None))


def _registries() -> Weigh:
    from ..images.registry.ask import weigh  # noqa: PLC0415 - needs the packages of an extra

    return weigh
