"""Checks the requirements that the lab cannot provide itself. Reports all missing ones at once, before it starts."""

from __future__ import annotations

import os
import platform
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from lab.docker import inotify
from lab.docker import provide as engine
from lab.errors import LabError
from lab.sources import apt
from lab.sources.cache import Cache
from lab.tools import interpreters

if TYPE_CHECKING:
    from collections.abc import Callable

    from lab.checkout import Checkout
    from lab.docker.engine import Engine

FREE_GB = 25
"""Disk space for a first build and a running cluster. A cluster from official images needs less."""
ENGINE_GB = 10
"""Disk space for the engine: the images of nodes and registry, and what runs in them."""


def demand(checkout: Checkout, *, cluster: bool, warn: Callable[[str], None]) -> None:
    """Check that this machine meets the requirements.

    Args:
        checkout: the checkout whose cache and state are used.
        cluster: also check the requirements of a cluster, not only of the tests without one.
        warn: gets a line about what may be too little, and the way out.

    Raises:
        LabError: requirements are missing; the message names each, with the way out.
    """
    missing = [*_of_tests(), *(_of_cluster(checkout, warn) if cluster else [])]
    if missing:
        lines = "".join(f"\n  - {line}" for line in missing)
        raise LabError(f"This machine lacks what is needed here:{lines}")


def _of_tests() -> list[str]:
    names = interpreters.missing()
    return [f"{', '.join(names)}: install them; without apt-get they cannot be fetched"] if names else []


def _of_cluster(checkout: Checkout, warn: Callable[[str], None]) -> list[str]:
    if platform.system() != "Linux":
        return [f"Linux: the lab's nodes are containers of this machine, and {platform.system()} has none"]
    found, trouble = engine.look(Cache(checkout.cache))
    return [*([trouble] if trouble else []), *_of_kernel(found, warn), *_of_disks(checkout.cache, found)]


def _of_kernel(found: Engine | None, warn: Callable[[str], None]) -> list[str]:
    """The limits of inotify that nobody raises, as far as they are known to be too low. Warns about the others."""
    if os.geteuid() == 0 and apt.allowed() and (found is None or found.own):
        # The lab raises them when it starts its engine.
        return []
    limits = inotify.low()
    for limit in limits:
        if not limit.fatal:
            warn(f"Warning: {limit}.")
    return [str(limit) for limit in limits if limit.fatal]


def _of_disks(cache: Path, found: Engine | None) -> list[str]:
    missing = []
    root = _existing(cache)
    if (free := _free_gb(root)) < FREE_GB:
        missing.append(
            f"{FREE_GB} GB of free disk for {cache} (there are {free:.0f} GB): free some, or name another "
            "directory in PREPULL_LAB_CACHE"
        )
    data = found.data_root() if found is not None else None
    # On the same disk, the room for the first build is enough for both.
    if data is not None and data.stat().st_dev != root.stat().st_dev and (free := _free_gb(data)) < ENGINE_GB:
        missing.append(
            f"{ENGINE_GB} GB of free disk for the Docker Engine's {data} (there are {free:.0f} GB): free some, for "
            "example with `docker system prune`"
        )
    return missing


def _existing(path: Path) -> Path:
    return next(parent for parent in (path, *path.parents) if parent.is_dir())


def _free_gb(path: Path) -> float:
    return shutil.disk_usage(path).free / 1e9
