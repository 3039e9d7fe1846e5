"""A fake API server on the loopback interface: lists in pages, watches, logs, and errors."""

from __future__ import annotations

import json
import queue
import ssl
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import yaml

_KINDS = {
    "cronjobs": "CronJob",
    "daemonsets": "DaemonSet",
    "deployments": "Deployment",
    "events": "Event",
    "jobs": "Job",
    "pods": "Pod",
    "replicasets": "ReplicaSet",
    "runtimeclasses": "RuntimeClass",
    "statefulsets": "StatefulSet",
}


@dataclass
class FakeApi:
    """The objects of the server, its errors, and the requests that it has received."""

    items: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: {kind: [] for kind in _KINDS})
    logs: dict[str, list[str]] = field(default_factory=dict)
    refuse: dict[str, tuple[int, str]] = field(default_factory=dict)
    """By plural, "log", or plural and " watch": the status and the message."""
    asked: list[str] = field(default_factory=list)
    port: int = 0
    token: str = ""
    """The credentials that a client must send; empty if it needs none."""
    client: str = ""
    """The name that a client's certificate must have; empty if it needs none."""
    sent: list[Message] = field(default_factory=list)
    """The headers of each request."""
    silent: bool = False
    """Whether it accepts connections without answering."""
    now: str = ""
    """What its clock says, in the form of HTTP; empty: the time."""
    version: int = 100
    _watches: dict[str, list[queue.Queue[Any]]] = field(default_factory=lambda: {kind: [] for kind in _KINDS})
    _changes: dict[str, list[Any]] = field(default_factory=lambda: {kind: [] for kind in _KINDS})
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _server: _Server | None = None

    def send(self, plural: str, kind: str, item: dict[str, Any]) -> None:
        """Record a change, and send it to all watches."""
        with self._lock:
            self.version += 1
            item["metadata"]["resourceVersion"] = str(self.version)
            name = item["metadata"]["name"]
            self.items[plural] = [each for each in self.items[plural] if each["metadata"]["name"] != name]
            if kind != "DELETED":
                self.items[plural].append(item)
            event = {"type": kind, "object": item}
            self._changes[plural].append((self.version, event))
            self._tell(plural, event)

    def bookmark(self, plural: str) -> None:
        """Send a bookmark to all watches."""
        with self._lock:
            self.version += 1
            about = {"kind": _KINDS[plural], "metadata": {"resourceVersion": str(self.version)}}
            self._tell(plural, {"type": "BOOKMARK", "object": about})

    def expire(self, plural: str) -> None:
        """Tell all watches that their version is no longer known (410 Gone)."""
        status = {"kind": "Status", "code": 410, "reason": "Expired", "message": "too old resource version: 1 (2)"}
        with self._lock:
            self._tell(plural, {"type": "ERROR", "object": {**status, "status": "Failure", "metadata": {}}})

    def cut(self, plural: str) -> None:
        """Break the connections of all watches in the middle of an answer."""
        with self._lock:
            self._tell(plural, None)

    def _tell(self, plural: str, event: Any) -> None:
        for watch in self._watches[plural]:
            watch.put(event)

    def watch(self, plural: str, version: int) -> queue.Queue[Any]:
        """The changes after a version."""
        events: queue.Queue[Any] = queue.Queue()
        with self._lock:
            for at, event in self._changes[plural]:
                if at > version:
                    events.put(event)
            self._watches[plural].append(events)
        return events

    def leave(self, plural: str, events: queue.Queue[Any]) -> None:
        """End all watches."""
        with self._lock:
            self._watches[plural].remove(events)

    def kubeconfig(self, path: Path, **user: Any) -> Path:
        """Write a kubeconfig for this server."""
        path.write_text(
            yaml.safe_dump(
                {
                    "current-context": "fake",
                    "clusters": [{"name": "c", "cluster": {"server": f"http://127.0.0.1:{self.port}"}}],
                    "users": [{"name": "u", "user": user or {"token": "secret"}}],
                    "contexts": [{"name": "fake", "context": {"cluster": "c", "user": "u", "namespace": "here"}}],
                }
            )
        )
        return path

    def times(self, *parts: str) -> int:
        """The number of requests whose path contains all these parts."""
        return sum(all(part in address for part in parts) for address in self.asked)

    def encrypt(self, certificate: Path, clients: Path | None = None) -> None:
        """Speak TLS from now on, with a file that has the key as well, and ask for certificates of an authority."""
        assert self._server
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        if clients:
            context.load_verify_locations(clients)
            context.verify_mode = ssl.CERT_OPTIONAL
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)

    @contextmanager
    def running(self) -> Iterator[FakeApi]:
        """Serve during the block."""
        server = _Server(("127.0.0.1", 0), _handler(self))
        server.daemon_threads = True
        server.block_on_close = False
        self.port = server.server_address[1]
        self._server = server
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            for kind in _KINDS:
                self.cut(kind)
            server.shutdown()
            server.server_close()


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        # A client may close the connection before the end of an answer, or reject the certificate. Other errors are
        # bugs of the fake.
        if not isinstance(sys.exc_info()[1], (ConnectionError, ssl.SSLError)):
            super().handle_error(request, client_address)


