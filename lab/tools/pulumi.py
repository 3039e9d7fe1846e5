"""The Pulumi engine and its language host for Python."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from lab import versions
from lab.platforms import Platform
from lab.sources import tool
from lab.sources.cache import fingerprint
from lab.sources.download import Release
from lab.sources.source import Source, cached, first_of
from lab.tools import programs

if TYPE_CHECKING:
    from lab.console import Step
    from lab.sources.workshop import Workshop

_LANGUAGE_HOST = "pulumi-language-python"


def provide(workshop: Workshop) -> Path:
    """The program `pulumi`, with its language host beside it."""
    with workshop.console.step("pulumi") as step:
        return first_of(
            "pulumi",
            [
                tool.on_path("pulumi", _suits),
                tool.within(released(workshop, step), "pulumi"),
                tool.within(_built(workshop), "pulumi"),
            ],
            step,
        )


def released(workshop: Workshop, step: Step) -> Source[Path]:
    """The directory of the official release, which contains all language hosts. The step shows the progress."""
    host = Platform.host()
    architecture = {"amd64": "x64"}.get(host.arch, host.arch)
    releases = f"https://github.com/pulumi/pulumi/releases/download/v{versions.PULUMI}"
    release = Release(
        f"{releases}/pulumi-v{versions.PULUMI}-{host.os}-{architecture}.tar.gz",
        f"{releases}/pulumi-{versions.PULUMI}-checksums.txt",
    )
    return tool.release_directory(workshop, "pulumi", release, step)


def _suits(path: Path) -> bool:
    return tool.version_of(path, "version") >= versions.PULUMI_MINIMUM and (path.parent / _LANGUAGE_HOST).is_file()


def _built(workshop: Workshop) -> Source[Path]:
    """The programs and scripts in one directory, as in the release."""
    modules = workshop.go.modules
    key = fingerprint(
        Path(__file__),
        Path(programs.__file__),
        *(modules / program.module / "go.sum" for program in (programs.PULUMI, programs.PULUMI_LANGUAGE_PYTHON)),
    )

    def fill(directory: Path) -> None:
        for program in (programs.PULUMI, programs.PULUMI_LANGUAGE_PYTHON):
            for path in workshop.go.build(program, Platform.host()).iterdir():
                shutil.copy(path, directory)
        scripts = workshop.go.source_of(programs.PULUMI.module, "github.com/pulumi/pulumi/sdk/v3") / "python"
        for script in (
            scripts / "cmd" / f"{_LANGUAGE_HOST}-exec",
            scripts / "dist" / "pulumi-resource-pulumi-python",
        ):
            shutil.copyfile(script, directory / script.name)
            (directory / script.name).chmod(0o755)

    return cached("built from its Go modules", workshop.cache, "pulumi-built", key, fill)
