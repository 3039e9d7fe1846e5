"""A table of the images on each node, from the nodes' runtimes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.table import Table

from lab.package import parse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lab.cluster.nodes import NodeImage, Nodes, Runtime

# Seconds that a pull took according to the puller, by node and image.
Seconds = Mapping[tuple[str, str], float]


@dataclass(frozen=True)
class Row:
    """An image on a node, or its absence."""

    node: str
    image: str
    found: NodeImage | None
    seconds: float | None

    @property
    def digest(self) -> str:
        """The digest of the image."""
        digests = self.found.digests if self.found else ()
        return digests[0].rpartition("@")[2] if digests else ""


def rows(nodes: Nodes, images: Sequence[str], runtime: Runtime, seconds: Seconds) -> list[Row]:
    """A row for each node and image."""
    made: list[Row] = []
    for node in nodes.names():
        there = nodes.images(node, runtime)
        for image in images:
            found = next((candidate for candidate in there if is_named(candidate, image)), None)
            made.append(Row(node, image, found, seconds.get((node, image))))
    return made


def is_named(image: NodeImage, wanted: str) -> bool:
    """Whether one of an image's names is the wanted one, however each of them is written."""
    reference = parse(wanted)
    names = image.digests if reference.digest else image.references
    return any(_canonical(name) == _canonical(wanted) for name in names)


def _canonical(text: str) -> str:
    """The name that a runtime keeps: with a digest, the tag says nothing more."""
    reference = parse(text)
    return f"{reference.name}@{reference.digest}" if reference.digest else str(reference)


def render(shown: Sequence[Row]) -> Table:
    """The rows as a table for the terminal."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("NODE", "IMAGE", "PRESENT", "DIGEST", "SIZE", "SECONDS"):
        # As in `prepull status`: numbers are aligned to the right.
        table.add_column(heading, justify="right" if heading in ("SIZE", "SECONDS") else "left", overflow="fold")
    for row in shown:
        size = f"{row.found.size / 1e6:.1f} MB" if row.found else ""
        seconds = "" if row.seconds is None else f"{row.seconds:.1f}"
        present = "[green]yes[/]" if row.found else "[red]no[/]"
        table.add_row(row.node, parse(row.image).familiar, present, row.digest[:19], size, seconds)
    return table


def summary(shown: Sequence[Row]) -> list[str]:
    """A line for each image: on how many nodes it is."""
    lines: list[str] = []
    for image in dict.fromkeys(row.image for row in shown):
        of_image = [row for row in shown if row.image == image]
        present = sum(row.found is not None for row in of_image)
        lines.append(f"{_short(image)} present on {present} of {len(of_image)} nodes")
    return lines


def _short(image: str) -> str:
    return parse(image).familiar.removesuffix(":latest")
