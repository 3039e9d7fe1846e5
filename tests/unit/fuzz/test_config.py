"""A stack's configuration: every configuration gives a plan, or complaints that name the arguments."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator

import pulumi
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from prepull import args_from_config
from prepull.arguments import check as validation
from prepull.arguments.check import InvalidArgumentError
from prepull.arguments.table import ARGUMENTS
from pulumi.runtime.config import CONFIG

from ..strategies import JSON, NEAR_REFERENCES, TEXTS

VALUES = TEXTS | NEAR_REFERENCES | JSON.map(json.dumps) | st.lists(NEAR_REFERENCES, max_size=3).map(json.dumps)
KEYS = st.sampled_from(sorted(ARGUMENTS)) | TEXTS


@pytest.fixture(autouse=True, scope="module")
def _configuration() -> Iterator[None]:
    before = CONFIG.get()
    yield
    CONFIG.set(before)


@given(st.dictionaries(KEYS, VALUES, max_size=4))
@example({"images": "[" * 90_000})
@example({"images": "[" * 900 + "]" * 900})
@example({"parallelism": "1e400"})
@example({"attempts": "9" * 5000})
def test_any_configuration_is_a_plan_or_refused(configured: dict[str, str]) -> None:
    pulumi.runtime.set_all_config({f"prepull:{key}": value for key, value in configured.items()})

    with contextlib.suppress(InvalidArgumentError):
        args = args_from_config()

        assert set(args) == set(configured)
        validation.check("images", {"images": ["a"], **args})
