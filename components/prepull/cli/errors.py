"""Errors of the command: a line for people, an exit code for scripts."""

from __future__ import annotations

FAILED = 1
"""The images will not be present without a change."""
USAGE = 2
"""Wrong usage, or wrong input."""
TIMED_OUT = 3
"""The time limit has passed."""
UNREACHABLE = 4
"""The cluster cannot be asked (unreachable, access denied, wrong kubeconfig), or has no such component. For `render`, a
registry cannot be asked, or has no such image."""
INTERRUPTED = 130
"""Interrupted with Ctrl-C."""


class CommandError(Exception):
    """Ends the command: the message goes to stderr, the code to the shell."""

    def __init__(self, message: str, code: int = UNREACHABLE) -> None:
        super().__init__(message)
        self.code = code
