"""The error that the component raises for wrong arguments."""

import pulumi

from ..arguments.check import InvalidArgumentError


class PrePullArgumentError(pulumi.RunError, InvalidArgumentError):
    """An argument is wrong. Pulumi shows the message without a traceback."""
