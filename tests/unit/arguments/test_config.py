"""The arguments out of a stack's configuration."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterator
from enum import Enum
from pathlib import Path
from typing import Any, Union, get_args, get_origin

import pulumi
import pytest
import yaml
from prepull import PrePullArgumentError, PrePullDaemonSetArgs, args_from_config
from prepull.arguments import check as validation
from prepull.arguments.table import ARGUMENTS
from pulumi.runtime.config import CONFIG
from pulumi.runtime.settings import SETTINGS

from ...plans import EACH

ROOT = Path(__file__).parents[3]


@pytest.fixture(name="configure")
def _configure(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[dict[str, Any]], None]]:
    """Passes values as the engine does: structured values as JSON, others as text."""
    monkeypatch.delenv("PULUMI_CONFIG", raising=False)
    monkeypatch.setattr(SETTINGS, "stack", "stack")
    before = CONFIG.get()

    def configure(values: dict[str, Any]) -> None:
        texts = {key: value if isinstance(value, str) else json.dumps(value) for key, value in values.items()}
        pulumi.runtime.set_all_config(texts)

    yield configure
    CONFIG.set(before)


Configure = Callable[[dict[str, Any]], None]


def test_every_argument_can_be_configured(configure: Configure) -> None:
    args = {"images": ["nginx:1.27"], "runtime": "k3s", **EACH}
    configure({f"prepull:{argument}": value for argument, value in args.items()})
    assert args_from_config() == args


def test_keys_of_others_are_left_out(configure: Configure) -> None:
    configure({"prepull:images": ["a"], "kubernetes:namespace": "x", "prepull2:images": ["b"], "images": "c"})
    assert args_from_config() == {"images": ["a"]}


def test_without_configuration_there_are_no_arguments(configure: Configure) -> None:
    configure({})
    assert args_from_config() == {}


def test_another_namespace(configure: Configure) -> None:
    configure({"platform:images": ["a"], "prepull:images": ["b"]})
    assert args_from_config("platform") == {"images": ["a"]}


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({"imges": ["a"]}, "imges: there is no such argument; did you mean 'images'?"),
        ({"images": "nginx"}, "images: 'nginx' is not a list; write ['nginx']"),
        ({"images": []}, "images: at least one image is needed, such as ['hello-world']"),
        ({"images": ""}, "images: it has no value; write one, or leave the key out"),
        ({"images": [1.3]}, "images[0]: 1.3 is not a text; write one in quotes"),
        ({"parallelism": "many"}, "parallelism: 'many' is not a whole number; write one without quotes and fractions"),
        ({"hold": "yes"}, "hold: 'yes' is not one of true, false; write one of them, without quotes"),
        ({"node_selector": {"gpu": True}}, "node_selector['gpu']: True is not a text; write one in quotes"),
        ({"runtime": "Docker"}, "runtime: 'Docker' is not one of"),
        ({"pullPolicy": "Always"}, "pullPolicy: there is no such argument; did you mean 'pull_policy'?"),
    ],
)
def test_what_is_wrong_is_said_with_the_key_and_the_stack(
    configure: Configure, values: dict[str, Any], complaint: str
) -> None:
    configure({f"prepull:{key}": value for key, value in values.items()})
    with pytest.raises(PrePullArgumentError) as wrong:
        args_from_config()
    head, line = str(wrong.value).splitlines()
    assert head == "the configuration of stack 'stack' is wrong:"
    assert line.startswith(f"  - prepull:{complaint}")


def test_a_program_may_add_to_what_is_configured(configure: Configure) -> None:
    configure({"prepull:runtime": "docker"})
    assert validation.check("images", {**args_from_config(), "images": ["a"]}).runtime == "docker"


def test_what_a_process_gets_in_its_environment_counts_as_well(
    configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure({"prepull:runtime": "docker"})
    monkeypatch.setenv("PULUMI_CONFIG", json.dumps({"prepull:images": '["a"]', "prepull:runtime": "k3s"}))
    assert args_from_config() == {"images": ["a"], "runtime": "docker"}


@pytest.mark.parametrize(
    ("argument", "text", "value"),
    [
        ("hold", "true", True),
        ("parallelism", "8", 8),
        ("timeout", "90s", "90s"),
        ("namespace", "123", "123"),
        ("startup_taint", "true", "true"),
        ("min_ready", "3", "3"),
        ("priority_class_name", "null", "null"),
        ("images", '["1.30", "true"]', ["1.30", "true"]),
        ("node_selector", '{"gpu": "true", "version": "1.30"}', {"gpu": "true", "version": "1.30"}),
    ],
)
def test_values_are_what_the_argument_takes(configure: Configure, argument: str, text: str, value: Any) -> None:
    configure({f"prepull:{argument}": text})
    assert args_from_config() == {argument: value}


def test_an_argument_is_text_where_its_type_says_so() -> None:
    types = PrePullDaemonSetArgs.__annotations__
    texts = {name for name, found in types.items() if any(each is str or _is_enum(each) for each in _union(found))}
    assert {"namespace", "runtime"} <= texts
    assert texts == {name for name, argument in ARGUMENTS.items() if argument.is_text}


def _union(found: Any) -> Iterator[Any]:
    """The members of a union of unions; a list or a mapping is a member, whatever is in it."""
    if get_origin(found) in (Union, pulumi.Output, Awaitable):
        for each in get_args(found):
            yield from _union(each)
    else:
        yield found


def _is_enum(found: Any) -> bool:
    return isinstance(found, type) and issubclass(found, Enum)


def test_what_this_project_declares_is_what_the_component_takes_and_does_by_default() -> None:
    types = {str: "string", bool: "boolean", int: "integer", tuple: "array", dict: "object"}
    declared = yaml.safe_load((ROOT / "Pulumi.yaml").read_text("utf-8"))["config"]
    for key, declaration in declared.items():
        argument = key.removeprefix("prepull:")
        if argument == "images":
            assert "default" not in declaration
            continue
        read = ARGUMENTS[argument]
        assert read(declaration["default"]) == read(None), key
        assert declaration["type"] == types[type(read(None))], key


@pytest.mark.parametrize("stack", ["dev", "staging", "prod"])
def test_the_stacks_of_this_project_are_valid(configure: Configure, stack: str) -> None:
    configure(yaml.safe_load((ROOT / f"Pulumi.{stack}.yaml").read_text("utf-8"))["config"])
    plan = validation.check("images", args_from_config())
    assert plan.images
