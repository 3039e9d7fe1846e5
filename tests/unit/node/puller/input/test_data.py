"""The puller treats its settings as data, whatever they contain."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from prepull.node import scripts
from prepull.node.scripts import PULLER_FILES, UNTAINT_FILES, script

from ...kubelet import expand
from ..conftest import Node, hub, in_every_shell

HOSTILE = [
    "$(touch${IFS}x)",
    "`touch${IFS}x`",
    ";touch${IFS}x",
    "a&&touch${IFS}x",
    "a|touch${IFS}x",
    ">x",
    "*",
    "~",
    "'\"",
    "%s%n",
    "a\\nb\\c",
    "${PATH}",
]


@in_every_shell
def test_no_name_is_ever_run_or_expanded(node: Node) -> None:
    before = sorted(path.name for path in node.directory.iterdir())
    outcome = node.run(*HOSTILE, remove="\n".join(HOSTILE), parallelism=12)
    assert sorted(outcome.pulled) == sorted(HOSTILE)
    created = {path.name for path in node.directory.iterdir()} - {*before, "report", "work"}
    assert not created


@in_every_shell
@pytest.mark.parametrize("line", ["--creds=x", f"{hub('a:1')} -D"])
def test_a_name_that_a_client_would_take_for_an_option_is_refused(node: Node, line: str) -> None:
    outcome = node.run(line, hub("b:1"), remove="--all")
    assert outcome.code == 1
    assert outcome.pulled == [hub("b:1")]
    assert outcome.reasons == {0: "not an image reference"}
    assert "absent --all" in outcome.output


def test_the_kubelet_would_find_nothing_to_expand_in_the_scripts() -> None:
    text = "".join(script(name) for name in PULLER_FILES)
    names = {*re.findall(r"PREPULL_[A-Z_]+", text), "PATH", "HOME"}
    assert len(names) > 10
    assert expand("$$x $(PATH) $(y)", {"PATH": "/bin"}) == "$x /bin $(y)"
    assert expand(text, dict.fromkeys(names, "expanded")) == text


def test_every_file_of_the_puller_goes_to_the_nodes() -> None:
    folder = Path(scripts.__file__).parent
    names = {path.name for path in [*folder.glob("*.sh"), *folder.glob("awk/*.awk")]}
    assert names - set(UNTAINT_FILES) == set(PULLER_FILES)
