"""The gate's program as it travels: what only its readers need stays behind, and the rest does the same."""

from __future__ import annotations

import base64
import bz2
import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from prepull.manifests import gate_program
from prepull.manifests.gate_program import stripped

from .gates import FLAGS, START, mounted

# Pulumi's state has it three times.
MOST_BYTES = 22_000
Started = Callable[[Mapping[str, str]], str]


@pytest.fixture
def started(tmp_path: Path) -> Started:
    """What a program prints that is started as the gate is."""

    def run(modules: Mapping[str, str]) -> str:
        mounted(tmp_path / "program", {**PACKAGES, **modules})
        command = [sys.executable, *FLAGS, str(tmp_path / "program" / START), "--flag"]
        return subprocess.run(command, cwd="/", capture_output=True, text=True, check=True, timeout=60).stdout

    return run


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('"""Module."""\n\nimport os  # why\n', "import os\n"),
        ("# why\nx = '# not a comment'\n", "x = '# not a comment'\n"),
        ('class A(B):\n    """Doc."""\n\n\nx = 1\n', "class A(B):\n pass\nx = 1\n"),
        ('class A(B):\n    """Doc."""\n', "class A(B):\n pass\n"),
        ('class A:\n    # why\n    """Doc."""\n\n    x: int\n    """Its doc."""\n', "class A:\n x: int\n"),
        ('def f():\n    """Over\n\n    lines.\n    """\n    return """a\n    # b\n\n    c"""\n',
         'def f():\n return """a\n    # b\n\n    c"""\n'),
        ("if x:\n    f(\n        a,  # why\n\n        # what\n        b,\n    )\n", "if x:\n f(\n  a,\n  b,\n  )\n"),
        ('x = "a" "b"\n', 'x = "a" "b"\n'),
        ('"a".join(x)\n', '"a".join(x)\n'),
        ('f"{x!r} # {{"  # why\n', 'f"{x!r} # {{"\n'),
        ("if a:\n    if b:\n        c\n    d\nelse:\n    e\n", "if a:\n if b:\n  c\n d\nelse:\n e\n"),
    ],
)  # fmt: skip
def test_what_only_readers_need_stays_behind(text: str, expected: str) -> None:
    assert stripped(text) == expected


def test_its_config_map_has_the_modules_as_a_reviewer_unpacks_them() -> None:
    packed = gate_program.content(gate_program.modules())["binaryData"]["program.json.bz2"]
    sources = json.loads(bz2.decompress(base64.b64decode(packed)))
    assert sources == gate_program.modules()
    assert list(sources) == sorted(sources)
    assert {"prepull/gate/__main__.py", "prepull/status/verdict.py"} < set(sources)


def test_the_order_of_the_modules_does_not_count() -> None:
    modules = gate_program.modules()
    assert gate_program.content(dict(reversed(modules.items()))) == gate_program.content(modules)


def test_its_config_map_is_small() -> None:
    assert len(json.dumps(gate_program.content(gate_program.modules()))) <= MOST_BYTES


PACKAGES = {"prepull/__init__.py": "", "prepull/gate/__init__.py": "name = 'gate'\n"}
FAILS = """
import traceback
from . import name
from .api import fail
try:
 fail(name)
except ValueError:
 print(traceback.format_exc())
"""


@pytest.mark.parametrize(
    ("main", "output"),
    [
        ("import sys\nprint(__name__, sys.argv[1:], sys.modules['__main__'].__spec__.name)\n",
         "__main__ ['--flag'] prepull.gate.__main__\n"),
        ("from . import name\nfrom prepull.gate import api\nprint(name, api.__package__)\n", "gate prepull.gate\n"),
        ("import importlib.util\nprint(importlib.util.find_spec('prepull.none'))\n", "None\n"),
        ("try:\n import prepull.none\nexcept ModuleNotFoundError as error:\n print(error)\n",
         "No module named 'prepull.none'\n"),
        ("import sys\nsys.exit(print('over'))\n", "over\n"),
    ],
)  # fmt: skip
def test_it_starts_as_a_module_of_its_package(started: Started, main: str, output: str) -> None:
    assert started({"prepull/gate/__main__.py": main, "prepull/gate/api.py": ""}) == output


def test_a_traceback_shows_the_lines_of_the_modules(started: Started) -> None:
    told = started(
        {"prepull/gate/__main__.py": FAILS, "prepull/gate/api.py": "def fail(why):\n raise ValueError(why)\n"}
    )
    assert 'program.json.bz2/prepull/gate/api.py", line 2, in fail\n    raise ValueError(why)\n' in told


def test_a_package_of_the_image_with_the_same_name_is_not_what_runs(
    started: Started, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "prepull").mkdir()
    (tmp_path / "prepull" / "__init__.py").write_text("raise SystemExit('the image')\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert started({"prepull/gate/__main__.py": "print('ours')\n"}) == "ours\n"
