"""The schema that programs in every other language are generated from, as a file.

After a change that is meant: python -m pytest tests/schema --update-golden, and read the difference in git.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prepull import __version__
from prepull.arguments.check import complaints_of
from prepull.arguments.table import ARGUMENTS
from prepull.program.provider import PrePullProvider

GOLDEN = Path(__file__).parent / "schema.json"
TOKEN = "prepull:index:PrePullDaemonSet"
# These decide which resources there are; an argument that is not plain may be an output of another resource.
PLAIN = {"runtime", "startupTaint", "waitFor", "timeout"}
# As deep as the API of Kubernetes.
FREE = {"affinity", "resources", "helperResources"}
# Arguments, and fields of a toleration, whose value is one of a few.
CLOSED = {
    "runtime": "Runtime",
    "pullPolicy": "PullPolicy",
    "onFailure": "OnFailure",
    "onPinFailure": "OnPinFailure",
    "waitFor": "WaitFor",
    "operator": "TolerationOperator",
    "effect": "TaintEffect",
}
PROJECT = Path(__file__).parents[2] / "components" / "pyproject.toml"


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(PrePullProvider().schema or "")
    return found


@pytest.fixture(scope="module")
def component(schema: dict[str, Any]) -> dict[str, Any]:
    [(token, found)] = schema["resources"].items()
    assert token == TOKEN
    assert found["isComponent"] is True
    return dict(found)


def properties(schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every property with where it is: arguments, outputs, and fields of types."""
    for token, resource in schema["resources"].items():
        for part in ("inputProperties", "properties"):
            yield from ((f"{token} {part} {name}", found) for name, found in resource[part].items())
    for token, found in schema["types"].items():
        yield from ((f"{token} {name}", field) for name, field in found.get("properties", {}).items())


