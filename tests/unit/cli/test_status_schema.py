"""`prepull status --output json` as an interface: what the command prints is what the schema and the page describe."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from importlib import resources
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest

from ...blocks import ROOT, blocks_of
from ..cluster.fake_api import FakeApi
from ..cluster.objects import MOUNTED, NAMES, daemon_set, pod
from ..cluster.pods import backing_off, reported, run_of, running, there
from ..cluster.verdicts import CASES, Case
from .conftest import Prepull

FAILED = reported("node-b", "1 failed 5 30.400 manifest unknown", "0 present", code=1)
MORE: Mapping[str, Case] = {
    "between two attempts of the kubelet": Case([], 0, [backing_off(run_of(FAILED), node="node-b")]),
    "a pod of an earlier list": Case([], 0, [there("node-a")], args={"images": ["nginx:1.28"]}),
    "a running puller, with its log": Case([], 0, [running("node-c")]),
    "a pod that nobody has looked at": Case([], 0, [pod("node-d", MOUNTED)], args=MOUNTED),
}
ALL = {**CASES, **MORE}


def schema() -> dict[str, Any]:
    """The schema as users find it, in the installed package."""
    text = resources.files("prepull.cli.show").joinpath("status.schema.json").read_text("utf-8")
    return dict(json.loads(text))


def objects(described: Any) -> Iterator[dict[str, Any]]:
    """Every object that a schema describes."""
    if isinstance(described, dict):
        if "properties" in described:
            yield described
        for value in described.values():
            yield from objects(value)


def strict() -> Any:
    """The schema without room for the fields of later versions: this version prints what it describes, and no more."""
    described = schema()
    for each in objects(described):
        each["additionalProperties"] = False
    return jsonschema.Draft202012Validator(described)


def printed(api: FakeApi, prepull: Prepull, case: Case) -> dict[str, Any]:
    api.items["daemonsets"] = [daemon_set(case.args, desired=case.desired, **case.more)]
    api.items["pods"] = list(case.pods)
    api.items["events"] = list(case.events)
    api.logs["images-node-c"] = [f"pulling {NAMES[0]} (attempt 1 of 5)"]
    ran = prepull("status", "--output", "json")
    assert (ran.code, ran.err) == (0, "")
    return dict(json.loads(ran.out))


def test_it_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())


@pytest.mark.parametrize("case", ALL.values(), ids=ALL.keys())
def test_what_is_printed_is_what_the_schema_describes(case: Case, api: FakeApi, prepull: Prepull) -> None:
    strict().validate(printed(api, prepull, case))


def test_a_schema_that_is_closed_notices_a_field_that_it_does_not_describe(api: FakeApi, prepull: Prepull) -> None:
    document = printed(api, prepull, ALL["all there"])
    document["components"][0]["nodes"][0]["images"][0]["colour"] = "red"
    with pytest.raises(jsonschema.ValidationError, match="'colour' was unexpected"):
        strict().validate(document)


def test_each_field_and_state_is_printed_at_times_and_a_required_field_always(api: FakeApi, prepull: Prepull) -> None:
    found: dict[str, list[dict[str, Any]]] = {"component": [], "node": [], "image": []}
    for case in ALL.values():
        for component in printed(api, prepull, case)["components"]:
            found["component"].append(component)
            found["node"] += component["nodes"]
            found["image"] += [image for node in component["nodes"] for image in node["images"]]

    described = schema()["$defs"]
    for kind, values in found.items():
        assert set().union(*values) == set(described[kind]["properties"]), kind
        assert set.intersection(*map(set, values)) == set(described[kind]["required"]), kind
    assert {image["state"] for image in found["image"]} == set(described["image"]["properties"]["state"]["enum"])


def test_the_page_has_every_field_and_a_document() -> None:
    page = (ROOT / "docs" / "cli.md").read_text("utf-8")
    section = page.partition("### For programs")[2].partition("\n## ")[0]
    for each in objects(schema()):
        for name in each["properties"]:
            assert f"`{name}`" in section, f"the section does not explain {name}"
    [shown] = [block for block in blocks_of(section, "docs/cli.md") if block.language == "json"]
    strict().validate(json.loads(shown.text))
