"""What happens beside a `pulumi up` that waits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager


@contextmanager
def meanwhile(action: Callable[[], object]) -> Iterator[None]:
    """Run something beside the block; what goes wrong in it goes wrong at the block's end."""
    with ThreadPoolExecutor(1) as pool:
        beside = pool.submit(action)
        yield
        beside.result()
