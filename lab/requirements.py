"""Checks the requirements that the lab cannot provide itself. Reports all missing ones at once, before it starts."""

from __future__ import annotations

import platform
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from lab.docker import provide as engine
from lab.errors import LabError
from lab.tools import interpreters

if TYPE_CHECKING:
    from lab.checkout import Checkout

FREE_GB = 25
"""Disk space for a first build and a running cluster. A cluster from official images needs less."""


def demand(checkout: Checkout, *, cluster: bool) -> None:
    """Check that this machine meets the requirements.

    Args:
        checkout: the checkout whose cache and state are used.
        cluster: also check the requirements of a cluster, not only of the tests without one.

    Raises:
        LabError: requirements are missing; the message names each, with the way out.
    """
    missing = [*_of_tests(), *(_of_cluster(checkout) if cluster else [])]
    if missing:
        lines = "".join(f"\n  - {line}" for line in missing)
        raise LabError(f"This machine lacks what is needed here:{lines}")


def _of_tests() -> list[str]:
    names = interpreters.missing()
    return [f"{', '.join(names)}: install them; without apt-get they cannot be fetched"] if names else []


def _of_cluster(checkout: Checkout) -> list[str]:
    if platform.system() != "Linux":
        return [f"Linux: the lab's nodes are containers of this machine, and {platform.system()} has none"]
    missing = []
    if not engine.can_be_had(checkout.cache):
        missing.append(engine.MISSING)
    if (free := _free_gb(checkout.cache)) < FREE_GB:
        missing.append(
            f"{FREE_GB} GB of free disk for {checkout.cache} (there are {free:.0f} GB): free some, or name another "
            "directory in PREPULL_LAB_CACHE"
        )
    return missing


def _free_gb(path: Path) -> float:
    there = next(parent for parent in (path, *path.parents) if parent.is_dir())
    return shutil.disk_usage(there).free / 1e9
