"""Builds without a Go toolchain."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from lab.checkout import Checkout
from lab.console import Console
from lab.sources.cache import Cache
from lab.sources.golang import Go


class Builder(Go):
    """Builds programs that contain the word `built`, and keeps their names."""

    def __init__(self, cache: Cache, console: Console) -> None:
        super().__init__(Checkout.of_this_file().go, cache, console)
        self.built: list[str] = []

    def run(self, directory: Path, *arguments: str, environ: Mapping[str, str] | None = None) -> str:
        del directory, environ
        target, *packages = arguments[arguments.index("-o") + 1 :]
        for package in packages:
            name = package.rsplit("/", 1)[-1]
            (Path(target) / name).write_text("built")
            self.built.append(name)
        return ""
