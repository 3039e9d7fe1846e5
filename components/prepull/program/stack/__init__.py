"""A block of a program whose workloads wait for their images; see block.py."""

from .block import prepull_stack, prepull_transformation
from .handle import PrePullStack

__all__ = ["PrePullStack", "prepull_stack", "prepull_transformation"]
