"""The check of all arguments together: unknown names, wrong values, and values that do not go together.

Each complaint names the argument, the value and the way out.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from typing import Any

from ..defaults import BUSYBOX_IMAGE, K3S_IMAGE, PYTHON_IMAGE
from ..images import references
from ..plan import Plan
from ..runtimes import RUNTIMES, Runtime
from .readers import InvalidValueError
from .table import ARGUMENTS

# Each list is one environment variable of a container, which Linux limits to 128 KiB (MAX_ARG_STRLEN, execve(2)).
_LIST_BYTES = 100_000
# What a digest that is still to be resolved adds to a reference.
_DIGEST_BYTES = len("@sha256:") + 64


class InvalidArgumentError(ValueError):
    """One or more arguments are wrong; the message has a line for each."""


def check(name: str, args: Mapping[str, Any]) -> Plan:
    """Check and complete the arguments of a PrePullDaemonSet.

    Args:
        name: the component's name, for the message.
        args: the arguments by their Python names; None counts as absent.

    Returns:
        The plan.

    Raises:
        InvalidArgumentError: with one line for each argument that is wrong.
    """
    given = {key: value for key, value in args.items() if value is not None}
    fields, complaints = _read({**dict.fromkeys(ARGUMENTS), **given})
    if "runtime" in fields:
        complaints.extend(_refused(RUNTIMES[fields["runtime"]], fields))
    if not complaints:
        plan = _complete(fields)
        complaints = [*_too_long(plan), *_unnamable(plan)]
        if not complaints:
            return plan
    raise InvalidArgumentError(message(name, complaints))


def message(name: str, complaints: Sequence[str]) -> str:
    """The text of an error about a component's arguments, with one line for each complaint."""
    lines = "".join(f"\n  - {complaint}" for complaint in complaints)
    return f"PrePullDaemonSet '{name}' cannot be deployed as it is described:{lines}"


def complaints_of(args: Mapping[str, Any]) -> list[str]:
    """Check each argument by itself.

    Arguments that are missing, or that do not go together, are for `check` to find.

    Returns:
        A line for each complaint; it begins with the argument's name.
    """
    return _read(args)[1]


def _read(args: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    fields: dict[str, Any] = {}
    found = [_unknown(str(key)) for key in args if key not in ARGUMENTS]
    for key, argument in ARGUMENTS.items():
        if key in args:
            try:
                fields[key] = argument(args[key])
            except InvalidValueError as error:
                found.extend(f"{key}{complaint}" for complaint in error.complaints)
            except RecursionError:
                found.append(f"{key}: it is nested too deeply to be read")
    return fields, found


def _unknown(key: str) -> str:
    nearest = difflib.get_close_matches(key, ARGUMENTS, n=1, cutoff=0.5)
    hint = f"did you mean '{nearest[0]}'?" if nearest else f"the arguments are {', '.join(sorted(ARGUMENTS))}"
    return f"{key}: there is no such argument; {hint}"


def _refused(runtime: Runtime, fields: Mapping[str, Any]) -> list[str]:
    """What the runtime cannot do. An argument that has its default value asks for nothing."""
    given = [key for key, value in fields.items() if key != "images" and value != ARGUMENTS[key](None)]
    complaints = [f"{key}: not with the runtime {runtime.name}: {why}" for key, why in runtime.refusals(given).items()]
    if fields.get("hold") and fields.get("on_failure") == "continue":
        complaints.append("hold: not with on_failure 'continue': an image that is missing cannot be kept in use")
    return complaints


def _complete(fields: dict[str, Any]) -> Plan:
    # Users who name a puller image have no access to our defaults, so their image must provide busybox as well.
    busybox = fields["puller_image"] or BUSYBOX_IMAGE
    puller = fields["puller_image"] or RUNTIMES[fields["runtime"]].puller_image
    # For the same reason their gate image must provide kubectl, where a taint is to be removed.
    kubectl = K3S_IMAGE if fields["gate_image"] == PYTHON_IMAGE else fields["gate_image"]
    return Plan(**{**fields, "puller_image": puller, "busybox_image": busybox, "kubectl_image": kubectl})


def _too_long(plan: Plan) -> list[str]:
    complaints = []
    sources = [source for image in plan.images if (source := plan.source(image)) != image]
    for source in sources:
        try:
            references.parse(str(source))
        except references.InvalidReferenceError as error:
            complaints.append(f"mirrors: an image cannot be pulled from there: {error}")
    for key, items in {"images": [*plan.images, *sources], "remove": plan.remove}.items():
        digests = sum(not item.digest for item in items) * _DIGEST_BYTES if key == "images" and plan.pin_digests else 0
        if sum(len(str(item)) + 1 for item in items) + digests > _LIST_BYTES:
            what = f"the {len(plan.images if key == 'images' else plan.remove)} references"
            where = " and where they are pulled from" if key == "images" and sources else ""
            complaints.append(f"{key}: {what}{where} take more than {_LIST_BYTES} bytes; use several components")
    return complaints


def _unnamable(plan: Plan) -> list[str]:
    """What Docker Engine cannot do because it names images by tag alone."""
    if plan.runtime != "docker":
        return []
    mirrored = [image for image in plan.images if plan.source(image) != image]
    if plan.pin_digests and mirrored:
        why = "Docker Engine cannot give the digest's name to an image from elsewhere"
        return [f"pin_digests: {why}; leave out mirrors or pin_digests, or configure the mirror in the Engine"]
    return [
        f"mirrors: '{image}' is known by its digest, which Docker Engine cannot give to an image from elsewhere; "
        "write a tag, or configure the mirror in the Engine"
        for image in mirrored
        if image.digest
    ]
