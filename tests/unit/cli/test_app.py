"""The command as a program: what it loads, what it completes, how it ends."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import click
import pytest
from prepull.cli import app

from ..cluster.fake_api import FakeApi
from ..cluster.objects import daemon_set
from .conftest import Prepull, without_the_extra

SCRIPT = Path(sys.executable).with_name("prepull")


def loaded_by(*arguments: str) -> set[str]:
    program = (
        f"import sys; from prepull.cli.app import run; run({list(arguments)!r}); print(*sys.modules, file=sys.stderr)"
    )
    ran = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    return {name.partition(".")[0] for name in ran.stderr.split()}


def test_importing_the_package_imports_nothing_of_the_command() -> None:
    program = "import sys, prepull; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout.split()
    assert not {"pulumi", "click", "lightkube", "rich", "yaml", "prepull.cli"} & set(loaded)


def test_help_loads_no_client_and_nothing_loads_pulumi() -> None:
    assert not {"pulumi", "lightkube", "httpx2", "rich", "yaml"} & loaded_by("--help")
    assert "pulumi" not in loaded_by("status", "--help")
    assert not {"pulumi", "lightkube"} & loaded_by("render", "--help")


def test_the_program_says_its_version_and_what_it_can_do() -> None:
    ran = subprocess.run([SCRIPT, "--help"], check=True, capture_output=True, text=True)
    for command in ("completion", "discover", "render", "status", "wait"):
        assert f"\n  {command} " in ran.stdout
    version = subprocess.run([SCRIPT, "--version"], check=True, capture_output=True, text=True).stdout
    assert version.startswith("prepull 0.")


@pytest.mark.parametrize("command", ["completion", "render", "status", "wait"])
def test_help_says_what_every_option_does(prepull: Prepull, command: str) -> None:
    ran = prepull(command, "--help")
    assert ran.code == 0
    assert "\\b" not in ran.out
    group = app.prepull
    assert isinstance(group, click.Group)
    found = group.get_command(click.Context(group), command)
    assert found is not None
    options = [parameter for parameter in found.params if isinstance(parameter, click.Option)]
    assert [option.name for option in options if not option.help] == []


def test_the_exit_codes_of_wait_are_a_list(prepull: Prepull) -> None:
    lines = prepull("wait", "--help").out.splitlines()
    assert "    1  they will not be there without a change" in lines


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_script_for_each_shell(prepull: Prepull, shell: str) -> None:
    ran = prepull("completion", shell)
    assert ran.code == 0
    assert f"_PREPULL_COMPLETE={shell}_complete" in ran.out.replace(" env ", " ")


def test_commands_contexts_and_components_are_completed(api: FakeApi) -> None:
    api.items["daemonsets"] = [daemon_set(), daemon_set(name="others")]

    def completed(words: str) -> set[str]:
        environ = {**os.environ, "_PREPULL_COMPLETE": "bash_complete", "COMP_WORDS": words}
        environ["COMP_CWORD"] = str(len(words.split(" ")) - 1)
        ran = subprocess.run([SCRIPT], check=True, capture_output=True, text=True, env=environ)
        assert ran.stderr == ""
        return {line.partition(",")[2] for line in ran.stdout.splitlines()}

    assert completed("prepull st") == {"status"}
    assert completed("prepull status --context ") == {"fake"}
    assert completed("prepull status ") == {"images", "others"}
    assert completed("prepull wait o") == {"others"}
    assert completed("prepull discover --context ") == {"fake"}
    assert completed("prepull discover --out") == {"--output"}
    api.refuse["daemonsets"] = (403, "forbidden")
    assert completed("prepull status ") == {""}


def test_without_the_extra_it_says_what_to_install() -> None:
    ran = without_the_extra()
    assert (ran.code, ran.err) == (2, "prepull: click is not installed: pip install 'pulumi-prepull[cli]'\n")


def test_a_reader_that_has_seen_enough_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "args").write_text("images: [nginx]\n")
    command = f"{SCRIPT} render {tmp_path}/args | head -n 1"
    ran = subprocess.run(["sh", "-c", command], check=True, capture_output=True, text=True)
    assert ran.stderr == ""