def enums(schema: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """The members of each enum, by its token."""
    return {token: found["enum"] for token, found in schema["types"].items() if "enum" in found}


def within(found: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A property, and what its list or mapping is of."""
    yield found
    for part in ("items", "additionalProperties"):
        if part in found:
            yield from within(found[part])


def test_the_schema_is_as_it_was(schema: dict[str, Any], request: pytest.FixtureRequest) -> None:
    found = json.dumps(schema, indent=2) + "\n"
    if request.config.getoption("--update-golden"):
        GOLDEN.write_text(found, "utf-8")
    wanted = GOLDEN.read_text("utf-8") if GOLDEN.exists() else ""
    difference = difflib.unified_diff(wanted.splitlines(), found.splitlines(), GOLDEN.name, "as it is now", lineterm="")
    if lines := list(difference):
        pytest.fail(
            "\n".join([*lines, "", "If this is meant: python -m pytest tests/schema --update-golden"]), pytrace=False
        )


def test_it_has_the_version_of_the_package(schema: dict[str, Any]) -> None:
    assert (schema["name"], schema["version"]) == ("prepull", __version__)


def test_every_argument_is_there_and_only_the_images_are_required(component: dict[str, Any]) -> None:
    names = [re.sub("_([a-z])", lambda letter: letter[1].upper(), name) for name in ARGUMENTS]
    assert list(component["inputProperties"]) == names
    assert component["requiredInputs"] == ["images"]


def test_every_output_is_there_and_always_has_a_value(component: dict[str, Any]) -> None:
    assert set(component["properties"]) == {"daemonSetName", "namespace", "images", "readyNodes", "desiredNodes"}
    assert set(component["required"]) == set(component["properties"])


def test_the_component_its_types_and_every_property_are_described(schema: dict[str, Any]) -> None:
    members = [(f"{token} {each['name']}", each) for token, found in enums(schema).items() for each in found]
    things = [*schema["resources"].items(), *schema["types"].items(), *properties(schema), *members]
    assert [name for name, found in things if not found.get("description", "").endswith(".")] == []


def test_each_closed_set_is_an_enum_of_the_texts_that_are_accepted(schema: dict[str, Any]) -> None:
    used = {name.split()[-1]: found["$ref"] for name, found in properties(schema) if "$ref" in found}
    wanted = {name: f"#/types/prepull:index:{enum}" for name, enum in CLOSED.items()}
    assert wanted.items() <= used.items()
    assert {f"#/types/{token}" for token in enums(schema)} == set(wanted.values())
    for name, enum in CLOSED.items():
        assert schema["types"][f"prepull:index:{enum}"]["type"] == "string"
        texts = [each["value"] for each in enums(schema)[f"prepull:index:{enum}"]]
        assert [complaints(name, text) for text in texts] == [[]] * len(texts)
        [complaint] = complaints(name, "zzz")
        assert complaint.endswith(f": 'zzz' is not one of {', '.join(texts)}")


def complaints(name: str, text: str) -> list[str]:
    """What is said of the value of an argument, or of a field of a toleration."""
    if name in ("operator", "effect"):
        return complaints_of({"tolerations": [{"key": "a", name: text}]})
    return complaints_of({re.sub("[A-Z]", lambda letter: f"_{letter[0].lower()}", name): text})


def test_the_members_of_an_enum_have_names_as_in_packages_of_pulumi(schema: dict[str, Any]) -> None:
    names = {token.split(":")[-1]: [each["name"] for each in found] for token, found in enums(schema).items()}
    assert names["Runtime"] == ["Docker", "Containerd", "CriO", "CriDockerd", "K3s", "Auto", "Kubelet", "ImageVolume"]
    assert names["PullPolicy"] == ["IfNotPresent", "Always"]
    assert names["TaintEffect"] == ["NoSchedule", "PreferNoSchedule", "NoExecute"]


def test_a_registry_is_told_what_the_package_index_is_told(schema: dict[str, Any]) -> None:
    project = PROJECT.read_text("utf-8")
    said = {key: re.findall(f'^{key} = "(.+)"$', project, re.MULTILINE) for key in ("description", "license")}
    assert {key: [schema[key]] for key in said} == said
    [keywords] = re.findall(r"^keywords = (\[.+\])$", project, re.MULTILINE)
    assert schema["keywords"] == [*json.loads(keywords), "category/infrastructure", "kind/component"]


def test_all_names_are_in_camel_case_also_within_descriptions(schema: dict[str, Any]) -> None:
    assert [name for name, _ in properties(schema) if not re.fullmatch("[a-z][a-zA-Z]*", name.split()[-1])] == []
    assert re.findall(r"\b[a-z]+_[a-z_]+\b", json.dumps(schema)) == []


def test_no_description_has_an_example_in_python_or_the_margin_of_a_docstring(schema: dict[str, Any]) -> None:
    texts = [found["description"] for _, found in [*schema["resources"].items(), *properties(schema)]]
    assert [text for text in texts if ">>>" in text or re.search(r"\n ", text)] == []


def test_plain_is_only_what_decides_about_the_resources(schema: dict[str, Any]) -> None:
    plain = {name.split()[-1] for name, found in properties(schema) for part in within(found) if part.get("plain")}
    assert plain == PLAIN


def test_only_what_is_as_deep_as_the_api_of_kubernetes_is_of_any_type(schema: dict[str, Any]) -> None:
    free = {
        name.split()[-1]
        for name, found in properties(schema)
        for part in within(found)
        if part.get("$ref") == "pulumi.json#/Any"
    }
    assert free == FREE


def test_no_type_is_empty_and_every_one_is_used(schema: dict[str, Any]) -> None:
    assert [name for name, found in schema["types"].items() if not (found.get("properties") or found["enum"])] == []
    references = {part["$ref"] for _, found in properties(schema) for part in within(found) if "$ref" in part}
    assert references - {"pulumi.json#/Any"} == {f"#/types/{name}" for name in schema["types"]}