def _selected(item: dict[str, Any], query: dict[str, str]) -> bool:
    """Whether an object matches the label selector and the field selector of a request."""
    metadata = item["metadata"]
    known = {"metadata.name": metadata["name"], "reason": item.get("reason"), "type": item.get("type")}
    wanted = [part.split("=") for part in query.get("fieldSelector", "").split(",") if part]
    labels = [part.split("=") for part in query.get("labelSelector", "").split(",") if part]
    if any(len(pair) != 2 or pair[0].endswith("!") for pair in labels):
        # The fake supports no other forms.
        return True
    return all(known[key] == value for key, value in wanted) and all(
        (metadata.get("labels") or {}).get(key) == value for key, value in labels
    )


def _handler(api: FakeApi) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: Any) -> None:
            pass

        def date_time_string(self, timestamp: float | None = None) -> str:
            return api.now or super().date_time_string(timestamp)

        def do_GET(self) -> None:
            url = urlsplit(self.path)
            query = {key: values[0] for key, values in parse_qs(url.query).items()}
            *_, parent, last = url.path.split("/")
            plural = "log" if last == "log" else last
            watch = query.get("watch") == "true"
            refused = api.refuse.get(f"{plural} watch" if watch else plural)
            if watch and not refused and plural in _KINDS:
                events = api.watch(plural, int(query.get("resourceVersion") or api.version))
                api.asked.append(self.path)
                try:
                    self._watch(events, query)
                finally:
                    api.leave(plural, events)
                return
            api.asked.append(self.path)
            api.sent.append(self.headers)
            if api.silent:
                # The client closes the connection at the end.
                self.rfile.read(1)
            elif not self._known():
                self._status(401, "Unauthorized")
            elif refused:
                self._status(*refused)
            elif plural == "log":
                self._text("".join(f"2026-01-01T00:00:00.5Z {line}\n" for line in api.logs.get(parent, [])))
            elif plural not in _KINDS:
                self._status(404, "the server could not find the requested resource")
            else:
                self._list(plural, query)

        def _known(self) -> bool:
            if api.token and self.headers.get("Authorization") != f"Bearer {api.token}":
                return False
            shown = self.connection.getpeercert() if isinstance(self.connection, ssl.SSLSocket) else None
            subject: Any = (shown or {}).get("subject", ())
            return api.client in ("", *(value for part in subject for _, value in part))

        def _list(self, plural: str, query: dict[str, str]) -> None:
            start, limit = int(query.get("continue", 0)), int(query.get("limit", 1 << 30))
            items = [item for item in api.items[plural] if _selected(item, query)]
            more = {"continue": str(start + limit)} if start + limit < len(items) else {}
            metadata = {"resourceVersion": str(api.version), **more}
            self._json(200, {"kind": f"{_KINDS[plural]}List", "metadata": metadata, "items": items[start:][:limit]})

        def _watch(self, events: queue.Queue[Any], query: dict[str, str]) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            try:
                while (event := events.get()) is not None:
                    if event["type"] not in ("ERROR", "BOOKMARK") and not _selected(event["object"], query):
                        continue
                    line = json.dumps(event).encode() + b"\n"
                    self.wfile.write(f"{len(line):x}\r\n".encode() + line + b"\r\n")
                    if event["type"] == "ERROR":
                        self.wfile.write(b"0\r\n\r\n")
                        break
            except OSError:
                pass
            self.close_connection = True

        def _status(self, code: int, message: str) -> None:
            self._json(code, {"kind": "Status", "code": code, "message": message, "status": "Failure", "metadata": {}})

        def _json(self, code: int, data: Any) -> None:
            self._answer(code, "application/json", json.dumps(data).encode())

        def _text(self, text: str) -> None:
            self._answer(200, "text/plain", text.encode())

        def _answer(self, code: int, kind: str, body: bytes) -> None:
            self.send_response(code)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return Handler
