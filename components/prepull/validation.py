"""Every check of an input, each with a message that a person can act on: the argument, the value, the way out."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from . import durations, references
from .defaults import BUSYBOX_IMAGE, K3S_IMAGE, PAUSE_IMAGE
from .plan import EVERY_TAINT, Plan
from .references import Reference
from .runtimes import RUNTIMES, Runtime

T = TypeVar("T")

_LABEL_KEY = re.compile(r"(?:[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?/)?[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?")
_LABEL_VALUE = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?")
_NAMESPACE = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_OBJECT_NAME = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?")
_SOCKET_PATH = re.compile(r"(?:/[A-Za-z0-9_][A-Za-z0-9_.@+-]*)+")
_TAINT_EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")
_TOLERATION_OPERATORS = ("Exists", "Equal")
# The list travels in one environment variable, which Linux limits to 128 KiB (MAX_ARG_STRLEN, execve(2)).
_IMAGES_BYTES = 100_000
_LARGEST_COUNT = 1000
_SHORTEST_REFRESH_MS = 10_000


class InvalidArgumentError(ValueError):
    """One or more arguments are wrong; the message has a line for each."""


class _Wrong(Exception):  # noqa: N818 - never leaves this module
    """A single complaint, without the name of its argument."""


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
    complaints = [_unknown(key) for key in given if key not in ARGUMENTS]
    fields: dict[str, Any] = {}
    for key, read in ARGUMENTS.items():
        try:
            fields[key] = read(given.get(key))
        except _Wrong as wrong:
            complaints.append(f"{key}{wrong}" if str(wrong).startswith("[") else f"{key}: {wrong}")
    if "runtime" in fields:
        complaints.extend(_refused(RUNTIMES[fields["runtime"]], fields))
    if not complaints:
        return _complete(fields)
    lines = "".join(f"\n  - {complaint}" for complaint in complaints)
    raise InvalidArgumentError(f"PrePullDaemonSet '{name}' cannot be deployed as it is described:{lines}")


def _refused(runtime: Runtime, fields: Mapping[str, Any]) -> list[str]:
    """What the runtime cannot do; an argument that says what is the default anyway asks for nothing."""
    given = [key for key, value in fields.items() if key != "images" and value != ARGUMENTS[key](None)]
    complaints = [f"{key}: not with the runtime {runtime.name}: {why}" for key, why in runtime.refusals(given).items()]
    if fields.get("hold") and fields.get("on_failure") == "continue":
        complaints.append("hold: not with on_failure 'continue': an image that is missing cannot be kept in use")
    return complaints


def _complete(fields: dict[str, Any]) -> Plan:
    # Who brings a puller image of their own has no access to ours: theirs then has busybox too.
    busybox = fields["puller_image"] or BUSYBOX_IMAGE
    puller = fields["puller_image"] or RUNTIMES[fields["runtime"]].puller_image
    return Plan(**{**fields, "puller_image": puller, "busybox_image": busybox})


def _unknown(key: str) -> str:
    nearest = difflib.get_close_matches(key, ARGUMENTS, n=1, cutoff=0.5)
    hint = f"did you mean '{nearest[0]}'?" if nearest else f"the arguments are {', '.join(sorted(ARGUMENTS))}"
    return f"{key}: there is no such argument; {hint}"


# ---------------------------------------------------------------- readers: a value, or None, in; the plan's value out


def _images(value: Any) -> tuple[Reference, ...]:
    items = _sequence(value if value is not None else [])
    if not items:
        raise _Wrong("at least one image is needed, such as ['hello-world']")
    seen: dict[str, Reference] = {}
    wrong: list[str] = []
    for index, item in enumerate(items):
        try:
            reference = _reference(item)
            seen.setdefault(str(reference), reference)
        except _Wrong as error:
            wrong.append(f"[{index}]: {error}")
    if wrong:
        raise _Wrong("\n  - images".join(wrong))
    if sum(len(text) + 1 for text in seen) > _IMAGES_BYTES:
        raise _Wrong(f"the {len(seen)} references take more than {_IMAGES_BYTES} bytes; use several components")
    return tuple(seen.values())


def _reference(value: Any) -> Reference:
    text = _string(value)
    try:
        return references.parse(text)
    except references.InvalidReferenceError as error:
        raise _Wrong(f"'{text}' is not an image reference: {error}") from None


def _image(value: Any) -> str:
    return str(_reference(value))


def _choice(*choices: str, default: str) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        if value is None:
            return default
        text = _string(value)
        if text not in choices:
            nearest = difflib.get_close_matches(text, choices, n=1)
            hint = f"; did you mean '{nearest[0]}'?" if nearest else ""
            raise _Wrong(f"'{text}' is not one of {', '.join(choices)}{hint}")
        return text

    return read


def _count(minimum: int, default: int) -> Callable[[Any], int]:
    def read(value: Any) -> int:
        if value is None:
            return default
        # Numbers of other languages, and of Pulumi's wire format, arrive as floating-point numbers.
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            raise _Wrong(f"{value!r} is not a whole number")
        if not minimum <= value <= _LARGEST_COUNT:
            raise _Wrong(f"{value} is not between {minimum} and {_LARGEST_COUNT}")
        return value

    return read


def _flag(value: Any) -> bool:
    if value is None:
        return False
    if not isinstance(value, bool):
        raise _Wrong(f"{value!r} is neither true nor false")
    return value


def _share(value: Any) -> str:
    """A count or a share of nodes, as it stands in a PodDisruptionBudget."""
    if value is None:
        return "100%"
    if isinstance(value, (int, float)) and not isinstance(value, bool) and float(value).is_integer():
        value = str(int(value))
    text = _string(value)
    if not re.fullmatch(r"[0-9]{1,6}|[0-9]{1,2}%|100%", text):
        raise _Wrong(f"'{text}' is neither a number of nodes nor a share of them; write '3' or '90%'")
    if text.rstrip("%").lstrip("0") == "":
        raise _Wrong(f"'{text}' waits for nothing; write a larger one, or wait_for: 'nothing'")
    return text


def _mirrors(value: Any) -> dict[str, str]:
    mirrors = {}
    for prefix, mirror in _mapping(value if value is not None else {}).items():
        for text in (prefix, _string(mirror)):
            try:
                name = references.parse_name(text)
            except references.InvalidReferenceError as error:
                raise _Wrong(f"'{text}' is not a registry with or without a path: {error}") from None
            if text == prefix:
                known = name
        mirrors[known] = name
    return mirrors


def _refresh(value: Any) -> int | None:
    if value is None:
        return None
    milliseconds = _duration("0s", positive=True)(value)
    if milliseconds < _SHORTEST_REFRESH_MS:
        raise _Wrong(f"'{value}' asks the registry more often than it will bear; write '10s' or more")
    return milliseconds


def _duration(default: str, *, positive: bool) -> Callable[[Any], int]:
    def read(value: Any) -> int:
        text = default if value is None else _string(value)
        try:
            milliseconds = durations.parse(text)
        except ValueError as error:
            raise _Wrong(f"'{text}' is not a duration; {error}") from None
        if positive and milliseconds == 0:
            raise _Wrong(f"'{text}' is no time at all; write a longer one")
        return milliseconds

    return read


def _timeout(default: str) -> Callable[[Any], str]:
    read = _duration(default, positive=True)

    def checked(value: Any) -> str:
        read(value)
        return default if value is None else str(value)

    return checked


def _socket_path(value: Any) -> str:
    path = _string(value)
    if not path.startswith("/"):
        raise _Wrong(f"'{path}' is relative; write the socket's absolute path on the node, such as '/{path}'")
    if not _SOCKET_PATH.fullmatch(path):
        raise _Wrong(f"'{path}' is not a plain absolute path; write one without '..', '//', spaces or a '/' at its end")
    return path


def _matching(pattern: re.Pattern[str], what: str) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        text = _string(value)
        if not pattern.fullmatch(text):
            raise _Wrong(f"'{text}' is not {what}")
        return text

    return read


def _each(read: Callable[[Any], T]) -> Callable[[Any], tuple[T, ...]]:
    def read_all(value: Any) -> tuple[T, ...]:
        items = []
        for index, item in enumerate(_sequence(value if value is not None else [])):
            try:
                items.append(read(item))
            except _Wrong as wrong:
                raise _Wrong(f"[{index}]: {wrong}") from None
        return tuple(items)

    return read_all


def _labels(value: Any) -> dict[str, str]:
    return _strings(value, check_value=_matching(_LABEL_VALUE, "a label's value: at most 63 letters, digits, '-_.'"))


def _annotations(value: Any) -> dict[str, str]:
    return _strings(value, check_value=_string)


def _strings(value: Any, check_value: Callable[[Any], str]) -> dict[str, str]:
    checked = {}
    for key, item in _mapping(value if value is not None else {}).items():
        if not _LABEL_KEY.fullmatch(key):
            raise _Wrong(f"'{key}' is not a key; write 'name' or 'prefix.example.com/name'")
        try:
            checked[key] = check_value(item)
        except _Wrong as wrong:
            raise _Wrong(f"['{key}']: {wrong}") from None
    return checked


def _tolerations(value: Any) -> tuple[Mapping[str, Any], ...]:
    if value is None:
        return EVERY_TAINT
    return _each(_toleration)(value)


_TOLERATION_KEYS = {
    "key": "key",
    "operator": "operator",
    "value": "value",
    "effect": "effect",
    "toleration_seconds": "tolerationSeconds",
    "tolerationSeconds": "tolerationSeconds",
}


def _toleration(value: Any) -> Mapping[str, Any]:
    toleration: dict[str, Any] = {}
    for key, item in _mapping(value).items():
        if item is None:
            continue
        if key not in _TOLERATION_KEYS:
            raise _Wrong(
                f"'{key}' is not a toleration's field; they are key, operator, value, effect, toleration_seconds"
            )
        toleration[_TOLERATION_KEYS[key]] = item
    _choice(*_TOLERATION_OPERATORS, default="Equal")(toleration.get("operator"))
    if "effect" in toleration:
        _choice(*_TAINT_EFFECTS, default="")(toleration["effect"])
    if toleration.get("operator") == "Exists" and toleration.get("value"):
        raise _Wrong("a toleration with the operator Exists has no value; leave the value out")
    if "key" not in toleration and toleration.get("operator") != "Exists":
        raise _Wrong("a toleration without a key needs the operator Exists")
    if "tolerationSeconds" in toleration:
        toleration["tolerationSeconds"] = _count(0, 0)(toleration["tolerationSeconds"])
    return toleration


_AFFINITY_KEYS = {
    "node_affinity": "nodeAffinity",
    "nodeAffinity": "nodeAffinity",
    "pod_affinity": "podAffinity",
    "podAffinity": "podAffinity",
    "pod_anti_affinity": "podAntiAffinity",
    "podAntiAffinity": "podAntiAffinity",
}


def _affinity(value: Any) -> Mapping[str, Any]:
    checked = {}
    for key, item in _mapping(value).items():
        if key not in _AFFINITY_KEYS:
            raise _Wrong(f"'{key}' is not an affinity's field; they are nodeAffinity, podAffinity, podAntiAffinity")
        checked[_AFFINITY_KEYS[key]] = _camel_case(_mapping(item))
    return checked


def _resources(value: Any) -> Mapping[str, Any]:
    resources = _mapping(value)
    for key in resources:
        if key not in ("requests", "limits"):
            raise _Wrong(f"'{key}' is not one of requests, limits")
        _mapping(resources[key])
    return resources


def _camel_case(value: Any) -> Any:
    """The API's own names, for users who write Pulumi's Python names within a structure."""
    if isinstance(value, Mapping):
        return {_camel(key): _camel_case(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_camel_case(item) for item in value]
    return value


def _camel(key: str) -> str:
    # Label keys are data, not names: they may contain anything that an identifier may not.
    if not re.fullmatch(r"[a-z]+(?:_[a-z]+)+", key):
        return key
    head, *rest = key.split("_")
    return head + "".join(part.capitalize() for part in rest)


def _string(value: Any) -> str:
    if not isinstance(value, str):
        raise _Wrong(f"{value!r} is not a string")
    return value


def _sequence(value: Any) -> Sequence[Any]:
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise _Wrong(f"{value!r} is not a list; write [{value!r}]")
    return value


def _mapping(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise _Wrong(f"{value!r} is not a mapping from names to values")
    return value


def _optional(read: Callable[[Any], T]) -> Callable[[Any], T | None]:
    return lambda value: None if value is None else read(value)


ARGUMENTS: Mapping[str, Callable[[Any], Any]] = {
    "images": _images,
    "runtime": _choice(*RUNTIMES, default="containerd"),
    "socket_path": _optional(_socket_path),
    "namespace": _optional(_matching(_NAMESPACE, "a namespace; it has lower-case letters, digits and '-'")),
    "pull_policy": _choice("IfNotPresent", "Always", default="IfNotPresent"),
    "parallelism": _count(1, default=4),
    "attempts": _count(1, default=5),
    "backoff": _duration("2s", positive=False),
    "image_timeout": _duration("15m", positive=True),
    "on_failure": _choice("retry", "continue", default="retry"),
    "refresh": _refresh,
    "hold": _flag,
    "stagger": _duration("0s", positive=False),
    "image_pull_secrets": _each(
        _matching(_OBJECT_NAME, "the name of a Secret; it has lower-case letters, digits, '-.'")
    ),
    "puller_image": _optional(_image),
    "gate_image": lambda value: _image(K3S_IMAGE if value is None else value),
    "pause_image": lambda value: _image(PAUSE_IMAGE if value is None else value),
    "node_selector": _labels,
    "tolerations": _tolerations,
    "affinity": _optional(_affinity),
    "priority_class_name": _optional(_matching(_OBJECT_NAME, "the name of a PriorityClass")),
    "resources": _optional(_resources),
    "labels": _labels,
    "annotations": _annotations,
    "startup_taint": _optional(_matching(_LABEL_KEY, "the key of a taint; write 'name' or 'prefix.example.com/name'")),
    "wait_for": _choice("images", "pods", "nothing", default="images"),
    "timeout": _timeout("30m"),
    "min_ready": _share,
    "mirrors": _mirrors,
    "remove": _each(_reference),
}
