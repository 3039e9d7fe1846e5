"""YAML is read as the engine reads it; tests/kind/programs/test_environments.py asks the engine itself."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from prepull.cli import documents


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", "yes"),
        ("Off", "Off"),
        ("true", True),
        ("1:30", "1:30"),
        ("1_000", 1000),
        ("010", 8),
        ("-010", -8),
        ("0o10", 8),
        ("08", 8.0),
        ("0x10", 16),
        ("0b11", 3),
        ("1e3", 1000.0),
        ("1.30", 1.3),
        (".5", 0.5),
        ('"1.30"', "1.30"),
        ("1.30.1", "1.30.1"),
        ("nginx:1.27", "nginx:1.27"),
        ("5m", "5m"),
        ("2024-01-01-alpine", "2024-01-01-alpine"),
        ("2024-01-01 00:00:00 +0000 UTC", "2024-01-01 00:00:00 +0000 UTC"),
        ("~", None),
        ("", None),
        ('""', ""),
        ("=", "="),
        ('"\\ud83d\\ude00"', "😀"),
        ("{<<: {a: b}, c: d}", {"a": "b", "c": "d"}),
    ],
)
def test_words_mean_what_they_mean_to_the_engine(text: str, value: Any) -> None:
    read = documents.load(text)
    assert (read, type(read)) == (value, type(value))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("images: [a]\nruntime: docker\nimages: [b]", "'images' is there twice"),
        ("labels: {a: b, a: c}", "'a' is there twice"),
        ("released: 2024-01-01", "'2024-01-01' cannot be read; write it in quotes"),
        ("released: 2024-01-01T00:00:00Z", "'2024-01-01T00:00:00Z' cannot be read"),
        ('half: "\\ud83d"', "half of a character"),
        ("share: .inf", "'.inf' cannot be read; write it in quotes"),
        ("!!python/object:os.system {}", "could not determine a constructor"),
    ],
)
def test_what_cannot_be_meant_is_an_error(text: str, problem: str) -> None:
    with pytest.raises(yaml.YAMLError, match=problem):
        documents.load(text)
