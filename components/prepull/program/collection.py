"""Collects the images of a block. The list is complete when the block has ended and every image is known."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Sequence
from itertools import chain
from typing import Any

import pulumi

from .. import durations

_PATIENCE_SECONDS = 15.0
_WAY_OUT = "if they wait for a workload that waits for the images, declare it outside the block"


class Collection:
    """Collects the images of workloads while a block is open, and makes one list of them.

    Args:
        owner: the block's name in an error.
        what: the selected workloads, for the error if there are none: a text that follows "no workload".
        listed: images to put before the found images; may be an output.
        timeout: time limit, after the end of the block, until all images are known; a duration.
    """

    def __init__(self, owner: str, what: str, listed: Any, timeout: str) -> None:
        self._owner = owner
        self._what = what
        self._listed = pulumi.Output.from_input(listed)
        self._timeout = timeout
        self._found: list[tuple[str, pulumi.Output[list[str]]]] = []
        self._unfolding: list[pulumi.Resource] = []
        self._closed = asyncio.Event()
        self._error: BaseException | None = None
        self.is_complete = False
        """Whether it is too late to add a workload."""
        later: Any = self._all()
        self.images: pulumi.Output[list[str]] = pulumi.Output.from_input(later)
        """The list: the listed images, then the found ones, sorted."""

    def add(self, title: str, images: pulumi.Output[list[str]]) -> None:
        """Add the images of a workload; the title names it in messages."""
        self._found.append((title, images))

    def await_children(self, resource: pulumi.Resource) -> None:
        """Keep the list open until the resource, such as a chart, has declared its children.

        Args:
            resource: a resource that lists its children in its output `resources`.
        """
        self._unfolding.append(resource)

    def close(self, error: BaseException | None = None) -> None:
        """End the collection. Only children of resources given to `await_children` are still added.

        Args:
            error: the list fails with this error.
        """
        self._error = error
        self._closed.set()

    async def _all(self) -> pulumi.Output[list[str]]:
        await self._closed.wait()
        if self._error is not None:
            raise _shown(self._error)
        while self._unfolding:
            resources = getattr(self._unfolding.pop(), "resources", None)
            if isinstance(resources, pulumi.Output):
                await resources.future()
        self.is_complete = True
        found = [images for _, images in self._found]
        together = pulumi.Output.all(self._listed, *found).apply(lambda known: self._together(*known))
        await self._known(together)
        return together

    def _together(self, listed: Any, *found: Sequence[str]) -> Any:
        # The component's own check reports a value that is not a list.
        if isinstance(listed, str) or not isinstance(listed or [], Sequence):
            return listed
        # Sorted, because charts do not always declare their children in the same order.
        images = [*(listed or []), *sorted(set(chain.from_iterable(found)))]
        if not images:
            raise pulumi.RunError(
                f"{self._owner}: the block has no workload{self._what}; declare workloads in it, choose others, or "
                "write images. Warnings name the workloads that are left out. A block does not see children of "
                "components that were declared before it; see prepull_transformation"
            )
        return images

    async def _known(self, images: pulumi.Output[list[str]]) -> None:
        """Wait until the list is known or fails.

        Raises:
            RunError: `timeout` has passed; the message names the workloads whose images are unknown.
        """
        limit = durations.parse(self._timeout) / 1000
        whole = _task(images)
        parts = [("the argument images", _task(self._listed)), *((title, _task(each)) for title, each in self._found)]
        patience = min(_PATIENCE_SECONDS, limit)
        await asyncio.wait({whole}, timeout=patience)
        if not whole.done():
            pulumi.log.info(f"{self._owner}: waits to know which images these run: {_pending(parts)}; {_WAY_OUT}")
            await asyncio.wait({whole}, timeout=limit - patience)
        if not whole.done():
            raise pulumi.RunError(
                f"{self._owner}: not known after {self._timeout}: which images these run: {_pending(parts)}; {_WAY_OUT}"
            )


def _task(output: pulumi.Output[Any]) -> asyncio.Future[Any]:
    # future() returns a coroutine in some versions of the SDK, and a coroutine has no done().
    task: asyncio.Future[Any] = asyncio.ensure_future(output.future())
    # The list fails with the same error; asyncio reports errors that nobody retrieves.
    task.add_done_callback(lambda done: done.cancelled() or done.exception())
    return task


def _pending(parts: Sequence[tuple[str, asyncio.Future[Any]]]) -> str:
    return ", ".join(title for title, task in parts if not task.done())


def _shown(error: BaseException) -> Exception:
    # The SDK reports this error instead of the program's own, and shows no traceback of the program.
    if isinstance(error, pulumi.RunError):
        return error
    return pulumi.RunError("".join(traceback.format_exception(type(error), error, error.__traceback__)))
