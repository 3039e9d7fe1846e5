"""Every value is deployed or refused, and cannot inject anything into the pods."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from prepull.arguments import check as validation
from prepull.arguments.check import InvalidArgumentError
from prepull.arguments.table import ARGUMENTS
from prepull.plan import Plan

from ...plans import SOCKET_RUNTIMES, built
from ..strategies import JSON, NEAR_REFERENCES, REFERENCES, TEXTS
from .values.bad import BAD
from .values.good import GOOD

VALUES = st.one_of(
    JSON,
    st.sampled_from([value for _, value, _ in GOOD]),
    st.sampled_from([value for _, value, _ in BAD]),
    st.lists(REFERENCES | NEAR_REFERENCES, max_size=3),
    st.dictionaries(REFERENCES | TEXTS, REFERENCES | TEXTS, max_size=3),
)
ARGS = st.dictionaries(st.sampled_from([*ARGUMENTS]) | TEXTS, VALUES, max_size=4)


def accepted(args: Mapping[str, Any]) -> Plan | None:
    try:
        return validation.check("images", args)
    except InvalidArgumentError:
        return None


@given(ARGS)
def test_whatever_is_given_is_deployed_or_refused(args: dict[str, Any]) -> None:
    plan = accepted({"images": ["a"], **args})
    if plan is not None:
        assert built(plan)
        assert re.fullmatch("[0-9a-f]{12}", plan.fingerprint)


PLAIN_REFERENCE = r"[][A-Za-z0-9._:@/-]+"
LINES = {
    "PREPULL_IMAGES": rf"{PLAIN_REFERENCE}( {PLAIN_REFERENCE})?",
    "PREPULL_REMOVE": PLAIN_REFERENCE,
    "PREPULL_SOCKETS": r"(crictl|docker) /[A-Za-z0-9_.@+/-]+( nameless| untags)?",
}
SMUGGLED = st.builds(
    lambda text, extra, at: text[: at % (len(text) + 1)] + extra + text[at % (len(text) + 1) :],
    st.sampled_from(["docker.io/library/nginx:1", "quay.io", "/run/a/b.sock", "1s", "pool"]),
    st.sampled_from(
        ["", "\n", "\r", "\t", " ", "\x00", "\x0b", "\x1c", "\x85", "\u2028", "\u00a0", "$(PATH)", "$", "-", "a"]
    ),
    st.integers(0, 40),
)
LINE_ARGS = st.fixed_dictionaries(
    {"images": st.lists(SMUGGLED | REFERENCES, min_size=1, max_size=3)},
    optional={
        "runtime": st.sampled_from(SOCKET_RUNTIMES),
        "socket_path": SMUGGLED | TEXTS.map(lambda text: f"/{text}"),
        "mirrors": st.dictionaries(SMUGGLED, SMUGGLED, max_size=2),
        "remove": st.lists(SMUGGLED, max_size=2),
        "startup_taint": SMUGGLED,
        "stagger": SMUGGLED,
        "min_ready": SMUGGLED,
    },
)


@given(LINE_ARGS)
def test_no_value_can_bring_a_line_or_a_field_of_its_own(args: dict[str, Any]) -> None:
    plan = accepted(args)
    if plan is None:
        return
    for body in built(plan).values():
        pod = body.get("spec", {}).get("template", {}).get("spec", {})
        for container in pod.get("initContainers", []) + pod.get("containers", []):
            for variable in container.get("env", []):
                value = variable.get("value", "")
                # The kubelet expands $(NAME), and a shell's arithmetic evaluates more than digits.
                assert "$" not in value
                lines = value.split("\n")
                assert len(lines) <= len(plan.images) + len(plan.remove) + len(SOCKET_RUNTIMES)
                assert all(re.fullmatch(r"[ -~]*", line) for line in lines)
                if pattern := LINES.get(variable["name"]):
                    assert all(re.fullmatch(pattern, line) for line in lines)
                elif "\n" in value:
                    raise AssertionError(f"{variable['name']} has several lines")
                if variable["name"].endswith(("_MS", "_S")):
                    assert re.fullmatch(r"[0-9]{1,12}", value)
