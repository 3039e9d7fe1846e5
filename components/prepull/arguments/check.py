"""Every check of an input, each with a message that a person can act on: the argument, the value, the way out."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from .. import durations
from ..defaults import BUSYBOX_IMAGE, K3S_IMAGE, PAUSE_IMAGE, PYTHON_IMAGE
from ..images import references
from ..images.references import Reference
from ..plan import EVERY_TAINT, Plan
from ..runtimes import RUNTIMES, Runtime

T = TypeVar("T")

_SUBDOMAIN = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*"
_LABEL_KEY = re.compile(rf"(?:(?=[^/]{{1,253}}/){_SUBDOMAIN}/)?[A-Za-z0-9](?:[A-Za-z0-9_.-]{{0,61}}[A-Za-z0-9])?")
_LABEL_VALUE = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?")
_NAMESPACE = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_OBJECT_NAME = re.compile(rf"(?=.{{1,253}}\Z){_SUBDOMAIN}")
_QUANTITY = re.compile(r"[0-9]+(?:\.[0-9]+)?(?:[numkMGTPE]|[KMGTPE]i|[eE][+-]?[0-9]{1,2})?")
_SOCKET_PATH = re.compile(r"(?:/[A-Za-z0-9_][A-Za-z0-9_.@+-]*)+")
_TAINT_EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")
_TOLERATION_OPERATORS = ("Exists", "Equal")
_OS_LABEL = "kubernetes.io/os"
# Each list travels in one environment variable, which Linux limits to 128 KiB (MAX_ARG_STRLEN, execve(2)).
_LIST_BYTES = 100_000
# What a digest that is still to be resolved adds to a reference.
_DIGEST_BYTES = len("@sha256:") + 64
_LARGEST_COUNT = 1000
_SHORTEST_REFRESH_MS = 10_000
_NUMBER_BITS = 63
# The API's affinities have a dozen levels.
_DEEPEST = 50


class InvalidArgumentError(ValueError):
    """One or more arguments are wrong; the message has a line for each."""


class _Wrong(Exception):  # noqa: N818 - never leaves this module
    """What is wrong with a value: for each complaint the place within the value, if it is not all of it, and why."""

    def __init__(self, reason: str = "", *, within: Sequence[str] = ()) -> None:
        super().__init__(reason)
        self.complaints = within or [f": {reason}"]


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
    lines = "".join(f"\n  - {complaint}" for complaint in complaints)
    raise InvalidArgumentError(f"PrePullDaemonSet '{name}' cannot be deployed as it is described:{lines}")


def complaints_of(args: Mapping[str, Any]) -> list[str]:
    """What is wrong with each argument by itself, a line for each complaint, which begins with the argument's name.

    Arguments that are missing, or that do not go together, are for `check` to find.
    """
    return _read(args)[1]


def _read(args: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    fields: dict[str, Any] = {}
    found = [_unknown(str(key)) for key in args if key not in ARGUMENTS]
    for key in ARGUMENTS:
        if key in args:
            try:
                fields[key] = ARGUMENTS[key](args[key])
            except _Wrong as wrong:
                found.extend(f"{key}{complaint}" for complaint in wrong.complaints)
            except RecursionError:
                found.append(f"{key}: it is nested too deeply to be read")
    return fields, found


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
    # A gate image of their own likewise has kubectl too, where a taint is to be removed.
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
    """Docker Engine gives names by tag alone."""
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


def _unknown(key: str) -> str:
    nearest = difflib.get_close_matches(key, ARGUMENTS, n=1, cutoff=0.5)
    hint = f"did you mean '{nearest[0]}'?" if nearest else f"the arguments are {', '.join(sorted(ARGUMENTS))}"
    return f"{key}: there is no such argument; {hint}"


# ---------------------------------------------------------------- readers: a value, or None, in; the plan's value out


def _images(value: Any) -> tuple[Reference, ...]:
    images = _each(_reference)(value)
    if not images:
        raise _Wrong("at least one image is needed, such as ['hello-world']")
    return _unique(images)


def _unique(items: Iterable[T]) -> tuple[T, ...]:
    return tuple(dict.fromkeys(items))


def _reference(value: Any) -> Reference:
    text = _string(value)
    try:
        return references.parse(text)
    except references.InvalidReferenceError as error:
        raise _Wrong(f"{text!r} is not an image reference: {error}") from None


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
            raise _Wrong(f"{text!r} is not one of {', '.join(choices)}{hint}")
        return text

    return read


def _count(minimum: int, default: int) -> Callable[[Any], int]:
    def read(value: Any) -> int:
        number = default if value is None else _whole(value)
        if not minimum <= number <= _LARGEST_COUNT:
            raise _Wrong(f"{number} is not between {minimum} and {_LARGEST_COUNT}")
        return number

    return read


def _whole(value: Any) -> int:
    # Numbers of other languages, and of Pulumi's wire format, arrive as floating-point numbers.
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise _Wrong(f"{value!r} is not a whole number; write one without quotes and fractions, such as 3")
    return value


def _integer(value: Any) -> int:
    """A whole number of the API's."""
    number = _whole(value)
    if number.bit_length() > _NUMBER_BITS:
        raise _Wrong("the number is larger than any that the API takes; write a smaller one")
    return number


