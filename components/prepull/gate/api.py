"""A client for the API server from within a pod: lists in pages, watches, and a mirror of what there is of one kind."""

from __future__ import annotations

import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from pathlib import Path
from typing import Any, Generic, TypeVar
from urllib.parse import urlencode, urlsplit

Data = Mapping[str, Any]
Query = Mapping[str, str]
T = TypeVar("T")

# Of each page little is kept: so many objects, as text and as data, are what takes the memory.
PAGE = 250
CALL_SECONDS = 10
# The server ends a watch after this time; one that says nothing for longer has lost its connection.
WATCH_SECONDS = 30
_GONE = 410
_SHORTEST_PAUSE_SECONDS = 0.2
_LONGEST_PAUSE_SECONDS = 5.0


class GoneError(Exception):
    """The server no longer knows the place in a list or a watch to go on from."""


class RefusedError(Exception):
    """The server answers with an error."""


class Client:
    """The API server, as a pod reaches it.

    Args:
        server: its address, https://HOST:PORT.
        credentials: the directory with `token` and `ca.crt`. Both are read for each call, as they are replaced while
            the pod runs.
    """

    def __init__(self, server: str, credentials: Path) -> None:
        self._server = urlsplit(server)
        self._credentials = credentials

    def pages(self, path: str, query: Query) -> Iterator[Data]:
        """List objects, page by page.

        Raises:
            GoneError: the rest of the list is no longer kept.
            RefusedError, OSError, HTTPException, ValueError: no answer, or none that makes sense.
        """
        more = ""
        while True:
            with self._get(path, {**query, "limit": str(PAGE), **({"continue": more} if more else {})}) as answer:
                page = json.loads(answer.read())
            yield page
            more = page["metadata"].get("continue", "")
            if not more:
                return

    @contextmanager
    def watch(self, path: str, query: Query, version: str) -> Iterator[Iterator[tuple[str, Data]]]:
        """Say what changes after a version, until the server ends it: the kind of change, and the object.

        Raises:
            GoneError: the server no longer knows the version.
            RefusedError, OSError, HTTPException, ValueError: as for `pages`, or the connection is lost.
        """
        asked = {"watch": "true", "allowWatchBookmarks": "true", "timeoutSeconds": str(WATCH_SECONDS)}
        with self._get(path, {**query, **asked, "resourceVersion": version}, WATCH_SECONDS + CALL_SECONDS) as answer:
            yield _events(answer)

    @contextmanager
    def _get(self, path: str, query: Query, seconds: float = CALL_SECONDS) -> Iterator[HTTPResponse]:
        connection = self._connection(seconds)
        try:
            token = (self._credentials / "token").read_text().strip()
            connection.request("GET", f"{path}?{urlencode(query)}", headers={"Authorization": f"Bearer {token}"})
            answer = connection.getresponse()
            if answer.status != 200:
                raise _error(answer.status, _status(answer.read(1 << 16)))
            yield answer
        finally:
            connection.close()

    def _connection(self, seconds: float) -> HTTPConnection:
        host, port = self._server.hostname or "", self._server.port
        if self._server.scheme != "https":
            return HTTPConnection(host, port, timeout=seconds)
        context = ssl.create_default_context(cafile=str(self._credentials / "ca.crt"))
        # Clusters have certificates that kubectl accepts, and Python 3.13 by default does not.
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        return HTTPSConnection(host, port, timeout=seconds, context=context)


def _events(answer: HTTPResponse) -> Iterator[tuple[str, Data]]:
    for line in answer:
        event = json.loads(line)
        if event["type"] == "ERROR":
            raise _error(event["object"].get("code", 0), event["object"])
        yield event["type"], event["object"]


def _status(body: bytes) -> Data:
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _error(code: int, status: Data) -> Exception:
    if code == _GONE:
        return GoneError()
    return RefusedError(f"{status.get('message') or 'the API server answers with an error'} ({code})")


class Mirror(Generic[T]):
    """Objects of one kind, each reduced by `keep` to what is needed of it; kept up to date by a thread.

    Args:
        client: the API server.
        path: the address of the kind.
        query: which of its objects.
        keep: reduces one.
        changed: is called after every change, and whenever the API server is lost.
    """

    def __init__(
        self, client: Client, path: str, query: Query, keep: Callable[[Data], T], changed: Callable[[], None]
    ) -> None:
        self.loaded = False
        """Whether they have been listed."""
        self.problem: str | None = None
        """Why the API server cannot be asked at the moment."""
        self._client, self._path, self._query, self._keep = client, path, query, keep
        self._changed = changed
        self._lock = threading.Lock()
        self._items: dict[str, T] = {}

    @property
    def items(self) -> list[T]:
        """What there is now."""
        with self._lock:
            return list(self._items.values())

    def start(self) -> None:
        """Begin; the thread ends with the program."""
        threading.Thread(target=self._follow, daemon=True).start()

    def _follow(self) -> None:
        version, pause = "", _SHORTEST_PAUSE_SECONDS
        while True:
            try:
                version = version or self._load()
                with self._client.watch(self._path, self._query, version) as events:
                    self.problem, pause = None, _SHORTEST_PAUSE_SECONDS
                    for kind, item in events:
                        version = item["metadata"]["resourceVersion"]
                        self._take(kind, item)
            except GoneError:
                version = ""
            except (RefusedError, OSError, HTTPException, LookupError, TypeError, ValueError) as error:
                self.problem = getattr(error, "strerror", None) or str(error) or type(error).__name__
                pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)
                self._changed()
            time.sleep(pause)

    def _load(self) -> str:
        items, version = {}, ""
        for page in self._client.pages(self._path, self._query):
            version = page["metadata"]["resourceVersion"]
            for item in page.get("items") or []:
                items[item["metadata"]["name"]] = self._keep(item)
        with self._lock:
            self._items = items
        self.loaded, self.problem = True, None
        self._changed()
        return version

    def _take(self, kind: str, item: Data) -> None:
        name = item["metadata"].get("name", "")
        with self._lock:
            if kind == "DELETED":
                self._items.pop(name, None)
            elif kind in ("ADDED", "MODIFIED"):
                self._items[name] = self._keep(item)
        if kind != "BOOKMARK":
            self._changed()
