"""The public interface: what there is, and that all of it is described."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import json
import pkgutil
import re
import types
from pathlib import Path
from typing import Any

import prepull
import pytest
from prepull import PrePullDaemonSetArgs, defaults
from prepull.arguments import check as validation
from prepull.arguments.table import ARGUMENTS
from prepull.program.provider import PrePullProvider
from prepull.runtimes import RUNTIMES

from ...plans import RUNTIMES as NAMES
from ...plans import plan_of


def test_all_is_sorted_and_holds_exactly_the_public_names() -> None:
    assert list(prepull.__all__) == sorted(prepull.__all__)
    things = {name: getattr(prepull, name) for name in dir(prepull)}
    ours = {name for name, thing in things.items() if getattr(thing, "__module__", "").startswith("prepull.")}
    assert {*ours, "__version__"} == set(prepull.__all__)
    for name in ours:
        assert things[name].__name__ == name


def test_a_name_that_is_not_there_is_not_there() -> None:
    with pytest.raises(AttributeError, match="module 'prepull' has no attribute 'PrePullDeployment'"):
        prepull.PrePullDeployment  # noqa: B018


def test_the_package_is_typed() -> None:
    assert (Path(prepull.__file__).parent / "py.typed").exists()


def modules() -> list[types.ModuleType]:
    walked = pkgutil.walk_packages(prepull.__path__, "prepull.")
    names = [module.name for module in walked if not module.name.endswith("__main__")]
    return [prepull, *(importlib.import_module(name) for name in names)]


def public(module: types.ModuleType) -> list[tuple[str, Any]]:
    things: list[tuple[str, Any]] = []
    for name, value in vars(module).items():
        if name.startswith("_") or getattr(value, "__module__", None) != module.__name__:
            continue
        if inspect.isclass(value) or inspect.isfunction(value):
            things.append((f"{module.__name__}.{name}", value))
        if inspect.isclass(value):
            members = {key: member for key, member in vars(value).items() if not key.startswith("_")}
            things.extend(
                (f"{module.__name__}.{name}.{key}", member)
                for key, member in members.items()
                if inspect.isfunction(member) or isinstance(member, property)
            )
    return things


# Properties of which the docstring of the one that they follow speaks.
AS_IN_PLAN = "prepull.manifests.objects.Deciding."


@pytest.mark.parametrize("module", modules(), ids=lambda module: module.__name__)
def test_everything_public_has_a_docstring(module: types.ModuleType) -> None:
    assert (module.__doc__ or "").strip()
    bare = [name for name, value in public(module) if not (value.__doc__ or "").strip()]
    assert [name for name in bare if not name.startswith(AS_IN_PLAN)] == []


SCHEMA = json.loads(PrePullProvider().schema or "")
COMPONENT = SCHEMA["resources"]["prepull:index:PrePullDaemonSet"]
TOLERATION = SCHEMA["types"]["prepull:index:Toleration"]
CREDENTIAL_PROVIDER = SCHEMA["types"]["prepull:index:CredentialProvider"]


def described(properties: dict[str, Any]) -> dict[str, str]:
    """The descriptions that users of every language read, by the names that Python has."""
    return {
        re.sub("[A-Z]", lambda letter: f"_{letter[0].lower()}", name): " ".join(found.get("description", "").split())
        for name, found in properties.items()
    }


DESCRIBED = described(COMPONENT["inputProperties"])


def test_every_argument_that_is_checked_is_in_the_interface_and_the_other_way_round() -> None:
    assert list(DESCRIBED) == list(ARGUMENTS)
    assert PrePullDaemonSetArgs.__annotations__.keys() == ARGUMENTS.keys()


@pytest.mark.parametrize(
    "properties",
    [
        COMPONENT["inputProperties"],
        COMPONENT["properties"],
        TOLERATION["properties"],
        CREDENTIAL_PROVIDER["properties"],
    ],
)
def test_every_field_has_a_docstring(properties: dict[str, Any]) -> None:
    fields = described(properties)
    assert fields
    assert [field for field, text in fields.items() if not text.endswith(".")] == []


def test_the_fields_of_a_toleration_are_those_that_are_checked() -> None:
    values = {"key": "a", "operator": "Equal", "value": "v", "effect": "NoExecute", "toleration_seconds": 5}
    assert described(TOLERATION["properties"]).keys() == values.keys()
    [toleration] = plan_of(tolerations=[values]).tolerations
    assert toleration.keys() == {"key", "operator", "value", "effect", "tolerationSeconds"}


def test_the_fields_of_a_credential_provider_are_those_that_are_checked() -> None:
    values = {"command": "/opt/provider/x", "args": ["a"], "env": {"A": "b"}, "match_images": ["a.example"]}
    assert described(CREDENTIAL_PROVIDER["properties"]).keys() == values.keys()
    provider = plan_of(credential_provider=values).credential_provider
    assert provider is not None
    assert dataclasses.asdict(provider) == {**values, "args": ("a",), "match_images": ("a.example",)}


DEFAULT = re.compile(r"Default: `([^`]+)`|`([^`]+)` \(default[);]|Default: (\w+)[.;]")


def named_default(argument: str) -> str | None:
    match = DEFAULT.search(DESCRIBED[argument])
    return next(filter(None, match.groups())) if match else None


NAMED = {argument: default for argument in ARGUMENTS if (default := named_default(argument)) is not None}
IN_WORDS = {
    "socket_path": "where the runtime puts it",
    "namespace": "the provider's",
    "refresh": "never",
    "puller_image": "a public image, pinned by tag",
    "gate_image": "a public image, pinned by tag",
    "tolerations": "all of them",
    "priority_class_name": "the cluster's default",
    "resources": "small requests, a limit of 1 CPU",
    "helper_resources": "1m of CPU and 4Mi of memory",
    "service_account_name": "the namespace's own",
    "credential_provider": "none",
    "startup_taint": "none",
    "remove": "none",
}
WITHOUT = {"images", "image_pull_secrets", "node_selector", "affinity", "labels", "annotations", "mirrors"}


def test_every_default_is_named() -> None:
    assert NAMED.keys() | IN_WORDS.keys() | WITHOUT == ARGUMENTS.keys()
    assert not NAMED.keys() & WITHOUT
    assert [argument for argument in WITHOUT if "efault: " in DESCRIBED[argument]] == []
    for argument, words in IN_WORDS.items():
        assert f"Default: {words}" in DESCRIBED[argument]
    empty = [argument for argument in WITHOUT - {"images"} if ARGUMENTS[argument](None)]
    assert empty == []


@pytest.mark.parametrize("argument", sorted(NAMED.keys() - IN_WORDS.keys()))
def test_the_default_in_the_docstring_is_the_one_that_is_used(argument: str) -> None:
    read, text = ARGUMENTS[argument], NAMED[argument]
    written: Any = {"true": True, "false": False}.get(text, int(text) if text.isdigit() else text)
    assert read(written) == read(None)


@pytest.mark.parametrize(
    ("argument", "values"),
    [
        ("runtime", NAMES),
        ("pull_policy", ("IfNotPresent", "Always")),
        ("on_failure", ("retry", "continue")),
        ("on_pin_failure", ("fail", "warn")),
        ("wait_for", ("images", "pods", "nothing")),
    ],
)
def test_every_choice_is_in_the_docstring(argument: str, values: tuple[str, ...]) -> None:
    assert all(f"`{value}`" in DESCRIBED[argument] for value in values)
    assert all(ARGUMENTS[argument](value) == value for value in values)


def test_the_limits_in_the_docstrings_are_those_that_are_checked() -> None:
    for argument in ("parallelism", "attempts"):
        assert "1 to 1000" in DESCRIBED[argument]
        assert ARGUMENTS[argument](1000) == 1000
    assert "at least `10s`" in DESCRIBED["refresh"]
    assert ARGUMENTS["refresh"]("10s") == 10_000


def test_the_runtimes_that_take_mirrors_are_those_of_the_docstring() -> None:
    able = [name for name, runtime in RUNTIMES.items() if not runtime.refusals(["mirrors"])]
    assert able == ["docker", "containerd", "k3s"]
    assert "Requires the runtime `docker`, `containerd` or `k3s`." in DESCRIBED["mirrors"]
    sockets = [name for name, runtime in RUNTIMES.items() if not runtime.refusals(["refresh"])]
    assert sockets == [name for name, runtime in RUNTIMES.items() if runtime.reports]


def test_a_runtime_is_known_by_its_own_name() -> None:
    assert tuple(RUNTIMES) == NAMES
    assert all(runtime.name == name for name, runtime in RUNTIMES.items())


def test_the_default_images_are_pinned_by_tag_and_complete() -> None:
    images = {value for name, value in vars(defaults).items() if name.endswith("_IMAGE")}
    assert len(images) == 5
    assert all(ARGUMENTS["pause_image"](image) == image and not image.endswith(":latest") for image in images)


def test_an_argument_error_is_one_that_pulumi_shows_without_a_traceback() -> None:
    assert issubclass(prepull.PrePullArgumentError, validation.InvalidArgumentError)
    assert issubclass(prepull.PrePullArgumentError, ValueError)
