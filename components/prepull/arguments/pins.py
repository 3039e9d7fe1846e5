"""Pins a plan's tags to digests: decides which images need one, and puts the answers into the plan. No I/O of its own.

The function that resolves tags is an argument. By default it asks the registries. That needs the packages of an extra,
which are imported only if there is something to pin.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from ..images.references import Reference
from ..images.registry.failures import Unresolved
from ..plan import Plan
from .check import InvalidArgumentError

Resolve = Callable[[Sequence[Reference]], Sequence["str | Unresolved"]]
"""Gets references by tag, and returns for each of them, in their order, its digest or why there is none."""


class UnpinnableError(Exception):
    """Images could not be pinned; the message has a line for each."""


def pinned(name: str, plan: Plan, *, warn: Callable[[str], None], resolve: Resolve | None = None) -> Plan:
    """Pin the images of a plan that asks for it.

    References by digest stay as they are. With `mirrors`, the digest is that of the mirror's image, since this is what
    the nodes pull.

    Args:
        name: the component's name, for the message.
        plan: the plan. Without `pin_digests` it is returned as it is.
        warn: is called with a message about images that keep their tags, with `on_pin_failure: warn`.
        resolve: finds the digests. Default: ask the registries.

    Raises:
        UnpinnableError: some images have no digest, unless `on_pin_failure` is `warn`.
        InvalidArgumentError: the packages of the extra `digests` are not installed.
    """
    by_tag = [image for image in plan.images if image.digest is None]
    if not plan.pin_digests or not by_tag:
        return plan
    answers = dict(zip(by_tag, (resolve or _registries(name))([plan.source(image) for image in by_tag]), strict=True))
    failures = {image: answer.reason for image, answer in answers.items() if isinstance(answer, Unresolved)}
    if failures:
        message = _message(name, plan, failures, len(by_tag))
        if plan.on_pin_failure == "fail":
            raise UnpinnableError(f"{message}\nCorrect them, or let them keep their tags: on_pin_failure: 'warn'")
        warn(f"{message}\nThey keep their tags (on_pin_failure: 'warn')")
    digests = {image: answer for image, answer in answers.items() if isinstance(answer, str)}
    images = [replace(image, digest=digests.get(image, image.digest)) for image in plan.images]
    return replace(
        plan,
        images=tuple(dict.fromkeys(images)),
        pinned=tuple(replace(image, digest=digest) for image, digest in digests.items()),
    )


def _message(name: str, plan: Plan, failures: dict[Reference, str], asked: int) -> str:
    lines = [f"PrePullDaemonSet '{name}': {len(failures)} of {asked} images cannot be pinned to their digests:"]
    for image, reason in failures.items():
        source = plan.source(image)
        where = "" if source == image else f", which is pulled as '{source}'"
        lines.append(f"  - '{image}'{where}: {source.registry}: {reason}")
    return "\n".join(lines)


def _registries(name: str) -> Resolve:
    try:
        from ..images.registry.ask import resolve  # noqa: PLC0415 - needs the packages of an extra
    except ModuleNotFoundError as error:
        raise InvalidArgumentError(
            f"PrePullDaemonSet '{name}': pin_digests: the package '{error.name}' is not installed; "
            "install the extra that has it: pip install 'pulumi-prepull[digests]'"
        ) from None
    return resolve
