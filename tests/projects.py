"""Pulumi projects in the repository."""

from __future__ import annotations

from pathlib import Path

from prepull.cli import documents


def language(directory: Path) -> str | None:
    """What a project's programs are written in; None where there is no project."""
    file = directory / "Pulumi.yaml"
    if not file.is_file():
        return None
    runtime = documents.load(file.read_text("utf-8"))["runtime"]
    return str(runtime if isinstance(runtime, str) else runtime["name"])
