"""Writes credential plugins, and reads what they were told."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

V1, V1BETA1 = "client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"
TOKEN = "of-the-plugin"
PAST, FUTURE = "2020-01-01T00:00:00Z", "2999-01-01T00:00:00Z"


def answer(version: str = V1, **status: Any) -> str:
    return json.dumps({"apiVersion": version, "kind": "ExecCredential", "status": status or {"token": TOKEN}})


def program(path: Path, *lines: str) -> Path:
    """Write a plugin in shell. It counts its runs, and keeps what it was told."""
    count, asked = path.with_suffix(".runs"), path.with_suffix(".asked")
    start = [f"echo run >>{count}", f'printf %s "$KUBERNETES_EXEC_INFO" >{asked}']
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(["#!/bin/sh", *start, *lines, ""]))
    path.chmod(0o755)
    return path


def prints(text: str) -> str:
    return f"printf '%s\\n' {shlex.quote(text)}"


def runs(path: Path) -> int:
    return path.with_suffix(".runs").read_text().count("run")


def told(path: Path) -> Any:
    return json.loads(path.with_suffix(".asked").read_text())


def entry(path: Path | str, **more: Any) -> dict[str, Any]:
    return {"exec": {"apiVersion": V1, "command": str(path), "interactiveMode": "Never", **more}}
