"""A real engine and a real cluster on one machine, to try and test this repository."""

from lab.core import Lab
from lab.errors import LabError

__all__ = ["Lab", "LabError"]
