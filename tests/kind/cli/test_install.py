"""What a user installs: the wheel with the extra `cli`, in an environment with nothing else."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from prepull.arguments import stackfile
from prepull.cli import documents
from prepull.manifests import render

ROOT = Path(__file__).parents[3]


@pytest.mark.timeout(900)
def test_render_takes_python_and_the_wheel_alone(tmp_path: Path) -> None:
    venv, wheels = tmp_path / "venv", tmp_path / "wheels"
    pip = (venv / "bin" / "python", "-m", "pip", "--disable-pip-version-check", "--quiet")
    subprocess.run([sys.executable, "-m", "venv", venv], check=True)
    subprocess.run([*pip, "wheel", "--no-deps", "--wheel-dir", wheels, ROOT / "components"], check=True)
    [wheel] = wheels.iterdir()
    subprocess.run([*pip, "install", f"{wheel}[cli]"], check=True)

    command = (venv / "bin" / "prepull", "render", "--config", ROOT / "Pulumi.prod.yaml")
    # Neither Pulumi's engine nor kubectl nor anything else is to be found.
    environ = {"PATH": "/nowhere", "PYTHONHASHSEED": "7"}
    rendered = subprocess.run(command, check=True, capture_output=True, cwd=tmp_path, env=environ)

    read = [documents.load((ROOT / name).read_text("utf-8")) for name in ("Pulumi.prod.yaml", "Pulumi.yaml")]
    expected = render.stream(render.manifests("images", stackfile.arguments(*read)))
    assert (rendered.stdout, rendered.stderr) == (expected.encode(), b"")
