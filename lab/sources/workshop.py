"""The common tools for providing the pieces of the lab."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lab.sources.cache import Cache
from lab.sources.download import Releases
from lab.sources.golang import Go

if TYPE_CHECKING:
    from lab.checkout import Checkout
    from lab.console import Console


@dataclass(frozen=True)
class Workshop:
    """The cache, the releases, the Go toolchain and the console."""

    cache: Cache
    console: Console
    releases: Releases
    go: Go

    @classmethod
    def of(cls, checkout: Checkout, console: Console) -> Workshop:
        """The workshop of a checkout."""
        cache = Cache(checkout.cache)
        return cls(cache, console, Releases(), Go(checkout.go, cache, console))