def _flag(value: Any) -> bool:
    if value is None:
        return False
    if not isinstance(value, bool):
        raise _Wrong(f"{value!r} is not one of true, false; write one of them, without quotes")
    return value


def _share(value: Any) -> str:
    """A count or a share of nodes, as it stands in a PodDisruptionBudget."""
    if value is None:
        return "100%"
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    text = str(_whole(value)) if number else _string(value)
    if not re.fullmatch(r"[0-9]{1,6}|[0-9]{1,2}%|100%", text):
        raise _Wrong(f"{text!r} is neither a number of nodes nor a share of them; write '3' or '90%'")
    if text.rstrip("%").lstrip("0") == "":
        raise _Wrong(f"{text!r} waits for nothing; write a larger one, or wait_for: 'nothing'")
    return text


def _mirrors(value: Any) -> dict[str, str]:
    mirrors = _mapping(value if value is not None else {})
    prefixes = _read_all((("", prefix) for prefix in mirrors), _name)
    return dict(zip(prefixes, _read_all((_place(item) for item in mirrors.items()), _name), strict=True))


def _name(value: Any) -> str:
    text = _string(value)
    try:
        return references.parse_name(text)
    except references.InvalidReferenceError as error:
        raise _Wrong(f"{text!r} is not a registry with or without a path: {error}") from None


def _refresh(value: Any) -> int | None:
    if value is None:
        return None
    milliseconds = _duration("0s", positive=True)(value)
    if milliseconds < _SHORTEST_REFRESH_MS:
        raise _Wrong(f"{value!r} asks the registry more often than it will bear; write '10s' or more")
    return milliseconds


def _duration(default: str, *, positive: bool) -> Callable[[Any], int]:
    def read(value: Any) -> int:
        text = default if value is None else _string(value)
        try:
            milliseconds = durations.parse(text)
        except ValueError as error:
            raise _Wrong(f"{text!r} is not a duration; {error}") from None
        if positive and milliseconds == 0:
            raise _Wrong(f"{text!r} is no time at all; write a longer one")
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
        raise _Wrong(f"{path!r} is relative; write the socket's absolute path on the node, such as {'/' + path!r}")
    if not _SOCKET_PATH.fullmatch(path):
        raise _Wrong(f"{path!r} is not a plain absolute path; write one without '..', '//', spaces or a '/' at its end")
    return path


def _matching(pattern: re.Pattern[str], what: str) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        text = _string(value)
        if not pattern.fullmatch(text):
            raise _Wrong(f"{text!r} is not {what}")
        return text

    return read


def _each(read: Callable[[Any], T]) -> Callable[[Any], tuple[T, ...]]:
    def read_each(value: Any) -> tuple[T, ...]:
        items = _sequence(value if value is not None else [])
        return tuple(_read_all(((f"[{index}]", item) for index, item in enumerate(items)), read))

    return read_each


