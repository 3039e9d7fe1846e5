"""Every program, command and configuration in the documentation works, or says what holds it instead."""

from __future__ import annotations

import ast
import json
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Mapping
from importlib.metadata import metadata
from typing import Any

import click
import kubernetes_validate  # type: ignore[import-untyped]
import pulumi
import pulumi_kubernetes as k8s
import pytest
import yaml
from packaging.requirements import Requirement
from prepull import PrePullDaemonSet, args_from_config
from prepull.arguments import check as validation
from prepull.arguments import stackfile
from prepull.arguments.table import ARGUMENTS
from prepull.cli.app import prepull
from prepull.program import provider

from lab.versions import SETTING, SYSTEMS

from ...blocks import ROOT, Block, blocks, blocks_of, commands_of
from ...schema.versions import NEWEST
from ..conftest import Engine
from . import sdk_names

# ---------------------------------------------------------------- programs


# What a fragment may take as imported; a whole program imports what it needs.
IMPORTED = {"pulumi": pulumi, "k8s": k8s, "PrePullDaemonSet": PrePullDaemonSet, "args_from_config": args_from_config}


def run(block: Block, engine: Engine) -> None:
    code = compile(block.text, str(block), "exec")
    names = {"__name__": "__main__", **({} if "import " in block.text else IMPORTED)}

    engine.run(lambda: exec(code, names))  # noqa: S102 - what users are told to write

    assert engine.recorder.registered


# ---------------------------------------------------------------- commands

# Of programs that are not ours: the commands that the documentation may use.
FOREIGN: Mapping[str, frozenset[str]] = {
    "cosign": frozenset(("verify",)),
    "docker": frozenset(("buildx", "pull", "push", "tag")),
    "gh": frozenset(("attestation",)),
    "git": frozenset(("clone", "push", "tag")),
    "helm": frozenset(("upgrade",)),
    "kubectl": frozenset(("apply", "create", "delete", "describe", "get", "logs", "rollout", "taint")),
    "pulumi": frozenset(("config", "destroy", "install", "new", "package", "preview", "stack", "up")),
}


def our_own(words: list[str]) -> None:
    command: click.Command | None = prepull
    assert isinstance(command, click.Group)
    context = click.Context(command, info_name="prepull")
    if words[0].startswith("-"):
        command.make_parser(context).parse_args(words)
        return
    command = command.get_command(context, words[0])
    assert command is not None, f"there is no `prepull {words[0]}`"
    command.make_context(words[0], words[1:], parent=context)


def a_target(words: list[str]) -> None:
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    for word in words:
        assert "=" in word or word in targets, f"there is no `make {word}`"


def a_module(words: list[str]) -> None:
    if words[0] == "-m":
        command = [sys.executable, *words, "--help"]
        ran = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True, timeout=120)
        assert ran.returncode == 0, ran.stderr
    else:
        assert (ROOT / words[0]).is_file()


def an_installation(words: list[str]) -> None:
    assert words[0] == "install"
    for word in words[1:]:
        wanted = Requirement(word)
        assert wanted.name == "pulumi-prepull"
        assert wanted.extras <= set(metadata(wanted.name).get_all("Provides-Extra") or ())


def an_argument(words: list[str]) -> None:
    for key in re.findall(r"\bprepull:(\w+)", " ".join(words)):
        assert key in ARGUMENTS, f"there is no argument {key}"


OURS: Mapping[str, Callable[[list[str]], None]] = {
    "make": a_target,
    "pip": an_installation,
    "prepull": our_own,
    "python": a_module,
    ".venv/bin/python": a_module,
}


def a_setting(word: str) -> bool:
    """Whether a word before the program sets a variable. Only the lab's own setting is on the pages."""
    name, equals, value = word.partition("=")
    if not equals:
        return False
    assert name == SETTING
    assert value in SYSTEMS
    return True


def check_command(command: str) -> None:
    for inner in re.findall(r"\$\(([^)]*)\)", command):
        check_command(inner)
    words = shlex.split(re.sub(r"\$\([^)]*\)", "", command), comments=True)
    parts: list[list[str]] = [[]]
    for word in words:
        if word in ("|", "&&", ">"):
            parts.append([] if word != ">" else ["file"])
        else:
            parts[-1].append(word)
    for part in parts:
        program, *rest = part[1:] if a_setting(part[0]) else part
        if program in OURS:
            OURS[program](rest)
        elif program in FOREIGN:
            assert rest[0] in FOREIGN[program], f"`{program} {rest[0]}`: is it right? Then add it to FOREIGN"
            an_argument(rest)
        else:
            assert program in ("cd", "eval", "file", "source"), f"no check for the program {program!r}"


def can_be_typed(block: Block, _: Engine) -> None:
    commands = commands_of(block)
    assert commands, "a line that is typed begins with '$ '"
    for command in commands:
        check_command(command)


