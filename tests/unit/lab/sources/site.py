"""A local server that answers as the sites of releases do, and fails as it is told."""

from __future__ import annotations

import hashlib
import ssl
import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPResponse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

from trustme import LeafCert

from lab.sources.web import READ_SECONDS, Web


@dataclass(frozen=True)
class Refuse:
    """Answer with an error."""

    code: int
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Stop:
    """Answer, and stop after some bytes of the content: close the connection, or keep it and send nothing more."""

    after: int
    silently: bool = False


@dataclass(frozen=True)
class HangUp:
    """Close the connection without an answer."""


@dataclass(frozen=True)
class Late:
    """Answer after some seconds."""

    seconds: float


Fault = Refuse | Stop | HangUp | Late


class Site:
    """What the server has, how it fails, and what it was asked.

    Attributes:
        files: the files by their paths.
        redirects: the URLs to which it leads, by path.
        faults: what goes wrong with the next requests of a path, one after another.
        resumes: whether it sends a part of a file if asked.
        asked: the paths that were asked for, each with its header `Range`.
    """

    def __init__(self, scheme: str, port: int) -> None:
        self.base = f"{scheme}://127.0.0.1:{port}"
        # The same server under another name is another host.
        self.other_base = f"{scheme}://localhost:{port}"
        self.files: dict[str, bytes] = {}
        self.redirects: dict[str, str] = {}
        self.faults: defaultdict[str, list[Fault]] = defaultdict(list)
        self.resumes = True
        self.asked: list[tuple[str, str | None]] = []
        self.over = threading.Event()

    def add(self, path: str, content: bytes) -> str:
        """Add a file, and return its SHA-256."""
        self.files[path] = content
        return hashlib.sha256(content).hexdigest()


class Rerouted(Web):
    """Leads every request for a public host to the local server."""

    def __init__(self, site: Site, read_seconds: float = READ_SECONDS) -> None:
        super().__init__(read_seconds=read_seconds)
        self._site = site

    def open(self, url: str, headers: Mapping[str, str]) -> HTTPResponse:
        return super().open(url.replace("https://", f"{self._site.base}/"), headers)


class _Handler(BaseHTTPRequestHandler):
    site: ClassVar[Site]

    def do_GET(self) -> None:
        site, part = self.site, self.headers.get("Range")
        site.asked.append((self.path, part))
        fault = site.faults[self.path].pop(0) if site.faults[self.path] else None
        if isinstance(fault, HangUp):
            return
        if isinstance(fault, Late):
            site.over.wait(fault.seconds)
            fault = None
        if isinstance(fault, Refuse):
            self._head(fault.code, fault.headers)
        elif self.path in site.redirects:
            self._head(302, {"Location": site.redirects[self.path]})
        elif self.path not in site.files:
            self._head(404, {})
        else:
            self._send(site.files[self.path], part, fault)

    def _send(self, content: bytes, part: str | None, fault: Stop | None) -> None:
        etag = f'"{hashlib.sha256(content).hexdigest()}"'
        begin = 0
        if part and self.site.resumes and self.headers.get("If-Range", etag) == etag:
            begin = int(part.removeprefix("bytes=").removesuffix("-"))
        whole = len(content)
        named = {"Content-Range": f"bytes {begin}-{whole - 1}/{whole}"} if begin else {}
        self._head(206 if begin else 200, {"ETag": etag, "Content-Length": str(whole - begin), **named})
        self.wfile.write(content[begin : None if fault is None else begin + fault.after])
        if fault is not None and fault.silently:
            self.wfile.flush()
            self.site.over.wait()

    def _head(self, code: int, headers: Mapping[str, str]) -> None:
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        del format, args


@contextmanager
def served(certificate: LeafCert | None = None) -> Iterator[Site]:
    """A site that is served while the block runs, with a certificate over TLS."""

    class Handler(_Handler):
        pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Handler.site = site = Site("http" if certificate is None else "https", server.server_port)
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(context)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield site
    finally:
        site.over.set()
        server.shutdown()
        thread.join()
        server.server_close()
