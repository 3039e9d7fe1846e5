"""The kernel's limits of inotify, which the nodes on one machine share.

https://kind.sigs.k8s.io/docs/user/known-issues/#pod-errors-due-to-too-many-open-files
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lab.errors import LabError
from lab.sources import apt

if TYPE_CHECKING:
    from collections.abc import Callable


SETTINGS = Path("/proc/sys/fs/inotify")
# What kind recommends.
_WANTED = {"max_user_watches": 524288, "max_user_instances": 512}
# With 128 instances three nodes start and a fourth does not (https://github.com/kubernetes-sigs/kind/issues/3317): a
# node takes more than 32. No such number is known for watches.
_FATAL = {"max_user_instances": 96}


@dataclass(frozen=True)
class Limit:
    """A limit that is lower than kind recommends."""

    name: str
    value: int

    @property
    def wanted(self) -> int:
        """What kind recommends."""
        return _WANTED[self.name]

    @property
    def fatal(self) -> bool:
        """Whether three nodes are known not to start."""
        return self.value < _FATAL.get(self.name, 0)

    def __str__(self) -> str:
        return (
            f'fs.inotify.{self.name} is {self.value}, and nodes may fail with "too many open files": '
            f"`sudo sysctl fs.inotify.{self.name}={self.wanted}` raises it until the next restart, and the line "
            f"`fs.inotify.{self.name} = {self.wanted}` in /etc/sysctl.conf for ever"
        )


def low() -> list[Limit]:
    """The limits that are lower than kind recommends."""
    found = []
    for name, wanted in _WANTED.items():
        try:
            value = int((SETTINGS / name).read_text())
        except OSError:
            # A kernel without inotify, or one that hides its settings.
            continue
        if value < wanted:
            found.append(Limit(name, value))
    return found


def raise_limits(say: Callable[[str], None]) -> None:
    """Raise the limits that are too low, and say so beforehand. What the machine does not permit stays as it is.

    Raises:
        LabError: a limit that three nodes are known not to start with stays.
    """
    for limit in low():
        say(
            f"The lab raises fs.inotify.{limit.name} of this machine from {limit.value} to {limit.wanted} until the "
            f"next restart; {apt.SETTING}=no refuses that."
        )
        try:
            (SETTINGS / limit.name).write_text(f"{limit.wanted}\n")
        except OSError as error:
            if limit.fatal:
                raise LabError(f"{limit}. The lab may not do that here.") from error
            say(f"That was not permitted: {limit}.")
