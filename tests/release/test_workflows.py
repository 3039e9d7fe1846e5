"""The workflows of the code host run what this repository has, with no more rights than they need."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from lab.versions import SYSTEMS

from ..blocks import ROOT
from ..pythons import SUPPORTED

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
EACH = pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)


def read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(path.read_text("utf-8"))
    return found


def steps(path: Path) -> list[dict[str, Any]]:
    return [step for job in read(path)["jobs"].values() for step in job["steps"]]


@EACH
def test_an_action_is_pinned_to_a_commit_with_its_version_beside_it(path: Path) -> None:
    used = re.findall(r"uses: (\S+)(.*)", path.read_text("utf-8"))
    assert used
    for action, comment in used:
        assert re.fullmatch(r"[\w.-]+/[\w.-]+@[0-9a-f]{40}", action), action
        assert re.fullmatch(r" # v\d+\.\d+\.\d+", comment), action


@EACH
def test_one_version_of_an_action_is_one_commit_everywhere(path: Path) -> None:
    everywhere = {
        action: commit
        for other in WORKFLOWS
        for action, commit in re.findall(r"uses: (\S+)@(\S+)", other.read_text("utf-8"))
    }
    for action, commit in re.findall(r"uses: (\S+)@(\S+)", path.read_text("utf-8")):
        assert everywhere[action] == commit


@EACH
def test_what_is_made_is_a_target(path: Path) -> None:
    made = [
        word for step in steps(path) for word in re.findall(r"^\s*make ([^\n]+)", step.get("run", ""), re.MULTILINE)
    ]
    assert made
    for words in made:
        targets = [word for word in words.partition(">")[0].split() if not word.startswith("-") and "=" not in word]
        for target in targets:
            assert target in TARGETS or target in ("${{", "matrix.tests", "matrix.python", "}}"), words


def test_the_tests_run_on_every_supported_python() -> None:
    jobs = read(ROOT / ".github" / "workflows" / "ci.yml")["jobs"]
    assert tuple(jobs["pythons"]["strategy"]["matrix"]["python"]) == SUPPORTED


def test_the_tests_run_on_every_cluster_of_the_lab() -> None:
    included = read(ROOT / ".github" / "workflows" / "ci.yml")["jobs"]["cluster"]["strategy"]["matrix"]["include"]
    assert [each["kubernetes"] for each in included] == list(SYSTEMS)
    for each in included:
        assert each["tests"].split()[0] in TARGETS


@EACH
def test_a_job_has_the_rights_that_it_names_and_no_others(path: Path) -> None:
    assert read(path)["permissions"] in ({}, {"contents": "read"})


def test_what_runs_the_code_of_others_can_neither_sign_nor_publish() -> None:
    jobs = read(ROOT / ".github" / "workflows" / "release.yml")["jobs"]
    assert jobs["build"]["permissions"] == {"contents": "read"}
    signing = {name for name, job in jobs.items() if job["permissions"].get("id-token") == "write"}
    assert signing == {"image", "attest", "pypi"}
    for name in signing:
        assert not any("checkout" in step.get("uses", "") for step in jobs[name]["steps"])


def test_the_package_is_published_after_all_that_can_be_done_again() -> None:
    jobs = read(ROOT / ".github" / "workflows" / "release.yml")["jobs"]
    assert set(jobs["pypi"]["needs"]) == {"build", "image", "attest"}
    assert jobs["notes"]["needs"] == "pypi"
