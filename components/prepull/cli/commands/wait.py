"""`prepull wait`: what the gate does, from a script."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from ...status import verdict
from ...status.nodes import Status
from ...status.verdict import Decision, Verdict
from ..cluster.access.kubeconfig import Access, access
from ..cluster.client import connected
from ..cluster.view import View
from ..errors import FAILED, TIMED_OUT, CommandError
from ..options import Duration, Share, of_cluster, run

_LOOK_SECONDS = 0.3


@click.command()
@of_cluster
@click.option("--timeout", type=Duration(), default="30m", show_default=True, help="How long to wait at most.")
@click.option("--min-ready", type=Share(), default="100%", show_default=True, help="Nodes that need every image.")
def command(
    *,
    name: str | None,
    namespace: str | None,
    context: str | None,
    kubeconfig: str | None,
    timeout: float,
    min_ready: str,
) -> int:
    """Wait until enough nodes have every image, of the component NAME or of all in the namespace.

    It ends as soon as the outcome is certain, and says which image failed on which node, and why.

    \b
    Exit codes:
      0  the images are there
      1  they will not be there without a change
      2  wrong usage
      3  timed out
      4  the cluster cannot be asked, or has no such component
    """  # noqa: D301 - click takes the character itself for "leave these lines as they are"
    found = access(kubeconfig, context)
    return run(_wait(found, namespace or found.namespace, name, timeout, min_ready))


async def _wait(found: Access, namespace: str, name: str | None, timeout: float, min_ready: str) -> int:
    started = time.monotonic()
    async with connected(found) as client:
        view = View(client, namespace, name)
        await view.load()
        async with view.following() as task:
            with _reporter() as reporter:
                judge = verdict.Judge(min_ready, timeout)
                while True:
                    passed = time.monotonic() - started
                    statuses = view.statuses()
                    reporter.tell(view.obstacles())
                    if not statuses:
                        raise CommandError("the component has been deleted meanwhile")
                    decision = judge.decide(statuses, passed)
                    if decision.outcome != verdict.WAIT:
                        break
                    reporter.show(statuses, decision.verdicts, view.lost)
                    await asyncio.sleep(_LOOK_SECONDS)
                    pause = 1.0 if decision.pending else 60.0
                    await view.next_change(task, min(pause, timeout - (time.monotonic() - started)))
    return _finish(statuses, decision, f"timed out after {timeout:g} s: " if decision.late else "")


def _finish(statuses: list[Status], decision: Decision, prefix: str) -> int:
    several = len(statuses) > 1
    for status, each in zip(statuses, decision.verdicts, strict=True):
        of = f"{status.component.component}: " if several else ""
        if each.outcome == verdict.GO:
            summary, *warnings = each.lines
            click.echo(f"{of}{summary}")
            for warning in warnings:
                click.echo(f"{of}{warning}", err=True)
        else:
            click.echo(f"{of}{prefix}" + "\n".join(each.lines), err=True)
    if decision.outcome == verdict.GO:
        return 0
    return TIMED_OUT if prefix else FAILED


@contextmanager
def _reporter() -> Iterator[_Lines | _Bar]:
    console = Console(stderr=True, highlight=False, markup=False)
    if not console.is_terminal:
        yield _Lines()
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("nodes  {task.fields[note]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        yield _Bar(progress)


class _Lines:
    """A line whenever there is something new to say."""

    def __init__(self) -> None:
        self._said: dict[tuple[str, str], str] = {}

    def tell(self, obstacles: Mapping[str, str]) -> None:
        for component, why in obstacles.items():
            self._say(component, why, "gate")

    def show(self, statuses: list[Status], judged: Sequence[Verdict], lost: str | None) -> None:
        for status, each in zip(statuses, judged, strict=True):
            self._say(status.component.component, f"{each.lines[0]}; {_totals(status)}")
        self._say("", f"no connection to the cluster: {lost}" if lost else "")

    def _say(self, about: str, text: str, part: str = "") -> None:
        if text and self._said.get((about, part)) != text:
            click.echo(f"{about}: {text}" if about else text, err=True)
        self._said[about, part] = text


class _Bar:
    """A bar for each component."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks: dict[str, int] = {}
        self._told: Mapping[str, str] = {}

    def tell(self, obstacles: Mapping[str, str]) -> None:
        for component, why in obstacles.items():
            if self._told.get(component) != why:
                self._progress.console.print(f"{component}: {why}")
        self._told = {**self._told, **obstacles}

    def show(self, statuses: list[Status], judged: Sequence[Verdict], lost: str | None) -> None:
        for status, each in zip(statuses, judged, strict=True):
            name = status.component.component
            if name not in self._tasks:
                self._tasks[name] = self._progress.add_task(name, total=None, note="")
            note = f"no connection: {lost}" if lost else _totals(status)
            task = self._tasks[name]
            self._progress.update(task, completed=each.done, total=each.desired or None, note=note)  # type: ignore[arg-type]


def _totals(status: Status) -> str:
    return ", ".join(f"{number} {state}" for state, number in status.totals.items() if number) or "no pods yet"
