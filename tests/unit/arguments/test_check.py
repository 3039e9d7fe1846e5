"""Checks of arguments: each complaint names the argument, the value and the way out."""

from __future__ import annotations

import re
from typing import Any

import pytest
from prepull.arguments.table import ARGUMENTS

from ...plans import plan_of
from .values.bad import BAD
from .values.complaints import complaints
from .values.good import DEFAULTS, GOOD


def test_the_defaults() -> None:
    plan = plan_of(images=["a"])
    assert {argument: getattr(plan, argument) for argument in ARGUMENTS if argument != "images"} == DEFAULTS


@pytest.mark.parametrize("argument", [argument for argument in ARGUMENTS if argument != "images"])
def test_none_counts_as_absent(argument: str) -> None:
    assert plan_of(**{argument: None}) == plan_of()


def test_whole_numbers_in_an_affinity_become_whole_and_all_else_stays() -> None:
    plan = plan_of(affinity={"podAffinity": {"a": [1.0, 1.5, True, None, "1.0"]}})
    assert repr(plan.affinity) == "{'podAffinity': {'a': [1, 1.5, True, None, '1.0']}}"


def test_no_images_at_all_are_too_few() -> None:
    assert complaints({"images": None}) == ["images: at least one image is needed, such as ['hello-world']"]


@pytest.mark.parametrize(("argument", "value", "expected"), GOOD)
def test_a_good_value(argument: str, value: Any, expected: Any) -> None:
    found = getattr(plan_of(**{argument: value}), argument)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(("argument", "value", "message"), BAD)
def test_a_bad_value_is_named_with_its_argument_and_the_way_out(argument: str, value: Any, message: str) -> None:
    [complaint] = complaints({argument: value})
    assert message in complaint
    assert complaint.startswith(argument)


def test_every_argument_has_good_and_bad_values() -> None:
    assert {argument for argument, _, _ in GOOD} == ARGUMENTS.keys()
    assert {argument for argument, _, _ in BAD} == ARGUMENTS.keys()


@pytest.mark.parametrize(
    ("key", "hint"),
    [
        ("image", "image: there is no such argument; did you mean 'images'?"),
        ("pullPolicy", "pullPolicy: there is no such argument; did you mean 'pull_policy'?"),
        ("imagePullSecrets", "did you mean 'image_pull_secrets'?"),
        ("toleration", "did you mean 'tolerations'?"),
        ("minready", "did you mean 'min_ready'?"),
        ("secrets", "secrets: there is no such argument; did you mean 'image_pull_secrets'?"),
        ("zzz", "zzz: there is no such argument; the arguments are affinity, annotations, attempts, backoff, "),
    ],
)
def test_an_unknown_key_names_the_nearest(key: str, hint: str) -> None:
    [complaint] = complaints({key: 1})
    assert hint in complaint


def test_an_unknown_key_that_is_not_set_is_unknown_to_nobody() -> None:
    assert plan_of(zzz=None) == plan_of()


def test_all_that_is_wrong_is_in_one_error() -> None:
    found = complaints(
        {
            "images": ["a b", "c", "D"],
            "runtime": "dokcer",
            "tolerations": [{"key": 1, "value": 2}, {"zzz": 3}],
            "labels": {"a": "b c", "d": "e f"},
            "paralelism": 2,
        }
    )
    starts = [re.match(r"[\w\[\]']+", complaint) for complaint in found]
    assert [start and start[0] for start in starts] == [
        "paralelism",
        "images[0]",
        "images[2]",
        "runtime",
        "tolerations[0]['key']",
        "tolerations[0]['value']",
        "tolerations[1]",
        "labels['a']",
        "labels['d']",
    ]


def test_a_list_with_its_mirrors_has_to_fit_into_the_environment() -> None:
    images = [f"quay.io/{'a' * 200}:{index}" for index in range(300)]
    assert len(plan_of(images=images).images) == 300
    [complaint] = complaints({"images": images, "mirrors": {"quay.io": "mirror.example.com"}})
    assert complaint == (
        "images: the 300 references and where they are pulled from take more than 100000 bytes; use several components"
    )


def test_a_list_with_its_digests_has_to_fit_into_the_environment() -> None:
    images = [f"quay.io/{'a' * 200}:{index}" for index in range(400)]
    assert len(plan_of(images=images).images) == 400
    [complaint] = complaints({"images": images, "pin_digests": True})
    assert complaint == "images: the 400 references take more than 100000 bytes; use several components"
