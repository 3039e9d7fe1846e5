"""The fingerprint of a plan: another one for each change, and the same for the same plan."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from typing import Any

import pytest
from prepull.arguments.table import ARGUMENTS

from ...plans import EACH, plan_of

OTHERS: dict[str, Any] = {**EACH, "images": ["other"], "runtime": "k3s"}


@pytest.mark.parametrize("argument", ARGUMENTS)
def test_anything_that_changes_makes_another_plan(argument: str) -> None:
    assert plan_of(**{argument: OTHERS[argument]}).fingerprint != plan_of().fingerprint


def test_every_field_of_the_plan_counts() -> None:
    plan = plan_of()
    for field in dataclasses.fields(plan):
        changed: Any = dataclasses.replace(plan, **{field.name: "something else"})  # type: ignore[arg-type]
        assert changed.fingerprint != plan.fingerprint, field.name


def reversed_mappings(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: reversed_mappings(item) for key, item in reversed(value.items())}
    return [reversed_mappings(item) for item in value] if isinstance(value, list) else value


def test_the_order_of_names_in_a_mapping_makes_no_other_plan() -> None:
    args = {
        **{key: EACH[key] for key in ("affinity", "resources", "mirrors", "tolerations")},
        "labels": {"a": "1", "b": "2", "c": "3"},
        "annotations": {"a": "1", "b": "2"},
        "node_selector": {"a": "1", "b": "2"},
    }
    plan, other = plan_of(**args), plan_of(**reversed_mappings(args))
    assert list(plan.labels) != list(other.labels)
    assert plan == other
    assert plan.fingerprint == other.fingerprint


def test_the_same_written_otherwise_is_the_same_plan() -> None:
    plan = plan_of(images=["nginx", "quay.io/a:1"], parallelism=4, resources={"limits": {"cpu": 1}}, backoff="2s")
    other = plan_of(
        images=["docker.io/library/nginx:latest", "quay.io/a:1", "nginx"],
        parallelism=4.0,
        resources={"limits": {"cpu": "1"}, "requests": None},
        backoff="2000ms",
    )
    assert plan.fingerprint == other.fingerprint


@pytest.mark.parametrize(
    "args", [{"images": ["b", "a"]}, {"image_pull_secrets": ["b", "a"]}, {"remove": ["b:1", "a:1"]}], ids=str
)
def test_an_order_that_has_a_meaning_makes_another_plan(args: dict[str, list[str]]) -> None:
    other = {key: value[::-1] for key, value in args.items()}
    assert plan_of(**args).fingerprint != plan_of(**other).fingerprint


PRINT_FINGERPRINT = """\
import json, sys
from prepull.arguments import check as validation
print(validation.check("images", json.load(sys.stdin)).fingerprint)
"""


@pytest.mark.parametrize("seed", ["1", "2"])
def test_the_fingerprint_is_the_same_in_every_process(seed: str) -> None:
    args = {
        "images": ["a", "b"],
        **{key: value for key, value in EACH.items() if key not in ("hold", "wait_for", "pin_digests")},
    }
    found = subprocess.run(
        [sys.executable, "-c", PRINT_FINGERPRINT],
        input=json.dumps(args),
        env={**os.environ, "PYTHONHASHSEED": seed},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    assert found.stdout.strip() == plan_of(**args).fingerprint
