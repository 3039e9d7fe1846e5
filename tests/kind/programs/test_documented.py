"""What the pages say in Go and Java compiles against the generated SDKs, and their C# has the names of its SDK."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from lab import Lab
from lab.process import CommandError, run

from ...blocks import Block, blocks
from .in_languages import NEEDS_JAVA

# They share the directory with the programs that run.
pytestmark = pytest.mark.xdist_group("languages")

SCHEMA = Path(__file__).parents[2] / "schema" / "schema.json"
GO = """\
package documented

import (
	"example.com/pulumi-prepull/sdk/go/prepull"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)
"""
JAVA = """\
package app;

import com.pulumi.Context;
import com.pulumi.prepull.PrePullDaemonSet;
import com.pulumi.prepull.PrePullDaemonSetArgs;
import com.pulumi.prepull.enums.PullPolicy;

class Documented {
"""


def documented(language: str) -> list[Block]:
    found = [block for block in blocks() if block.language == language]
    assert {block.page for block in found} >= {"components/README.md", "docs/_index.md", "docs/languages.md"}
    return found


def go(checkout: Path, programs: list[str]) -> None:
    package = checkout / "examples" / "go" / "documented"
    functions = [
        f"func program{number}(ctx *pulumi.Context) error {{\n{text}\nreturn nil\n}}\n"
        for number, text in enumerate(programs)
    ]
    package.mkdir(exist_ok=True)
    (package / "programs.go").write_text(GO + "".join(functions), "utf-8")
    try:
        run("go", "vet", "./documented", cwd=package.parent)
    finally:
        (package / "programs.go").unlink()
        package.rmdir()


def java(checkout: Path, programs: list[str]) -> None:
    project = checkout / "examples" / "java"
    file = project / "src" / "main" / "java" / "app" / "Documented.java"
    methods = [
        f"    static void program{number}(Context ctx) {{\n{text}    }}\n" for number, text in enumerate(programs)
    ]
    file.write_text(JAVA + "".join(methods) + "}\n", "utf-8")
    try:
        run("mvn", "--quiet", "--no-transfer-progress", "compile", cwd=project)
    finally:
        file.unlink()


@pytest.mark.parametrize(
    ("language", "compiled", "mistake"),
    [
        ("go", go, r"undefined: prepull\.PullPolicyAlwys|unknown field"),
        pytest.param("java", java, r"cannot find symbol", marks=NEEDS_JAVA),
    ],
    ids=["go", "java"],
)
def test_each_program_compiles_and_one_with_a_mistake_does_not(
    language: str, compiled: Callable[[Path, list[str]], None], mistake: str, checkout: Path
) -> None:
    programs = [block.text for block in documented(language)]

    compiled(checkout, programs)

    with pytest.raises(CommandError, match=mistake):
        compiled(checkout, [text.replace("mages", "magos") for text in programs[:1]])


def test_each_name_in_csharp_is_one_of_its_sdk(lab: Lab, tmp_path: Path) -> None:
    lab.csharp_sdk(SCHEMA, tmp_path)
    component = (tmp_path / "PrePullDaemonSet.cs").read_text("utf-8").partition("class PrePullDaemonSetArgs ")[2]
    arguments = re.findall(r"^ +public \S+ (\w+)(?: \{.*)?$", component, re.MULTILINE)
    members = re.findall(r"public static (\w+) (\w+) \{ get; \}", (tmp_path / "Enums.cs").read_text("utf-8"))
    for block in documented("csharp"):
        assert set(re.findall(r"(\w+) = (?!new)", block.text)) <= set(arguments), str(block)
        assert set(re.findall(r"Pulumi\.Prepull\.(\w+)\.(\w+)", block.text)) <= set(members), str(block)
