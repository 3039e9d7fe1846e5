"""A number or a share of nodes, as in a PodDisruptionBudget: `3`, `90%`."""

from __future__ import annotations

import re
from dataclasses import dataclass

_SHARE = re.compile(r"([0-9]{1,6})|([0-9]{1,2}|100)%")


@dataclass(frozen=True)
class Share:
    """The number or percentage of nodes that is enough. With zero, none is needed.

    Attributes:
        number: the number of nodes, or the percentage.
        percent: whether it is a percentage.
    """

    number: int
    percent: bool

    @classmethod
    def parse(cls, text: str) -> Share:
        """Read a number (`3`) or a share (`90%`).

        Raises:
            ValueError: the text is neither; the message says what to write.
        """
        match = _SHARE.fullmatch(text)
        if not match:
            raise ValueError(f"{text!r} is neither a number of nodes nor a share of them; write '3' or '90%'")
        return cls(int(match[1] or match[2]), percent=match[2] is not None)

    def of(self, nodes: int) -> int:
        """The number of nodes that it means, out of all `nodes`. A percentage is rounded up."""
        return -(-self.number * nodes // 100) if self.percent else self.number
