"""`prepull status`: shows which image is on which node."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

import click
from rich.console import Console
from rich.live import Live

from ...status.nodes import Status
from ..cluster.access.kubeconfig import Access, access
from ..cluster.client import connected
from ..cluster.view import View
from ..options import of_cluster, run
from ..show import output, screen

_ROWS = 100
_REFRESH_SECONDS = 0.5
_TICK_SECONDS = 1.0


@click.command()
@of_cluster
@click.option(
    "-o",
    "--output",
    "form",
    type=click.Choice(["table", "wide", "json", "yaml"]),
    default="table",
    show_default=True,
    help="How to show it; wide has every row, with whole digests and pods.",
)
@click.option("-w", "--watch", is_flag=True, help="Go on showing changes until Ctrl-C.")
def command(
    *, name: str | None, namespace: str | None, context: str | None, kubeconfig: str | None, form: str, watch: bool
) -> None:
    """Show which image is on which node, of the component NAME or of all in the namespace.

    An image is present, being pulled, failed (with the reason, and when it is tried again) or waiting for its turn.
    The command requires the right to list DaemonSets and pods. With the right to read logs and events, it shows more.
    """
    found = access(kubeconfig, context)
    run(_status(found, namespace or found.namespace, name, form, watch=watch))


async def _status(found: Access, namespace: str, name: str | None, form: str, *, watch: bool) -> None:
    async with connected(found) as client:
        view = View(client, namespace, name)
        await view.load()
        if not watch:
            await view.read_logs()
            _print(view.statuses(), form, note=_note(view))
        elif form in ("table", "wide") and _console().is_terminal:
            await _live(view, wide=form == "wide")
        else:
            await _repeated(view, form)


async def _live(view: View, *, wide: bool) -> None:
    console = _console()
    async with view.following() as task:
        with Live(console=console, auto_refresh=False, vertical_overflow="crop") as live:
            while True:
                note = f"no connection to the cluster: {view.lost}" if view.lost else _note(view)
                statuses = view.statuses()
                room = max(1, console.height - 2 - 4 * len(statuses))
                live.update(screen.screen(statuses, time.time(), rows=room, wide=wide, note=note), refresh=True)
                await asyncio.sleep(_REFRESH_SECONDS)
                await view.next_change(task, _TICK_SECONDS)


async def _repeated(view: View, form: str) -> None:
    shown = ""
    async with view.following() as task:
        while True:
            statuses = view.statuses()
            # Without indentation, json uses its encoder in C, which is ten times as fast.
            compared = output.as_json(statuses, one_line=True)
            if compared != shown:
                if shown and form in ("table", "wide"):
                    click.echo()
                if form == "json":
                    click.echo(compared)
                else:
                    _print(statuses, form, prefix="---\n" if form == "yaml" else "", note=_note(view))
                shown = compared
            await asyncio.sleep(_REFRESH_SECONDS)
            await view.next_change(task, 60)


def _note(view: View) -> str | None:
    return "\n".join(f"{component}: {why}" for component, why in view.obstacles().items()) or None


def _print(statuses: Sequence[Status], form: str, prefix: str = "", note: str | None = None) -> None:
    if form == "json":
        click.echo(output.as_json(statuses))
    elif form == "yaml":
        click.echo(prefix + output.as_yaml(statuses), nl=False)
    elif form == "wide":
        for line in screen.plain(statuses, time.time(), wide=True):
            click.echo(line)
        if note:
            click.echo(note)
    else:
        _console().print(screen.screen(statuses, time.time(), rows=_ROWS, note=note))


def _console() -> Console:
    console = Console(highlight=False, markup=False, emoji=False)
    # Do not wrap lines in a file or a pipe.
    return console if console.is_terminal else Console(highlight=False, markup=False, emoji=False, width=1000)
