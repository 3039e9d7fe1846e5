"""A client for the API server from within a pod: lists in pages, watches, and a mirror of the objects of one kind."""

from __future__ import annotations

import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from email.utils import parsedate_to_datetime
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from pathlib import Path
from typing import Any, Generic, TypeVar
from urllib.parse import urlencode, urlsplit

Data = Mapping[str, Any]
Query = Mapping[str, str]
T = TypeVar("T")

# Objects in a page. One page, as text and as data, determines the memory: little of each page is kept.
PAGE = 250
# To connect, and to wait for the next bytes of an answer. A socket's own limit begins anew with each byte, and so a
# call has a limit as a whole as well.
STEP_SECONDS = 10
CALL_SECONDS = 30
# The server ends a watch after this time. If a watch is silent for longer, its connection is lost.
WATCH_SECONDS = 30
_GONE = 410
_SHORTEST_PAUSE_SECONDS = 0.2
_LONGEST_PAUSE_SECONDS = 5.0


class GoneError(Exception):
    """The server no longer has the version from which a list or a watch should continue (410 Gone)."""


class RefusedError(Exception):
    """The server answers with an error."""


class Client:
    """The API server, as a pod reaches it.

    Args:
        server: its address, https://HOST:PORT.
        credentials: the directory with `token` and `ca.crt`. Both are read for each call, because the kubelet replaces
            them while the pod runs.
    """

    def __init__(self, server: str, credentials: Path) -> None:
        self.time: float | None = None
        """The server's time at its last answer, in seconds since the epoch. A node's own clock may differ."""
        self._server = urlsplit(server)
        self._credentials = credentials

    def pages(self, path: str, query: Query) -> Iterator[Data]:
        """List objects, page by page.

        Raises:
            GoneError: the server no longer has the rest of the list.
            TimeoutError: a page took longer than CALL_SECONDS, or its next bytes longer than STEP_SECONDS.
            RefusedError, OSError, HTTPException, ValueError: there is no answer, or it is an error or not valid.
        """
        more = ""
        while True:
            asked = {**query, "limit": str(PAGE), **({"continue": more} if more else {})}
            with self._get(path, asked, STEP_SECONDS, CALL_SECONDS) as answer:
                page = json.loads(answer.read())
            yield page
            more = page["metadata"].get("continue", "")
            if not more:
                return

    @contextmanager
    def watch(self, path: str, query: Query, version: str) -> Iterator[Iterator[tuple[str, Data]]]:
        """Watch changes after a version, until the server ends the watch: the kind of change, and the object.

        Raises:
            GoneError: the server no longer knows the version.
            TimeoutError: the server neither says anything nor ends the watch in time.
            RefusedError, OSError, HTTPException, ValueError: as for `pages`, or the connection is lost.
        """
        asked = {"watch": "true", "allowWatchBookmarks": "true", "timeoutSeconds": str(WATCH_SECONDS)}
        asked = {**query, **asked, "resourceVersion": version}
        silence = WATCH_SECONDS + STEP_SECONDS
        with self._get(path, asked, silence, silence + CALL_SECONDS) as answer:
            yield _events(answer)

    @contextmanager
    def _get(self, path: str, query: Query, silence: float, whole: float) -> Iterator[HTTPResponse]:
        connection = self._connect()
        over = threading.Event()
        timer = threading.Timer(whole, _cut, (connection.sock, over))
        timer.daemon = True
        try:
            connection.sock.settimeout(silence)
            timer.start()
            token = (self._credentials / "token").read_text().strip()
            connection.request("GET", f"{path}?{urlencode(query)}", headers={"Authorization": f"Bearer {token}"})
            answer = connection.getresponse()
            with suppress(TypeError, ValueError):
                self.time = parsedate_to_datetime(answer.headers["Date"]).timestamp()
            if answer.status != 200:
                raise _error(answer.status, _status(answer.read(1 << 16)))
            yield answer
        except (OSError, HTTPException, ValueError) as error:
            if over.is_set():
                raise TimeoutError(f"{_name(connection)} has not finished its answer within {whole:g} s") from None
            if isinstance(error, TimeoutError) and timer.is_alive():
                raise TimeoutError(f"{_name(connection)} has said nothing for {silence:g} s") from None
            raise
        finally:
            timer.cancel()
            connection.close()

    def _connect(self) -> HTTPConnection:
        host, port = self._server.hostname or "", self._server.port
        connection = HTTPConnection(host, port, timeout=STEP_SECONDS)
        if self._server.scheme == "https":
            context = ssl.create_default_context(cafile=str(self._credentials / "ca.crt"))
            # As Go does. Python 3.13 rejects authorities of some clusters by default, Python before it those of others.
            context.verify_flags = (context.verify_flags | ssl.VERIFY_X509_PARTIAL_CHAIN) & ~ssl.VERIFY_X509_STRICT
            connection = HTTPSConnection(host, port, timeout=STEP_SECONDS, context=context)
        try:
            connection.connect()
        except TimeoutError:
            connection.close()
            raise TimeoutError(f"no connection to {_name(connection)} within {STEP_SECONDS} s") from None
        return connection


def _name(connection: HTTPConnection) -> str:
    return f"the API server at {connection.host}:{connection.port}"


def _cut(connected: socket.socket, over: threading.Event) -> None:
    """End a call from another thread. Closing the socket would not wake the thread that reads from it."""
    over.set()
    with suppress(OSError):
        connected.shutdown(socket.SHUT_RDWR)


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
    """The current objects of one kind. A thread keeps them up to date by list and watch, as a Reflector does.

    Args:
        client: the client of the API server.
        path: the path of the kind in the API.
        query: the selectors for its objects.
        keep: reduces an object to the data to keep; None if nothing of it is needed.
        changed: called after every change, and whenever the API server cannot be reached.
    """

    def __init__(
        self, client: Client, path: str, query: Query, keep: Callable[[Data], T | None], changed: Callable[[], None]
    ) -> None:
        self.loaded = False
        """Whether the objects have been listed at least once."""
        self.problem: str | None = None
        """Why the API server does not answer at the moment; None if it does."""
        self._client, self._path, self._query, self._keep = client, path, query, keep
        self._changed = changed
        self._lock = threading.Lock()
        self._items: dict[str, T] = {}

    @property
    def items(self) -> list[T]:
        """The objects that exist now, reduced by `keep`."""
        with self._lock:
            return list(self._items.values())

    def start(self) -> None:
        """Start the thread. It ends with the program."""
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
        items: dict[str, T] = {}
        version = ""
        for page in self._client.pages(self._path, self._query):
            version = page["metadata"]["resourceVersion"]
            for item in page.get("items") or []:
                kept = self._keep(item)
                if kept is not None:
                    items[item["metadata"]["name"]] = kept
        with self._lock:
            self._items = items
        self.loaded, self.problem = True, None
        self._changed()
        return version

    def _take(self, kind: str, item: Data) -> None:
        name = item["metadata"].get("name", "")
        kept = self._keep(item) if kind in ("ADDED", "MODIFIED") else None
        with self._lock:
            known = name in self._items
            if kept is not None:
                self._items[name] = kept
            elif kind != "BOOKMARK":
                self._items.pop(name, None)
        if kept is not None or (known and kind != "BOOKMARK"):
            self._changed()