def names_what_there_is(block: Block, _: Engine) -> None:
    for line in block.text.splitlines():
        name, rest = line.removeprefix("prepull ").split(" ", 1)
        assert isinstance(prepull, click.Group)
        command = prepull.get_command(click.Context(prepull), name)
        assert command is not None
        options = {option: parameter for parameter in command.params for option in parameter.opts}
        for option, choices in re.findall(r"(--[a-z-]+)(?: ([a-z]+(?:\|[a-z]+)+))?", rest):
            assert option in options, f"{name} has no {option}"
            if choices:
                assert list(getattr(options[option].type, "choices", ())) == choices.split("|")


# ---------------------------------------------------------------- configuration


def is_valid(block: Block, _: Engine) -> None:
    for document in yaml.safe_load_all(block.text):
        if "apiVersion" in document:
            kubernetes_validate.validate(document, NEWEST, strict=True)
            continue
        if "packages" in document:
            a_program(document)
            continue
        arguments = document
        if "config" in document:
            # A project has a name, and gives defaults; a stack has none.
            stack, project = (None, document) if "name" in document else (document, None)
            arguments = stackfile.arguments(stack, project)
        # What a page is not about, it may leave out.
        validation.check("images", {"images": ["hello-world"], **arguments})


def a_program(project: Mapping[str, Any]) -> None:
    """Check the component's arguments in a program in YAML, and the outputs that it uses."""
    declared = {name: each for name, each in project["resources"].items() if each["type"] == sdk_names.YAML_TYPE}
    assert declared
    for name, resource in declared.items():
        validation.check(name, provider.arguments(resource["properties"]))
    for name, output in re.findall(r"\$\{(\w+)\.(\w+)", yaml.safe_dump(project)):
        assert name not in declared or output in sdk_names.OUTPUTS, f"the component has no output {output}"


# ---------------------------------------------------------------- all of them

CHECKS: Mapping[str, Callable[[Block, Engine], None]] = {
    "console": can_be_typed,
    **{language: lambda block, _: sdk_names.check(block.language, block.text) for language in sdk_names.LANGUAGES},
    "json": lambda block, _: json.loads(block.text),
    "python": run,
    "synopsis": names_what_there_is,
    "yaml": is_valid,
}


@pytest.mark.parametrize("block", blocks(), ids=str)
def test_a_block_is_run_or_checked_or_says_why_not(block: Block, engine: Engine) -> None:
    if block.held_by:
        exists(block.held_by)
    # What is in braces is a directive, which `make docs` carries out.
    elif not block.unchecked and not block.language.startswith("{"):
        assert block.language in CHECKS, (
            f"give it a language that is checked ({', '.join(CHECKS)}), or write above it "
            "`<!-- held by: FILE::TEST -->` or `<!-- unchecked: WHY -->`"
        )
        CHECKS[block.language](block, engine)


def exists(test: str) -> None:
    file, _, name = test.partition("::")
    tree = ast.parse((ROOT / file).read_text("utf-8"))
    assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_a_note_is_of_the_block_below_it_alone() -> None:
    page = """\
<!-- unchecked: nothing
knows it -->
```x
1
```

```python
2
```

* in a list:

      indented
"""
    found = list(blocks_of(page, "page.md"))

    assert [(block.line, block.language, block.unchecked) for block in found] == [
        (3, "x", "nothing knows it"),
        (7, "python", None),
        (13, "", None),
    ]


def test_commands_are_read_with_their_further_lines() -> None:
    block = Block("page.md", 1, "console", "$ prepull status \\\n    --watch\nwhat it prints\n$ make up  # why\n")
    assert commands_of(block) == ["prepull status --watch", "make up  # why"]


@pytest.mark.parametrize(
    "command",
    ["prepull nothing", "prepull status --sideways", "make coffee", "pip install pulumi-prepull[gui]", "rm -rf /",
     "python -m lab sideways", "KUBERNETES=1.0 make up",
     "pulumi config set prepull:pullPolicy Always", 'eval "$(prepull sideways)"'],
)  # fmt: skip
def test_what_is_not_there_is_found(command: str) -> None:
    with pytest.raises((AssertionError, click.UsageError)):
        check_command(command)


README = "components/README.md"


@pytest.mark.parametrize("language", [*sdk_names.LANGUAGES, "yaml"])
@pytest.mark.parametrize(("before", "after"), [("inReady", "inRedy"), ("eadyNodes", "eadyNode")])
def test_a_name_that_the_component_does_not_have_is_found(
    language: str, before: str, after: str, engine: Engine
) -> None:
    [block] = [each for each in blocks_of((ROOT / README).read_text("utf-8"), README) if each.language == language]
    CHECKS[language](block, engine)
    if before not in block.text:
        assert (language, before) == ("csharp", "eadyNodes")
        return
    wrong = Block(block.page, block.line, language, block.text.replace(before, after))

    with pytest.raises((AssertionError, validation.InvalidArgumentError)):
        CHECKS[language](wrong, engine)


def test_every_argument_is_in_the_table_by_what_a_user_wants() -> None:
    table = (
        (ROOT / README).read_text("utf-8").partition("<!-- arguments -->")[2].partition("<!-- end of arguments -->")[0]
    )
    rows = [row.split("|")[2] for row in table.strip().splitlines()[2:]]
    assert sorted(name for row in rows for name in re.findall(r"`(\w+)`", row)) == sorted(ARGUMENTS)
