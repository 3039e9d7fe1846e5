"""Collects the images of a block. The lists are complete when the block has ended and every image is known."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from types import MappingProxyType
from typing import Any

import pulumi

from ... import durations
from ...images.placements import EVERYWHERE, Placement
from ...images.workloads import add
from ..images_of import Placed

_PATIENCE_SECONDS = 15.0
_WAY_OUT = "if they wait for a workload that waits for the images, declare it outside the block"


class Collection:
    """Collects the images of workloads while a block is open, and makes one list of them for each placement.

    Args:
        owner: the block's name in an error.
        what: the selected workloads, for the error if there are none: a text that follows "no workload".
        listed: images for every node, to put before the found images; may be an output.
        timeout: time limit, after the end of the block, until all images are known; a duration.
    """

    def __init__(self, owner: str, what: str, listed: Any, timeout: str) -> None:
        self._owner = owner
        self._what = what
        self._listed = pulumi.Output.from_input(listed)
        self._timeout = timeout
        self._found: list[tuple[str, pulumi.Output[Any]]] = []
        self._unfolding: list[pulumi.Resource] = []
        self._closed = asyncio.Event()
        self._error: BaseException | None = None
        self.is_complete = False
        """Whether it is too late to add a workload."""
        later: Any = self._all()
        self.lists: pulumi.Output[Placed] = pulumi.Output.from_input(later)
        """The lists: the listed images, then the found ones, sorted."""
        self._others: list[str] = []
        self._behind: list[str] = []

    def add(self, title: str, images: pulumi.Output[Any]) -> None:
        """Add the images of a workload.

        Args:
            title: names the workload in messages.
            images: its images by their placements.
        """
        self._found.append((title, images))

    def leave(self, title: str) -> None:
        """Say that a workload is in another cluster, as its provider is not the block's."""
        self._others.append(title)
        if self.is_complete:
            pulumi.log.info(self._of_others())

    def note_behind(self, title: str, workload: str) -> None:
        """Say that a resource, which may be what an image is computed from, waits for a workload of the block.

        Args:
            title: names the resource in messages.
            workload: names the workload.
        """
        self._behind.append(f"{title} waits for {workload}, which waits for the images")

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

    async def _all(self) -> pulumi.Output[Placed]:
        await self._end()
        if self._error is not None:
            raise _shown(self._error)
        while self._unfolding:
            resources = getattr(self._unfolding.pop(), "resources", None)
            if isinstance(resources, pulumi.Output):
                await resources.future()
        self.is_complete = True
        if self._others:
            pulumi.log.info(self._of_others())
        found = [images for _, images in self._found]
        together = pulumi.Output.all(self._listed, *found).apply(lambda known: self._together(*known))
        await self._known(together)
        return together

    def _together(self, listed: Any, *found: Placed) -> Any:
        # The component's own check reports a value that is not a list.
        if isinstance(listed, str) or not isinstance(listed or [], Sequence):
            return MappingProxyType({EVERYWHERE: listed})
        placed: dict[Placement, list[str]] = {}
        for each in found:
            add(placed, each)
        # Sorted, because charts do not always declare their children in the same order.
        lists = {placement: sorted(images) for placement, images in placed.items()}
        if listed:
            lists[EVERYWHERE] = [*listed, *lists.get(EVERYWHERE, [])]
        if not any(lists.values()):
            others = f"; {self._of_others()}" if self._others else ""
            raise pulumi.RunError(
                f"{self._owner}: the block has no workload{self._what}; declare workloads in it, choose others, or "
                "write images. Warnings name the workloads that are left out. A block does not see children of "
                f"components that were declared before it; see prepull_transformation{others}"
            )
        return MappingProxyType(lists)

    def _of_others(self) -> str:
        return (
            f"{self._owner}: {', '.join(self._others)}: of another provider than the block, and so without a wait for "
            "images; to change that, open a block with opts=ResourceOptions(provider=…) for that cluster"
        )

    async def _end(self) -> None:
        """Wait for the end of the block, or fail.

        Raises:
            RunError: `timeout` has passed.
        """
        # Pulumi runs this once the program's own code is done, or awaits something.
        end = asyncio.ensure_future(self._closed.wait())
        # Whoever blocks the event loop for long ends the block before it runs again.
        try:
            await self._in_time(
                end,
                self._closed.is_set,
                "waits for the end of the block",
                f"the block has not ended after {self._timeout}",
                lambda: "; `with prepull_stack(…) as …:` ends it, unless what is awaited there waits for its workloads",
            )
        finally:
            end.cancel()

    async def _known(self, lists: pulumi.Output[Any]) -> None:
        """Wait until the lists are known, or fail.

        Raises:
            RunError: `timeout` has passed; the message names the workloads whose images are unknown.
        """
        whole = _task(lists)
        parts = [("the argument images", _task(self._listed)), *((title, _task(each)) for title, each in self._found)]
        await self._in_time(
            whole,
            whole.done,
            "waits to know",
            f"not known after {self._timeout}:",
            lambda: f" which images these run: {self._pending(parts)}",
        )

    async def _in_time(
        self, task: asyncio.Future[Any], is_done: Callable[[], bool], waits: str, fails: str, rest: Callable[[], str]
    ) -> None:
        """Wait for a task, log it if that lasts, and fail at the limit."""
        if is_done():
            return
        limit = durations.parse(self._timeout) / 1000
        patience = min(_PATIENCE_SECONDS, limit)
        await asyncio.wait({task}, timeout=patience)
        if not is_done():
            pulumi.log.info(f"{self._owner}: {waits}{rest()}")
            await asyncio.wait({task}, timeout=limit - patience)
        if not is_done():
            raise pulumi.RunError(f"{self._owner}: {fails}{rest()}")

    def _pending(self, parts: Sequence[tuple[str, asyncio.Future[Any]]]) -> str:
        # Pulumi does not tell what an output waits for; what the program wrote into depends_on is known.
        titles = ", ".join(title for title, task in parts if not task.done())
        return "; ".join([titles, *self._behind, _WAY_OUT])


async def entrance(entered: asyncio.Event, block: str) -> None:
    """Wait until a block is entered.

    Args:
        entered: the event.
        block: names the block in the error, and says how to enter it.

    Raises:
        RunError: it was not entered for a while, in which the program's own code was done or awaited something.
    """
    with suppress(asyncio.TimeoutError):
        await asyncio.wait_for(entered.wait(), _PATIENCE_SECONDS)
    if not entered.is_set():
        raise pulumi.RunError(f"{block} was never entered, and so nothing waits for its images")


def _task(output: pulumi.Output[Any]) -> asyncio.Future[Any]:
    # future() returns a coroutine in some versions of the SDK, and a coroutine has no done().
    task: asyncio.Future[Any] = asyncio.ensure_future(output.future())
    # The list fails with the same error; asyncio reports errors that nobody retrieves.
    task.add_done_callback(lambda done: done.cancelled() or done.exception())
    return task


def _shown(error: BaseException) -> Exception:
    # The SDK reports this error instead of the program's own, and shows no traceback of the program.
    if isinstance(error, pulumi.RunError):
        return error
    return pulumi.RunError("".join(traceback.format_exception(type(error), error, error.__traceback__)))
