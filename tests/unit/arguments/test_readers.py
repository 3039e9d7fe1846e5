"""The makers of readers, by themselves: what arguments are made of, whatever the arguments are."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from prepull.arguments import readers
from prepull.arguments.readers import InvalidValueError


def complaints(read: Callable[[Any], Any], value: Any) -> list[str]:
    with pytest.raises(InvalidValueError) as caught:
        read(value)
    return list(caught.value.complaints)


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        ("monda", ": 'monda' is not one of monday, tuesday; did you mean 'monday'?"),
        ("uesday", ": 'uesday' is not one of monday, tuesday; did you mean 'tuesday'?"),
        ("zzz", ": 'zzz' is not one of monday, tuesday"),
        (1, ": 1 is not a text; write one in quotes"),
    ],
)
def test_a_choice_names_the_others_and_the_nearest(value: Any, complaint: str) -> None:
    read = readers.choice("monday", "tuesday")
    assert read("tuesday") == "tuesday"
    assert complaints(read, value) == [complaint]


@pytest.mark.parametrize("value", ["", "AB-1 ", " AB-1", "AB", "ab-1"])
def test_a_pattern_holds_for_the_whole_text(value: str) -> None:
    read = readers.matching(re.compile("[A-Z]{2}-[0-9]"), "a plate; it has two letters, '-' and a digit")
    assert read("AB-1") == "AB-1"
    assert complaints(read, value) == [f": {value!r} is not a plate; it has two letters, '-' and a digit"]
    assert complaints(read, None) == [": None is not a text; write one in quotes"]


@pytest.mark.parametrize("value", [11, 1001, -12])
def test_a_count_is_within_its_limits(value: int) -> None:
    read = readers.count(12)
    assert [read(12), read(13.0), read(1000)] == [12, 13, 1000]
    assert complaints(read, value) == [f": {value} is not between 12 and 1000"]
    assert complaints(read, "12") == [": '12' is not a whole number; write one without quotes and fractions, such as 3"]


def test_a_duration_may_be_zero_where_nothing_must_pass() -> None:
    assert [readers.duration(positive=False)(text) for text in ("0s", "1ms", "2m")] == [0, 1, 120_000]
    assert [readers.duration(positive=True)(text) for text in ("1ms", "2m")] == [1, 120_000]
    assert complaints(readers.duration(positive=True), "0s") == [": '0s' is no time at all; write a longer one"]
    [complaint] = complaints(readers.duration(positive=False), "2")
    assert complaint.startswith(": '2' is not a duration; write a number with a unit (ms, s, m, h)")
    assert complaints(readers.duration(positive=True), 2) == [": 2 is not a text; write one in quotes"]


def test_a_list_is_read_item_by_item_and_all_that_is_wrong_is_said() -> None:
    read = readers.each(readers.count(1))
    assert read([2, 1, 2.0]) == (2, 1, 2)
    assert complaints(read, [0, 1, 2000]) == [
        "[0]: 0 is not between 1 and 1000",
        "[2]: 2000 is not between 1 and 1000",
    ]
    assert complaints(read, "12") == [": '12' is not a list; write ['12']"]


def test_of_equal_items_the_first_is_kept() -> None:
    assert readers.unique(readers.count(1))([3, 1, 3.0, 2, 1]) == (3, 1, 2)


def test_what_is_wrong_within_a_list_of_lists_has_its_whole_place() -> None:
    assert complaints(readers.each(readers.each(readers.flag)), [[True], [False, "no"]]) == [
        "[1][1]: 'no' is not one of true, false; write one of them, without quotes"
    ]
