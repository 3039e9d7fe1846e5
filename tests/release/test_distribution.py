"""What a user installs is whole: built, checked, installed away from the checkout, and used there."""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
import zipfile
from email import message_from_string
from pathlib import Path

import pytest
from prepull import __version__

from ..blocks import ROOT, blocks
from .conftest import Environment

# Of files in the package; what else lies there is left over from running it.
KINDS = (".py", ".sh", ".awk", ".json", ".yaml", ".typed")

FIRST_PAGES = ("README.md", "components/README.md", "docs/_index.md", "docs/getting-started.md")

PROGRAM = """
import sys
from prepull.cli.app import run

assert run(["--help"]) == 0
assert not [name for name in sys.modules if name.partition(".")[0] in ("pulumi", "pulumi_kubernetes", "grpc")]
"""

UNDER_MOCKS = """
import runpy
import sys

import pulumi


class Mocks(pulumi.runtime.Mocks):
    def new_resource(self, args):
        made.append(args.typ)
        return f"{args.name}-id", {**args.inputs, "metadata": {"name": args.name, "namespace": "default"}}

    def call(self, args):
        return {}


made = []
pulumi.runtime.set_mocks(Mocks())


@pulumi.runtime.test
def run():
    runpy.run_path(sys.argv[1])


run()
assert "kubernetes:apps/v1:DaemonSet" in made, made
"""


def files(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_the_wheel_has_the_whole_package_and_nothing_else(wheel: Path) -> None:
    package = ROOT / "components" / "prepull"
    wanted = {f"prepull/{path.relative_to(package)}" for path in package.rglob("*") if path.suffix in KINDS}
    found = files(wheel)

    assert "prepull/py.typed" in found
    assert {name for name in found if name.startswith("prepull/")} == wanted
    metadata = f"pulumi_prepull-{__version__}.dist-info"
    assert {name.partition("/")[0] for name in found} == {"prepull", "pulumi_prepull", metadata}


def test_pulumi_looks_for_no_plugin_of_its_name(wheel: Path) -> None:
    """`pulumi install` would fail to download one. tests/kind/programs/test_template.py runs it."""
    with zipfile.ZipFile(wheel) as archive:
        assert json.loads(archive.read("pulumi_prepull/pulumi-plugin.json")) == {"resource": False}


def test_the_sdist_is_enough_to_build_from(dist: Path) -> None:
    [sdist] = dist.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}

    assert {"pyproject.toml", "README.md", "LICENSE", "prepull/node/puller.sh", "prepull/py.typed"} <= names
    assert "pulumi_prepull/pulumi-plugin.json" in names


def test_the_version_is_the_same_in_the_metadata_and_from_the_command(wheel: Path, installed: Environment) -> None:
    with zipfile.ZipFile(wheel) as archive:
        metadata = message_from_string(archive.read(f"pulumi_prepull-{__version__}.dist-info/METADATA").decode())
    assert metadata["Version"] == __version__
    assert installed.run("prepull", "--version").stdout == f"prepull {__version__}\n"


def test_the_command_starts_without_pulumi(installed: Environment) -> None:
    ran = installed.run("python", "-I", "-c", PROGRAM)
    assert ran.returncode == 0, ran.stderr
    assert "Container images on every node" in ran.stdout


def test_without_its_extra_the_command_says_what_to_install(bare: Environment) -> None:
    ran = bare.run("prepull", "--help")
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr == "prepull: click is not installed: pip install 'pulumi-prepull[cli]'\n"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The programs of the pages that a user sees first, as a project elsewhere on the disk."""
    directory = tmp_path_factory.mktemp("project")
    written = [block for block in blocks() if block.language == "python" and block.page in FIRST_PAGES]
    programs = [directory / f"program_{number}.py" for number in range(len(written))]
    for program, block in zip(programs, written, strict=True):
        program.write_text(block.text, "utf-8")
    assert programs
    return programs


def test_a_project_that_uses_it_runs(installed: Environment, project: list[Path]) -> None:
    for program in project:
        ran = installed.run("python", "-W", "error", "-c", UNDER_MOCKS, program, cwd=program.parent)
        assert ran.returncode == 0, ran.stderr


def test_a_project_that_uses_it_passes_strict_type_checks(installed: Environment, project: list[Path]) -> None:
    mypy = [sys.executable, "-m", "mypy", "--strict", "--python-executable", str(installed.python)]
    # The types of Pulumi's packages take a minute to read; where the checkout's have been, that is kept.
    cache = ["--cache-dir", str(ROOT / ".mypy_cache" / "release"), "--config-file", ""]
    ran = subprocess.run(
        [*mypy, *cache, *map(str, project)], cwd=project[0].parent, check=False, capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stdout
    assert f"no issues found in {len(project)} source files" in ran.stdout


def test_a_wrong_argument_is_found_by_the_type_checker(installed: Environment, tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(
        'from prepull import PrePullDaemonSet\n\nPrePullDaemonSet("images", {"image": ["a"]})\n', "utf-8"
    )
    mypy = [sys.executable, "-m", "mypy", "--strict", "--python-executable", str(installed.python)]
    cache = ["--cache-dir", str(ROOT / ".mypy_cache" / "release"), "--config-file", ""]
    ran = subprocess.run([*mypy, *cache, str(program)], cwd=tmp_path, check=False, capture_output=True, text=True)
    assert 'Extra key "image" for TypedDict "PrePullDaemonSetArgs"' in ran.stdout
