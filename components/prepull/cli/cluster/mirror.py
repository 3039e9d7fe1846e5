"""A list-watch of one kind: a Reflector that keeps a small part of each object."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, Generic, TypeVar

import httpx2
from lightkube import AsyncClient

from .access.transport import said
from .client import code_of, one_line

T = TypeVar("T")

PAGE = 500
# The server ends a watch after this time. A watch that is silent for longer has lost its connection.
_WATCH_SECONDS = 240
_GRACE_SECONDS = 30
_SHORTEST_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 30.0
_LIST_ATTEMPTS = 3

Labels = dict[str, str]


class Mirror(Generic[T]):
    """Objects of one kind in one namespace, by name, each reduced by `keep` to the part that is needed, if one is.

    | when | what happens |
    |---|---|
    | `load()` | lists the objects in pages of 500, and reduces each page before it asks for the next |
    | `follow()` | watches from there on, and calls `changed` after each change |
    | the server ends the watch, as it does every few minutes | lightkube continues from the last change |
    | the server no longer knows that change (410) | lists again, which removes objects that are gone |
    | the connection is lost | sets `lost`, and lists again after pauses that double up to 30 s |
    | the right is withdrawn (401, 403) | raises the error |
    """

    def __init__(
        self,
        client: AsyncClient,
        resource: Any,
        namespace: str,
        keep: Callable[[Mapping[str, Any]], T | None],
        *,
        labels: Mapping[str, str | None] | None = None,
        fields: Labels | None = None,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self.items: dict[str, T] = {}
        self.lost: str | None = None
        """Why there is no connection at the moment; None if there is one."""
        self._client = client
        self._resource = resource
        self._selection: dict[str, Any] = {"namespace": namespace, "labels": labels, "fields": fields}
        self._keep = keep
        self._changed = changed
        self._version: str | None = None

    async def load(self) -> None:
        """List all objects.

        Raises:
            httpx2.HTTPError: the objects cannot be listed.
        """
        for attempt in range(1, _LIST_ATTEMPTS + 1):
            try:
                listed = self._client.list(self._resource, chunk_size=PAGE, **self._selection)
                items: dict[str, T] = {}
                async for item in listed:
                    kept = self._keep(item)
                    if kept is not None:
                        items[item["metadata"]["name"]] = kept
            except httpx2.HTTPStatusError as error:
                # 410: the server keeps the further pages of a list for five minutes only.
                if code_of(error) != 410 or attempt == _LIST_ATTEMPTS:
                    raise
            else:
                self.items = items
                self._version = listed.resourceVersion
                self._changed()
                return

    async def follow(self) -> None:
        """Keep the objects up to date, without end; call it after `load`.

        Raises:
            httpx2.HTTPStatusError: the user may no longer read them.
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
                self.lost = said(error)
            except asyncio.TimeoutError:
                # Either nothing has changed or the connection is dead: a new connection will show.
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
        if kind in ("ADDED", "MODIFIED") and (kept := self._keep(item)) is not None:
            self.items[metadata["name"]] = kept
        elif self.items.pop(metadata.get("name", ""), None) is None:
            return
        self._changed()
