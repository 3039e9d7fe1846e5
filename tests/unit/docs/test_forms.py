"""The forms and hooks of the repository name what there is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from prepull.runtimes import RUNTIMES

from ...blocks import ROOT

FORMS = sorted(path for path in (ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml") if path.stem != "config")
# https://docs.github.com/en/communities/using-templates-to-encourage-useful-issues-and-pull-requests/syntax-for-githubs-form-schema
KINDS = ("markdown", "textarea", "input", "dropdown", "checkboxes")


def read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(path.read_text("utf-8"))
    return found


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.stem)
def test_a_form_has_what_the_code_host_asks_of_one(path: Path) -> None:
    form = read(path)
    assert form["name"]
    assert form["description"]
    asked = [item for item in form["body"] if item["type"] != "markdown"]
    assert asked
    for item in form["body"]:
        assert item["type"] in KINDS
        assert item["attributes"].get("label") or item["attributes"].get("value")
    names = [item["id"] for item in asked]
    assert len(set(names)) == len(names)
    assert any(item["validations"]["required"] for item in asked if "validations" in item)


def test_the_form_for_faults_offers_every_runtime() -> None:
    [runtime] = [item for item in read(FORMS[0])["body"] if item.get("id") == "runtime"]
    assert runtime["attributes"]["options"] == sorted(RUNTIMES)


def test_what_the_forms_and_policies_refer_to_is_there() -> None:
    texts = [path.read_text("utf-8") for path in FORMS]
    named = {name for text in texts for name in re.findall(r"`([\w./-]+\.md)`", text)}
    assert named
    assert [name for name in sorted(named) if not (ROOT / name).is_file()] == []


def test_a_hook_runs_a_target_that_there_is() -> None:
    hooks = [hook for repo in read(ROOT / ".pre-commit-config.yaml")["repos"] for hook in repo["hooks"]]
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert [hook["entry"].partition(" ")[0] for hook in hooks] == ["make"] * len(hooks)
    assert {hook["entry"].partition(" ")[2] for hook in hooks} <= set(targets)
