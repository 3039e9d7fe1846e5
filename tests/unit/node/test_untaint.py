"""untaint.sh, with a fake kubectl."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from prepull.node.scripts import script

from ... import programs

KUBECTL = """#!/bin/sh
echo "$*" >"$CALLED"
printf '%s\\n' "$SAYS"
exit "$CODE"
"""


@pytest.mark.parametrize("shell", programs.SHELLS)
@pytest.mark.parametrize(
    ("says", "kubectl_code", "code", "output", "message"),
    [
        ("node/n untainted", 0, 0, "node/n untainted\n", ""),
        ('error: taint "example.com/new" not found', 1, 0, "n has no taint example.com/new\n", ""),
        ("Error from server (Forbidden): no", 1, 1, "", "Error from server (Forbidden): no\n"),
    ],
    ids=["taken off", "not there", "refused"],
)
def test_one_taint_is_taken_off_one_node(
    tmp_path: Path, shell: str, says: str, kubectl_code: int, code: int, output: str, message: str
) -> None:
    (tmp_path / "kubectl").write_text(KUBECTL)
    (tmp_path / "kubectl").chmod(0o755)
    for name in ("sh", "tee"):
        (tmp_path / name).symlink_to(programs.path("busybox"))
    (tmp_path / "untaint.sh").write_text(script("untaint.sh"))
    environment = {"PREPULL_NODE": "n", "PREPULL_TAINT": "example.com/new", "PREPULL_MESSAGE": f"{tmp_path}/message"}
    fake = {"PATH": str(tmp_path), "CALLED": f"{tmp_path}/called", "SAYS": says, "CODE": str(kubectl_code)}

    ran = subprocess.run(
        [*programs.shell(shell), tmp_path / "untaint.sh"],
        env={**environment, **fake},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (ran.returncode, ran.stdout, ran.stderr) == (code, output, message)
    assert (tmp_path / "called").read_text() == "taint node n example.com/new-\n"
    assert not message or (tmp_path / "message").read_text() == message
