"""What can go wrong, each as one line for a person and an exit code for a script."""

from __future__ import annotations

FAILED = 1
"""The images will not be there without a change."""
USAGE = 2
"""The command cannot be run as it is written, or its input is wrong."""
TIMED_OUT = 3
"""The time was up."""
UNREACHABLE = 4
"""The cluster cannot be asked (unreachable, access denied, kubeconfig wrong), or has no such component; for `render`, a
registry cannot be asked, or has no such image."""
INTERRUPTED = 130
"""Ended with Ctrl-C."""


class CommandError(Exception):
    """Ends the command: the message goes to stderr, the code to the shell."""

    def __init__(self, message: str, code: int = UNREACHABLE) -> None:
        super().__init__(message)
        self.code = code
