"""A gate to run without a cluster: the real script, with a kubectl that says what a test has it say."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from prepull.node.scripts import script

from .. import programs

IMAGES = ("docker.io/library/nginx:1.27", "quay.io/org/app:2")
PROGRAMS = ("awk", "cat", "cut", "head", "sleep", "tee")


@dataclass(frozen=True)
class Gate:
    """gate.sh in a directory of its own, which is also its HOME; `kubectl` is a script."""

    directory: Path

    @classmethod
    def made(cls, directory: Path, kubectl: str, values: Mapping[str, object] | None = None) -> Gate:
        """Make one, with other values for some of the script's own."""
        binaries = directory / "bin"
        binaries.mkdir()
        for name in PROGRAMS:
            (binaries / name).symlink_to(programs.path("busybox"))
        (binaries / "kubectl").write_text(kubectl)
        (binaries / "kubectl").chmod(0o755)
        text = script("gate.sh")
        for name, value in {"MESSAGE": directory / "message", **(values or {})}.items():
            line = f"{name}={value}".replace("\\", r"\\")
            text, found = re.subn(rf"^{name}=('[^']*'|.*)$", line, text, flags=re.MULTILINE)
            assert found == 1
        (directory / "gate.sh").write_text(text)
        return cls(directory)

    def end(
        self,
        *,
        min_ready: str = "100%",
        reports: str = "yes",
        timeout_s: int = 0,
        more: Mapping[str, str] | None = None,
    ) -> tuple[int, str]:
        """Run it, and return its exit code and its termination message. By default it looks once, its time being up."""
        message = self.directory / "message"
        message.unlink(missing_ok=True)
        done = subprocess.run(
            [*programs.shell("ash"), self.directory / "gate.sh"],
            cwd=self.directory,
            env={
                "PATH": str(self.directory / "bin"),
                "HOME": str(self.directory),
                "PREPULL_DAEMON_SET": "images-1a2b",
                "PREPULL_SELECTOR": "a=b,c=d",
                "PREPULL_POD": "gate",
                "PREPULL_IMAGES": "\n".join(IMAGES),
                "PREPULL_REPORTS": reports,
                "PREPULL_MIN_READY": min_ready,
                "PREPULL_TIMEOUT_S": str(timeout_s),
                **(more or {}),
            },
            capture_output=True,
            timeout=60,
            check=False,
        )
        assert done.stderr == b""
        return done.returncode, message.read_bytes().decode("utf-8", "replace")