def _read_all(items: Iterable[tuple[str, Any]], read: Callable[[Any], T]) -> list[T]:
    """Read the items, each of which comes with its place, and complain of all that are wrong."""
    values: list[T] = []
    complaints: list[str] = []
    for place, item in items:
        try:
            values.append(read(item))
        except _Wrong as wrong:
            complaints.extend(f"{place}{complaint}" for complaint in wrong.complaints)
    if complaints:
        raise _Wrong(within=complaints)
    return values


def _place(item: tuple[str, Any]) -> tuple[str, Any]:
    return f"[{item[0]!r}]", item[1]


def _secrets(value: Any) -> tuple[str, ...]:
    # The API server takes no list with a name twice.
    return _unique(
        _each(_matching(_OBJECT_NAME, "the name of a Secret; it has lower-case letters, digits, '-.'"))(value)
    )


_label_value = _matching(_LABEL_VALUE, "a label's value; it has at most 63 letters, digits, '-_.'")


def _labels(value: Any) -> dict[str, str]:
    return _strings(value, _label_value)


def _node_selector(value: Any) -> dict[str, str]:
    selector = _labels(value)
    if (system := selector.get(_OS_LABEL, "linux")) != "linux":
        why = f": {system!r} is not supported; leave it out: Linux is selected anyway"
        raise _Wrong(within=[f"[{_OS_LABEL!r}]{why}"])
    return selector


def _annotations(value: Any) -> dict[str, str]:
    return _strings(value, _string)


def _strings(value: Any, read: Callable[[Any], str]) -> dict[str, str]:
    mapping = _mapping(value if value is not None else {})
    _read_all((("", key) for key in mapping), _matching(_LABEL_KEY, "a key; write 'name' or 'prefix.example.com/name'"))
    return dict(zip(mapping, _read_all((_place(item) for item in mapping.items()), read), strict=True))


def _tolerations(value: Any) -> tuple[Mapping[str, Any], ...]:
    if value is None:
        return EVERY_TAINT
    return _each(_toleration)(value)


_taint_key = _matching(_LABEL_KEY, "the key of a taint; write 'name' or 'prefix.example.com/name'")

_TOLERATION_FIELDS: Mapping[str, Callable[[Any], Any]] = {
    "key": _taint_key,
    "operator": _choice(*_TOLERATION_OPERATORS, default="Equal"),
    "value": _label_value,
    "effect": _choice(*_TAINT_EFFECTS, default=""),
    "tolerationSeconds": _integer,
}


def _toleration(value: Any) -> Mapping[str, Any]:
    given = _fields(value, _TOLERATION_FIELDS, "a toleration")
    read = _read_all(((f"[{key!r}]", (key, item)) for key, item in given.items()), _toleration_field)
    toleration = dict(zip(given, read, strict=True))
    if toleration.get("operator") == "Exists" and toleration.get("value"):
        raise _Wrong("a toleration with the operator Exists has no value; leave the value out")
    if "key" not in toleration and toleration.get("operator") != "Exists":
        raise _Wrong("a toleration without a key needs the operator Exists")
    if "tolerationSeconds" in toleration and toleration.get("effect") != "NoExecute":
        raise _Wrong("a toleration with toleration_seconds needs the effect NoExecute")
    return toleration


def _toleration_field(item: tuple[str, Any]) -> Any:
    return _TOLERATION_FIELDS[item[0]](item[1])


_AFFINITIES = ("nodeAffinity", "podAffinity", "podAntiAffinity")
_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"


def _affinity(value: Any) -> Mapping[str, Any] | None:
    given = _fields(value, _AFFINITIES, "an affinity")
    checked = dict(zip(given, _read_all((_place(item) for item in given.items()), _structure), strict=True))
    # What the component adds to has to be of the API's form; the rest is for the API server to check.
    terms = _mapping(checked.get("nodeAffinity", {}).get(_REQUIRED) or {}).get("nodeSelectorTerms") or []
    for term in _sequence(terms):
        _sequence(_mapping(term).get("matchExpressions") or [])
    return checked or None


