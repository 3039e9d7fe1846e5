"""The contract of the packages that import nothing but the standard library and what is named."""

from __future__ import annotations

from typing import Any

import pytest
from grimp import ImportGraph

from ...imports import OnlyContract


@pytest.mark.parametrize(
    ("imported", "options", "kept"),
    [
        ("json", {}, True),
        ("status.b", {}, True),
        ("labels", {}, False),
        ("labels", {"allowed": ["labels"]}, True),
        ("labels.a", {"allowed": ["labels"]}, True),
        ("labels_too", {"allowed": ["labels"]}, False),
        ("status_too", {}, False),
        ("yaml", {}, False),
        ("json", {"allowed": ["misspelt"]}, False),
        ("json", {"modules": ["misspelt"]}, False),
    ],
)
def test_what_a_package_may_import(imported: str, options: dict[str, Any], kept: bool) -> None:
    graph = ImportGraph()
    for module in ("status", "status.a", "status.b", "labels", "other"):
        graph.add_module(module)
    graph.add_import(importer="status.a", imported=imported)
    graph.add_import(importer="other", imported="yaml")

    contract = OnlyContract("only", {}, {"modules": ["status"], "allowed": [], **options})

    assert contract.check(graph, verbose=False).kept is kept
