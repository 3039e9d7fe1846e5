"""The error of a Pulumi program that describes a component that cannot be."""

import pulumi

from ..arguments.check import InvalidArgumentError


class PrePullArgumentError(pulumi.RunError, InvalidArgumentError):
    """An argument is wrong. Pulumi shows the message without a traceback."""
