"""The documentation says what the code does."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")])


def test_the_reference_is_written_from_the_docstrings() -> None:
    page = runpy.run_path(str(ROOT / "docs" / "reference.py"))["arguments"]()

    assert (ROOT / "docs" / "arguments.md").read_text("utf-8") == page, "run `python docs/reference.py`"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text("utf-8")):
        assert (page.parent / target).exists(), f"{page.name} links to {target}, which is not there"


def test_every_reason_of_a_registry_is_explained() -> None:
    page = (ROOT / "docs" / "troubleshooting.md").read_text("utf-8")
    source = (ROOT / "components" / "prepull" / "registry" / "client.py").read_text("utf-8")

    said = re.findall(r'Error\(f?"([^"]+)"|return f"\{prefix\}([^"{]+)', source)
    reasons = {re.sub(r"\{[^}]*\}", "…", first or second) for first, second in said}
    assert {"manifest unknown", "unauthorized…", "host not found", "TLS: "} <= reasons
    for reason in reasons:
        # The first words of a message are enough to find it by, and what it names is left out.
        words = " ".join(reason.replace("…:", "…").strip("…, ").split()[:2])
        assert f"`{words}" in page or f"… {words}" in page, f"troubleshooting.md does not explain '{reason}'"


def test_every_reason_of_the_gate_is_explained() -> None:
    page = (ROOT / "docs" / "troubleshooting.md").read_text("utf-8")
    scripts = "".join((ROOT / "components" / "prepull" / name).read_text() for name in ("gate.sh", "puller.sh"))

    reasons = set(re.findall(r'why = "([a-z][a-z ,]+)"', scripts)) - {"no reason given"}
    assert "manifest unknown" in reasons
    for reason in reasons:
        assert f"`{reason.strip()}" in page, f"troubleshooting.md does not explain '{reason}'"
