"""Starts the gate's program: the modules in the compressed file beside this one, a JSON of paths and sources."""

from __future__ import annotations

import bz2
import json
import runpy
import sys
from importlib.abc import ExecutionLoader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_loader
from pathlib import Path

PROGRAM = Path(__file__).with_name("program.json.bz2")


class Importer(MetaPathFinder, ExecutionLoader):
    """Imports the modules; tracebacks show their lines."""

    def __init__(self, sources: dict[str, str]) -> None:
        self._sources = sources
        self._paths = {path.removesuffix(".py").removesuffix("/__init__").replace("/", "."): path for path in sources}

    def find_spec(self, fullname: str, path: object, target: object = None) -> ModuleSpec | None:  # noqa: ARG002
        """The import system asks this for each module; None leaves it to the next finder."""
        return spec_from_loader(fullname, self) if fullname in self._paths else None

    def is_package(self, fullname: str) -> bool:
        """Whether the module is a package."""
        return self._paths[fullname].endswith("/__init__.py")

    def get_filename(self, fullname: str) -> str:
        """What tracebacks call the file."""
        return f"{PROGRAM}/{self._paths[fullname]}"

    def get_source(self, fullname: str) -> str:
        """The module's source; ImportError for any other module."""
        if fullname not in self._paths:
            raise ImportError(f"{PROGRAM} has no module {fullname}", name=fullname)
        return self._sources[self._paths[fullname]]


def install() -> None:
    """Import these modules before any others of the same names."""
    sys.meta_path.insert(0, Importer(json.loads(bz2.decompress(PROGRAM.read_bytes()))))


if __name__ == "__main__":
    install()
    runpy.run_module("prepull.gate", run_name="__main__", alter_sys=True)
