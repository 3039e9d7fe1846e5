"""Pulumi's language hosts for TypeScript, Go, Java and YAML."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lab.sources import tool
from lab.sources.source import AbsentError, Source, first_of
from lab.tools import programs, pulumi

if TYPE_CHECKING:
    from pathlib import Path

    from lab.sources.golang import Program
    from lab.sources.workshop import Workshop

_HOSTS = (
    programs.PULUMI_LANGUAGE_NODEJS,
    programs.PULUMI_LANGUAGE_GO,
    programs.PULUMI_LANGUAGE_JAVA,
    programs.PULUMI_LANGUAGE_YAML,
)


def provide(workshop: Workshop, engine: Path) -> list[Path]:
    """The programs. Releases of the engine contain them; a built engine does not."""
    return [_host(workshop, engine, program) for program in _HOSTS]


def _host(workshop: Workshop, engine: Path, program: Program) -> Path:
    name = program.module

    def missing() -> Path:
        raise AbsentError("none there")

    beside = engine.resolve().parent / name
    with workshop.console.step(name) as step:
        return first_of(
            name,
            [
                Source("beside pulumi", lambda: beside if beside.is_file() else None, missing),
                tool.within(pulumi.released(workshop, step), name),
                tool.built(workshop, name, program),
            ],
            step,
        )


def csharp_sdk(workshop: Workshop) -> Path:
    """The generator of SDKs in C#, as in releases of the engine that had it."""
    name = programs.CSHARP_SDK.module
    with workshop.console.step(name) as step:
        return first_of(name, [tool.built(workshop, name, programs.CSHARP_SDK)], step)
