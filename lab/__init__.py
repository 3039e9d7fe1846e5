"""A real engine and a real cluster on one machine, for trying and testing what this repository makes."""

from lab.core import Lab
from lab.errors import LabError

__all__ = ["Lab", "LabError"]