def _structure(value: Any) -> dict[str, Any]:
    structure: dict[str, Any] = _api_names(_mapping(value))
    return structure


def _fields(value: Any, known: Iterable[str], what: str) -> dict[str, Any]:
    """The fields of a structure in the API's own names, without those that are None."""
    fields: dict[str, Any] = {}
    for key, item in _mapping(value).items():
        name = _camel(key)
        if name not in known:
            raise _Wrong(f"{key!r} is not a field of {what}; they are {', '.join(known)}")
        if name in fields:
            raise _Wrong(f"{name} is there twice; leave out {key!r}")
        if item is not None:
            fields[name] = item
    return fields


def _resources(value: Any) -> Mapping[str, Any] | None:
    given = _fields(value, ("requests", "limits"), "resources")
    read = _read_all((_place(item) for item in given.items()), lambda item: _strings(item, _quantity))
    return dict(zip(given, read, strict=True)) or None


def _quantity(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    text = str(value) if number else _string(value)
    if not _QUANTITY.fullmatch(text):
        raise _Wrong(f"{text!r} is not a quantity; write one such as '100m' or '64Mi'")
    return text


def _api_names(value: Any, depth: int = 0) -> Any:
    """The API's own names, for users who write Pulumi's Python names within a structure."""
    if depth > _DEEPEST:
        raise _Wrong(f"it is nested more than {_DEEPEST} times; the API has no such structure")
    if isinstance(value, Mapping):
        # The keys of labels are data, not names.
        return {
            _camel(_string(key)): {_string(name): _scalar(each) for name, each in item.items()}
            if _camel(key) == "matchLabels" and isinstance(item, Mapping)
            else _api_names(item, depth + 1)
            for key, item in _mapping(value).items()
        }
    if isinstance(value, (list, tuple)):
        return [_api_names(item, depth + 1) for item in value]
    return _scalar(value)


def _scalar(value: Any) -> Any:
    """What the API's structures are made of; YAML and Python have more kinds of values than JSON has."""
    if isinstance(value, str):
        return _string(value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, float) and math.isfinite(value) and not value.is_integer():
        return value
    if not isinstance(value, int) and not (isinstance(value, float) and math.isfinite(value)):
        raise _Wrong(f"{value!r} is neither a text nor a number; put a text in quotes")
    return _integer(value)


def _camel(key: str) -> str:
    if not re.fullmatch(r"[a-z]+(?:_[a-z]+)+", key):
        return key
    head, *rest = key.split("_")
    return head + "".join(part.capitalize() for part in rest)


def _string(value: Any) -> str:
    if not isinstance(value, str):
        raise _Wrong(f"{value!r} is not a text; write one in quotes")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise _Wrong(f"{value!r} has half of a character in it; write valid Unicode") from None
    return value


def _sequence(value: Any) -> Sequence[Any]:
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise _Wrong(f"{value!r} is not a list; write [{value!r}]")
    return value


def _mapping(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise _Wrong(f"{value!r} is not a mapping; write {{'name': 'value'}}, with names of its own")
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
    "image_pull_secrets": _secrets,
    "puller_image": _optional(_image),
    "gate_image": lambda value: _image(PYTHON_IMAGE if value is None else value),
    "pause_image": lambda value: _image(PAUSE_IMAGE if value is None else value),
    "node_selector": _node_selector,
    "tolerations": _tolerations,
    "affinity": _optional(_affinity),
    "priority_class_name": _optional(
        _matching(_OBJECT_NAME, "the name of a PriorityClass; it has lower-case letters, digits, '-.'")
    ),
    "resources": _optional(_resources),
    "labels": _labels,
    "annotations": _annotations,
    "startup_taint": _optional(_taint_key),
    "pin_digests": _flag,
    "on_pin_failure": _choice("fail", "warn", default="fail"),
    "wait_for": _choice("images", "pods", "nothing", default="images"),
    "timeout": _timeout("30m"),
    "min_ready": _share,
    "mirrors": _mirrors,
    "remove": lambda value: _unique(_each(_reference)(value)),
}
