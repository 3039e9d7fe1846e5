"""What the lab tells the person at the terminal, or the log of a build machine, while it works."""

from __future__ import annotations

import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console as RichConsole
from rich.markup import escape

if TYPE_CHECKING:
    from collections.abc import Iterator

QUIET_SECONDS = 2.0
HEARTBEAT_SECONDS = 30.0
LOG_WIDTH = 160


class Step:
    """One thing that is being done."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.doing = ""
        self.outcome = "done"
        self.started = time.monotonic()

    @property
    def seconds(self) -> float:
        """How long it has been going on."""
        return time.monotonic() - self.started

    def now(self, doing: str) -> None:
        """Say what is being done within the step."""
        self.doing = doing

    def ended(self, outcome: str) -> None:
        """Say what came of it."""
        self.outcome = outcome

    def line(self) -> str:
        """What it is doing and for how long, in a line."""
        doing = f": {self.doing}" if self.doing else ""
        return f"{self.title}{doing} ({self.seconds:.0f} s)"


class Console:
    """Tells of steps: on a terminal with a spinner, in a log with a line now and then."""

    def __init__(self) -> None:
        # A log has no width of its own, and rich would take it for a narrow one.
        width = None if sys.stdout.isatty() else LOG_WIDTH
        self.rich = RichConsole(highlight=False, width=width)

    def say(self, text: str) -> None:
        """Print a line."""
        self.rich.print(escape(text), soft_wrap=True)
        sys.stdout.flush()

    @contextmanager
    def step(self, title: str) -> Iterator[Step]:
        """Tell of a step while the block runs, and how long it took when it ends."""
        step = Step(title)
        over = threading.Event()
        teller = threading.Thread(target=self._tell, args=(step, over), daemon=True)
        teller.start()
        try:
            yield step
        except BaseException:
            over.set()
            teller.join()
            self.rich.print(f"[red]✗[/] {escape(title)} ({step.seconds:.1f} s)")
            raise
        over.set()
        teller.join()
        self.rich.print(f"[green]✓[/] {escape(title)}: {escape(step.outcome)} ({step.seconds:.1f} s)")

    def _tell(self, step: Step, over: threading.Event) -> None:
        """Show the step as it goes on; what is over at once needs no more than its last line."""
        if self.rich.is_terminal:
            with self.rich.status(escape(step.line())) as status:
                while not over.wait(0.5):
                    status.update(escape(step.line()))
            return
        if over.wait(QUIET_SECONDS):
            return
        self.say(f"… {step.line()}")
        while not over.wait(HEARTBEAT_SECONDS):
            self.say(f"… {step.line()}")
