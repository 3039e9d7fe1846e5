"""Reports the progress of the lab to a terminal or to the log of a build machine."""

from __future__ import annotations

import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console as RichConsole
from rich.markup import escape

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

QUIET_SECONDS = 2.0
HEARTBEAT_SECONDS = 30.0
LOG_WIDTH = 160


class Step:
    """One step of the lab's work.

    `say` prints a line at once, for what users have to know before it happens.
    """

    def __init__(self, title: str, say: Callable[[str], None] = print) -> None:
        self.title = title
        self.say = say
        self.doing = ""
        self.outcome = "done"
        self.notes: list[str] = []
        self.started = time.monotonic()

    @property
    def seconds(self) -> float:
        """Seconds since the step began."""
        return time.monotonic() - self.started

    def now(self, doing: str) -> None:
        """Set the current activity within the step."""
        self.doing = doing

    def ended(self, outcome: str) -> None:
        """Set the result of the step."""
        self.outcome = outcome

    def note(self, text: str) -> None:
        """Add a line that is shown below the result. The same line again is shown once."""
        if text not in self.notes:
            self.notes.append(text)

    def line(self) -> str:
        """The step, its activity and its duration in one line."""
        doing = f": {self.doing}" if self.doing else ""
        return f"{self.title}{doing} ({self.seconds:.0f} s)"


class Console:
    """Shows steps: with a spinner on a terminal, with a line from time to time in a log."""

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
        """Show a step while the block runs, and its duration when it ends."""
        step = Step(title, self.say)
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
        for note in step.notes:
            self.say(f"    {note}")

    def _tell(self, step: Step, over: threading.Event) -> None:
        """Show the progress of the step. A short step has only its last line."""
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
