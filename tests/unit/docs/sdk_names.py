"""Checks programs in the languages whose SDKs are generated: the schema has what they name of the component."""

from __future__ import annotations

import json
import re

from ...blocks import ROOT

_SCHEMA = json.loads((ROOT / "tests" / "schema" / "schema.json").read_text("utf-8"))
_COMPONENT = _SCHEMA["resources"]["prepull:index:PrePullDaemonSet"]
ARGUMENTS = frozenset(_COMPONENT["inputProperties"])
OUTPUTS = frozenset(_COMPONENT["properties"])
YAML_TYPE = "prepull:PrePullDaemonSet"

# Of each language: the arguments' text, a name in it, and an output of the component in the variable `images`.
LANGUAGES = {
    "typescript": (r'prepull\.PrePullDaemonSet\(\s*"\w+",\s*\{(.*?)\}', r"(?<!\")\b(\w+): ", r"images\.(\w+)"),
    "go": (
        r'NewPrePullDaemonSet\(ctx, "\w+", &prepull\.PrePullDaemonSetArgs\{(.*)\n\}\)',
        r"^\t(\w+):",
        r"images\.(\w+)",
    ),
    "csharp": (r'Prepull\.PrePullDaemonSet\("\w+", new\(\)\s*\{(.*)\}\)', r"(\w+) =", r"images\.(\w+)"),
    "java": (
        r'PrePullDaemonSet\("\w+",\s*PrePullDaemonSetArgs\.builder\(\)(.*?)\.build\(\)',
        r"\.(\w+)\(",
        r"images\.(\w+)\(",
    ),
}


def check(language: str, text: str) -> None:
    """Check a program.

    Args:
        language: one of LANGUAGES.
        text: the program, with one component.
    """
    arguments, name, output = LANGUAGES[language]
    found = re.search(arguments, text, re.DOTALL)
    assert found, "there is no PrePullDaemonSet as this language writes it"
    named = [_camel_case(each) for each in re.findall(name, found[1], re.MULTILINE)]
    assert "images" in named
    for each in named:
        assert each in ARGUMENTS, f"the component has no argument {each}"
    for each in re.findall(output, text[found.end() :]):
        assert _camel_case(each) in OUTPUTS, f"the component has no output {each}"


def _camel_case(name: str) -> str:
    return name[0].lower() + name[1:]
