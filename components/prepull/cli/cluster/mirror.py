"""What the API server has of one kind, kept up to date by a watch: little of each object, and few at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, Generic, TypeVar

import httpx2
from lightkube import AsyncClient

from .client import code_of, one_line

T = TypeVar("T")

PAGE = 500
# The server ends a watch after this time; one that says nothing for longer than that has lost its connection.
_WATCH_SECONDS = 240
_GRACE_SECONDS = 30
_SHORTEST_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 30.0
_LIST_ATTEMPTS = 3

Labels = dict[str, str]


class Mirror(Generic[T]):
    """Objects of one kind in one namespace, each reduced by `keep` to what is needed of it, by name.

    | when | what happens |
    |---|---|
    | `load()` | they are listed in pages of 500, each reduced before the next one comes |
    | `follow()` | a watch goes on from there, and `changed` is called after each change |
    | the server ends the watch, as it does every few minutes | lightkube goes on from the last change |
    | the server no longer knows that change (410) | they are listed anew: what has gone meanwhile goes here as well |
    | the connection is lost | `lost` says so; after pauses that double up to 30 s they are listed anew |
    | the right is withdrawn (401, 403) | the error is raised |
    """

    def __init__(
        self,
        client: AsyncClient,
        resource: Any,
        namespace: str,
        keep: Callable[[Mapping[str, Any]], T],
        *,
        labels: Mapping[str, str | None] | None = None,
        fields: Labels | None = None,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self.items: dict[str, T] = {}
        self.lost: str | None = None
        """Why there is no connection at the moment."""
        self._client = client
        self._resource = resource
        self._selection: dict[str, Any] = {"namespace": namespace, "labels": labels, "fields": fields}
        self._keep = keep
        self._changed = changed
        self._version: str | None = None

    async def load(self) -> None:
        """List them all.

        Raises:
            httpx2.HTTPError: they cannot be listed.
        """
        for attempt in range(1, _LIST_ATTEMPTS + 1):
            try:
                listed = self._client.list(self._resource, chunk_size=PAGE, **self._selection)
                items = {}
                async for item in listed:
                    items[item["metadata"]["name"]] = self._keep(item)
            except httpx2.HTTPStatusError as error:
                # The pages that are left of a list are kept for five minutes at most.
                if code_of(error) != 410 or attempt == _LIST_ATTEMPTS:
                    raise
            else:
                self.items = items
                self._version = listed.resourceVersion
                self._changed()
                return

    async def follow(self) -> None:
        """Keep them up to date for ever, after `load`.

        Raises:
            httpx2.HTTPStatusError: they may no longer be read.
        """
        pause = _SHORTEST_PAUSE_SECONDS
        while True:
            try:
                if self._version is None:
                    await self.load()
                    self.lost = None
                async for kind, item in self._events():
                    self._take(kind, item)
                    pause = _SHORTEST_PAUSE_SECONDS
            except httpx2.HTTPStatusError as error:
                code = code_of(error)
                if code in (401, 403):
                    raise
                self.lost = None if code == 410 else one_line(str(error))
            except httpx2.HTTPError as error:
                self.lost = one_line(str(error)) or type(error).__name__
            except asyncio.TimeoutError:
                # Nothing may have happened, or nothing may have come through: a new connection will tell.
                continue
            self._version = None
            self._changed()
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)

    async def _events(self) -> AsyncIterator[tuple[str, Mapping[str, Any]]]:
        watch = self._client.watch(
            self._resource, server_timeout=_WATCH_SECONDS, resource_version=self._version, **self._selection
        ).__aiter__()
        while True:
            yield await asyncio.wait_for(watch.__anext__(), _WATCH_SECONDS + _GRACE_SECONDS)

    def _take(self, kind: str, item: Mapping[str, Any]) -> None:
        metadata = item["metadata"]
        self._version = metadata["resourceVersion"]
        if kind == "DELETED":
            self.items.pop(metadata["name"], None)
        elif kind in ("ADDED", "MODIFIED"):
            self.items[metadata["name"]] = self._keep(item)
        self._changed()
