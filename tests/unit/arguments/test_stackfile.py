"""The arguments out of a stack's configuration file, read as Pulumi reads it."""

from __future__ import annotations

from typing import Any

import pytest
from prepull.arguments.stackfile import InvalidStackFileError, arguments

IMAGES = {"prepull:images": ["nginx:1.27"]}


def test_the_keys_of_the_namespace_are_the_arguments() -> None:
    stack = {"config": {**IMAGES, "prepull:parallelism": 8, "kubernetes:context": "kind", "prepull2:images": ["x"]}}
    assert arguments(stack) == {"images": ["nginx:1.27"], "parallelism": 8}


def test_another_namespace() -> None:
    stack = {"config": {**IMAGES, "platform:images": ["redis"]}}
    assert arguments(stack, namespace="platform") == {"images": ["redis"]}


@pytest.mark.parametrize("stack", [None, {}, {"config": None}, {"config": {}}])
def test_a_file_without_configuration_has_no_arguments(stack: Any) -> None:
    assert arguments(stack) == {}


def test_values_that_look_like_json_are_taken_as_such() -> None:
    config = {"prepull:images": '["a"]', "prepull:hold": "true", "prepull:timeout": "90s", "prepull:parallelism": 8}
    assert arguments({"config": config}) == {"images": ["a"], "hold": True, "timeout": "90s", "parallelism": 8}


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("k3s", "k3s"),
        ({"value": "k3s"}, "k3s"),
        ({"default": "k3s"}, "k3s"),
        ({"value": "k3s", "default": "docker"}, "k3s"),
        ({"type": "string", "default": "k3s", "description": "why"}, "k3s"),
    ],
)
def test_a_project_gives_defaults_in_each_of_pulumis_forms(written: Any, value: str) -> None:
    project = {"name": "prepull", "config": {"prepull:runtime": written}}
    assert arguments({"config": IMAGES}, project) == {"images": ["nginx:1.27"], "runtime": value}


def test_a_declaration_without_a_default_gives_nothing() -> None:
    project = {"name": "prepull", "config": {"prepull:runtime": {"type": "string"}}}
    assert arguments({"config": IMAGES}, project) == {"images": ["nginx:1.27"]}


def test_the_stack_goes_before_the_project() -> None:
    project = {"name": "prepull", "config": {"prepull:runtime": "docker", "prepull:hold": True}}
    stack = {"config": {**IMAGES, "prepull:runtime": "k3s"}}
    assert arguments(stack, project) == {"images": ["nginx:1.27"], "runtime": "k3s", "hold": True}


def test_a_projects_keys_without_a_namespace_are_in_that_of_its_name() -> None:
    config = {"runtime": "k3s"}
    assert arguments({}, {"name": "prepull", "config": config}) == {"runtime": "k3s"}
    assert arguments({}, {"name": "other", "config": config}) == {}
    assert arguments({}, {"name": "other", "config": config}, "other") == {"runtime": "k3s"}


@pytest.mark.parametrize("stack", [["a"], "text", {"config": ["a"]}, {"config": {1: "a"}}])
def test_what_is_no_mapping_is_shown(stack: Any) -> None:
    shown = stack if not isinstance(stack, dict) else stack["config"]
    with pytest.raises(InvalidStackFileError) as error:
        arguments(stack)
    assert str(error.value) == f"{shown!r} is not a mapping from names to values"


def test_what_is_encrypted_cannot_be_read() -> None:
    with pytest.raises(InvalidStackFileError) as error:
        arguments({"config": {"prepull:images": {"secure": "v1:abc"}}})
    message = "prepull:images is encrypted, and only Pulumi can read it; nothing here needs to be secret"
    assert str(error.value) == message


def test_a_mapping_that_has_more_than_that_is_a_value() -> None:
    value = {"secure": "a", "other": "b"}
    assert arguments({"config": {"prepull:node_selector": value}}) == {"node_selector": value}
