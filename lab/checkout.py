"""Everything that follows from where the checkout is, so that two checkouts on one machine never meet."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Checkout:
    """One working copy of the project.

    Its real path decides the names of everything that it brings up: cluster, containers, network and state.
    """

    root: Path

    @classmethod
    def of_this_file(cls) -> Checkout:
        """The checkout that this code is part of."""
        return cls(Path(__file__).resolve().parent.parent)

    @property
    def name(self) -> str:
        """The cluster's name, and the prefix of every container's."""
        return f"prepull-{hashlib.sha256(str(self.root.resolve()).encode()).hexdigest()[:8]}"

    @property
    def state(self) -> Path:
        """What belongs to the lab that is up, and goes with it."""
        return self.root / ".lab"

    @property
    def cache(self) -> Path:
        """What was downloaded and built: shared by every checkout, kept when a lab goes down."""
        chosen = os.environ.get("PREPULL_LAB_CACHE")
        if chosen:
            return Path(chosen).expanduser().resolve()
        caches = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
        return Path(caches).expanduser().resolve() / "prepull-lab"

    @property
    def go(self) -> Path:
        """The Go modules that name, with their checksums, the programs that the lab builds."""
        return self.root / "lab" / "go"
