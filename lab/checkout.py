"""Names and directories that are derived from the checkout's path, so that two checkouts do not collide."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Checkout:
    """One working copy of the project.

    The names of its cluster, containers, network and state are derived from its real path.
    """

    root: Path

    @classmethod
    def of_this_file(cls) -> Checkout:
        """The checkout that this code is part of."""
        return cls(Path(__file__).resolve().parent.parent)

    @property
    def name(self) -> str:
        """The name of the cluster, and the prefix of all container names."""
        return f"prepull-{hashlib.sha256(str(self.root.resolve()).encode()).hexdigest()[:8]}"

    @property
    def state(self) -> Path:
        """The directory for the state of the running lab. `down` removes it."""
        return self.root / ".lab"

    @property
    def cache(self) -> Path:
        """The directory for downloads and builds. All checkouts share it, and `down` keeps it."""
        chosen = os.environ.get("PREPULL_LAB_CACHE")
        if chosen:
            return Path(chosen).expanduser().resolve()
        caches = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
        return Path(caches).expanduser().resolve() / "prepull-lab"

    @property
    def go(self) -> Path:
        """The Go modules that list the programs that the lab builds, with their checksums."""
        return self.root / "lab" / "go"
