"""The arguments out of a stack's configuration."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml
from prepull import args_from_config, validation
from pulumi.runtime.config import CONFIG

from ..plans import EACH

ROOT = Path(__file__).parents[2]


@pytest.fixture(name="configure")
def _configure(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[dict[str, Any]], None]]:
    """Hands values over as the engine does: structured ones as JSON, all others as text."""
    monkeypatch.delenv("PULUMI_CONFIG", raising=False)
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


def test_a_misspelt_key_is_passed_on_and_found(configure: Configure) -> None:
    configure({"prepull:images": ["a"], "prepull:pullPolicy": "Always"})
    with pytest.raises(validation.InvalidArgumentError, match="there is no such argument; did you mean 'pull_policy'"):
        validation.check("images", args_from_config())


def test_what_a_process_gets_in_its_environment_counts_as_well(
    configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure({"prepull:runtime": "docker"})
    monkeypatch.setenv("PULUMI_CONFIG", json.dumps({"prepull:images": '["a"]', "prepull:runtime": "k3s"}))
    assert args_from_config() == {"images": ["a"], "runtime": "docker"}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("8", 8),
        ("90s", "90s"),
        ("nginx:1.27", "nginx:1.27"),
        ('{"a": "b"}', {"a": "b"}),
        ('["a"', '["a"'),
        ("", ""),
        ("null", None),
    ],
)
def test_values_are_read_as_they_were_written(configure: Configure, text: str, value: Any) -> None:
    configure({"prepull:images": text})
    assert args_from_config() == {"images": value}


@pytest.mark.parametrize("stack", ["dev", "staging", "prod"])
def test_the_stacks_of_this_project_are_valid(configure: Configure, stack: str) -> None:
    configure(yaml.safe_load((ROOT / f"Pulumi.{stack}.yaml").read_text("utf-8"))["config"])
    plan = validation.check("images", args_from_config())
    assert plan.images
