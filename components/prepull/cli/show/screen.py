"""A status as a table for people: a row for each node and image, totals above."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from heapq import nsmallest

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ...images import references
from ...status import observe
from ...status.nodes import Node, Status
from ...status.observe import Image

_STYLES = {observe.PRESENT: "green", observe.PULLING: "cyan", observe.WAITING: "dim", observe.FAILED: "bold red"}
_URGENCY = {observe.FAILED: 0, observe.PULLING: 1, observe.WAITING: 2, observe.PRESENT: 3}
_DIGEST_LENGTH = len("sha256:") + 12


def screen(
    statuses: Sequence[Status], now: float, *, rows: int | None = None, wide: bool = False, note: str | None = None
) -> RenderableType:
    """The tables of all components.

    Args:
        statuses: the status of each component.
        now: the time, in seconds since the epoch.
        rows: how many rows to show at most; the most urgent rows are shown. Default: all rows.
        wide: add pods, whole digests and attempts.
        note: a last line. Default: none.
    """
    parts: list[RenderableType] = []
    share = None if rows is None else max(1, rows // max(1, len(statuses)))
    for status in statuses:
        if parts:
            parts.append(Text())
        parts.extend(_component(status, now, share, wide=wide))
    if note:
        parts.append(Text(note, style="yellow"))
    return Group(*parts)


def _component(status: Status, now: float, rows: int | None, *, wide: bool) -> Iterator[RenderableType]:
    yield Text.assemble((f"{status.component.namespace}/{status.component.component}", "bold"), f"  {headline(status)}")
    if status.refused:
        yield Text(f"pods are refused: {status.refused}", style="bold red")
    cells = [
        (_URGENCY[image.state] if not node.outdated else 2, node_at, image_at)
        for node_at, node in enumerate(status.nodes)
        for image_at, image in enumerate(node.pod.images)
    ]
    hidden = 0
    if rows is not None and len(cells) > rows:
        hidden = len(cells) - rows
        cells = nsmallest(rows, cells)
    cells.sort(key=lambda cell: cell[1:])
    if cells:
        yield _table(_rows(status, cells, now, wide=wide), wide=wide)
    if hidden:
        yield Text(f"and {hidden} more; --output wide lists all", style="dim")


def plain(statuses: Sequence[Status], now: float, *, wide: bool) -> Iterator[str]:
    """The same without styles, line by line. For very many rows, a table of rich takes minutes.

    Args:
        statuses: the status of each component.
        now: the time, in seconds since the epoch.
        wide: add pods, whole digests and attempts.
    """
    for at, status in enumerate(statuses):
        if at:
            yield ""
        yield f"{status.component.namespace}/{status.component.component}  {headline(status)}"
        if status.refused:
            yield f"pods are refused: {status.refused}"
        places = [(0, node, image) for node, each in enumerate(status.nodes) for image in range(len(each.pod.images))]
        if not places:
            continue
        headings = _headings(wide=wide)
        widths = [len(heading) for heading in headings]
        for row in _rows(status, places, now, wide=wide):
            widths = [max(width, len(text)) for width, (text, _) in zip(widths, row, strict=True)]
        yield _line(headings, headings, widths)
        for row in _rows(status, places, now, wide=wide):
            yield _line(headings, [text for text, _ in row], widths)


def _line(headings: Sequence[str], texts: Sequence[str], widths: Sequence[int]) -> str:
    padded = (
        text.rjust(width) if heading in _NUMBERS else text.ljust(width)
        for heading, text, width in zip(headings, texts, widths, strict=True)
    )
    return "  ".join(padded).rstrip()


_NUMBERS = ("SIZE", "SECONDS", "ATTEMPTS")
_Cell = tuple[str, str]


def _headings(*, wide: bool) -> list[str]:
    more = ["ATTEMPTS", "POD"] if wide else []
    return ["NODE", "IMAGE", "STATE", "DIGEST", "SIZE", "SECONDS", *more, "NOTE"]


def _table(rows: Iterator[list[_Cell]], *, wide: bool) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in _headings(wide=wide):
        table.add_column(heading, justify="right" if heading in _NUMBERS else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(text, style=style) for text, style in row))
    return table


def _rows(status: Status, places: Sequence[tuple[int, int, int]], now: float, *, wide: bool) -> Iterator[list[_Cell]]:
    before = None
    for _, node_at, image_at in places:
        yield _row(status.nodes[node_at], image_at, now, first=node_at != before, wide=wide)
        before = node_at


def headline(status: Status) -> str:
    """The totals on one line."""
    totals = "  ".join(f"{number} {state}" for state, number in status.totals.items() if number)
    images = len(status.component.names)
    what = "the image" if images == 1 else f"all {images} images"
    if status.desired is None:
        return f"the nodes are not counted yet  {totals}".rstrip()
    return f"{status.complete} of {status.desired} nodes have {what}:  {totals or 'no node matches'}"


def _row(node: Node, at: int, now: float, *, first: bool, wide: bool) -> list[_Cell]:
    image, pod = node.pod.images[at], node.pod
    digest = image.digest or ""
    cells = [
        (node.name if first else "", ""),
        (familiar(pod.names[at]), ""),
        _state(node, image, now),
        (digest if wide else digest[:_DIGEST_LENGTH], ""),
        ("" if image.size is None else f"{image.size / 1e6:.1f} MB", ""),
        # An image that was present before needed no attempt.
        ("" if image.seconds is None or image.attempts == 0 else f"{image.seconds:.1f}", ""),
    ]
    if wide:
        cells += [("" if image.attempts is None else str(image.attempts), ""), (pod.name if first else "", "")]
    return [*cells, (_note(node, image, now, first=first), "")]


def _state(node: Node, image: Image, now: float) -> _Cell:
    if node.outdated:
        return "outdated", "yellow"
    text = image.state
    if image.state == observe.PULLING and image.since is not None:
        text += f" {duration(now - image.since)}"
    return text, _STYLES[image.state]


def _note(node: Node, image: Image, now: float, *, first: bool) -> str:
    words = []
    if node.outdated:
        return "the pod is of an earlier list" if first else ""
    if first and node.pod.problem:
        words.append(node.pod.problem)
    if image.reason:
        words.append(image.reason)
    if image.attempts and image.state == observe.FAILED:
        words.append(f"attempt {image.attempts} of {image.of_attempts or image.attempts}")
    if image.state == observe.PULLING and (image.attempts or 0) > 1:
        words.append(f"attempt {image.attempts} of {image.of_attempts}")
    if image.next_try is not None:
        left = image.next_try - now
        words.append(f"next try in {duration(left)}" if left > 0 else "next try now")
    return ", ".join(words)


def duration(seconds: float) -> str:
    """A duration in its largest two units."""
    whole = max(0, int(seconds))
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02}s"
    return f"{whole // 3600}h{whole % 3600 // 60:02}m"


@lru_cache(maxsize=4096)
def familiar(name: str) -> str:
    """An image's name in the form that people write."""
    try:
        reference = references.parse(name)
    except references.InvalidReferenceError:
        return name
    text = reference.familiar
    return text if reference.digest is None else f"{text.partition('@')[0]}@{reference.digest[:_DIGEST_LENGTH]}"
