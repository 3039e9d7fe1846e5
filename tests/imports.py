"""A contract for import-linter: some packages import only the standard library and allowed modules.

`lint-imports` loads it; its configuration is in pyproject.toml.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output


class OnlyContract(Contract):
    """All imports of `modules` and their submodules are in `allowed` or in the standard library."""

    type_name = "only"

    modules = fields.ListField(subfield=fields.ModuleField())
    allowed = fields.ListField(subfield=fields.ModuleField(), required=False)

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Find the imports that are not allowed."""
        del verbose
        modules, allowed = (_names(field) for field in (self.modules, self.allowed))
        missing = [name for name in [*modules, *allowed] if name not in graph.modules]
        found = [
            (importer, imported)
            for importer in sorted(graph.modules)
            if _is_within(importer, modules)
            for imported in sorted(graph.find_modules_directly_imported_by(importer))
            if not _is_within(imported, [*modules, *allowed])
            and imported.partition(".")[0] not in sys.stdlib_module_names
        ]
        return ContractCheck(kept=not missing and not found, metadata={"missing": missing, "found": found})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Print the forbidden imports and their places."""
        for name in check.metadata["missing"]:
            output.print_error(f"there is no {name}")
        for importer, imported in check.metadata["found"]:
            output.print_error(f"{importer} imports {imported}")


def _names(modules: Any) -> list[str]:
    return [str(module.name) for module in modules or ()]


def _is_within(module: str, packages: Iterable[str]) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)
