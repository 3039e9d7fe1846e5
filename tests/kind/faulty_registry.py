"""A registry that stands before the lab's own, and does to each image what a test asks of it.

It runs in the tests' own process, on the address under which the nodes see this machine and on no other.
"""

from __future__ import annotations

import base64
import contextlib
import http.client
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from lab import Lab

from .eventually import eventually

ADDRESS = "faulty.registry:5000"
_LAYER_BYTES = 10_000
_CHUNK = 1 << 14
_ASKED = re.compile(r"/v2/(?P<repository>.+)/(?P<kind>manifests|blobs)/")
_PASSED_ON = ("accept", "range")
_PASSED_BACK = ("content-type", "content-length", "content-range", "docker-content-digest", "etag", "accept-ranges")


@dataclass(frozen=True)
class Fault:
    """What happens to whoever asks for an image."""

    status: int = 0
    """It is answered by this alone."""
    silent: bool = False
    """There is no answer until the fault is over."""
    cut: bool = False
    """The connection ends in the middle of a layer, however often one asks for the rest."""
    corrupt: bool = False
    """The second half of a layer is another."""
    bytes_per_second: int = 0
    """A layer comes no faster than this."""


@dataclass
class FaultyRegistry:
    """The registry. `faults` are by the name of an image, the last part of its repository."""

    upstream: str
    host: str
    faults: dict[str, Fault] = field(default_factory=dict)
    met: Counter[str] = field(default_factory=Counter)
    """How often somebody has met the fault of an image."""
    lets_in: Callable[[str], bool] | None = None
    """Whether a password is good. Without it, nobody needs one."""
    port: int = 0
    _server: ThreadingHTTPServer | None = None

    def start(self) -> None:
        """Answer, at the same port as before."""
        self._server = _Server((self.host, self.port), _handler(self))
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def stop(self) -> None:
        """Refuse connections."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    @property
    def is_stopped(self) -> bool:
        """Whether it refuses connections."""
        return self._server is None

    def wait_until_met(self, name: str, times: int = 1) -> None:
        """Wait until so many requests have met the fault of an image."""
        eventually(f"{times} requests have met the fault of {name}", lambda: self.met[name] >= times, 240)


@contextlib.contextmanager
def running(lab: Lab, address: str = ADDRESS, lets_in: Callable[[str], bool] | None = None) -> Iterator[FaultyRegistry]:
    """A registry that the nodes know by an address, without faults at first."""
    registry = FaultyRegistry(lab.registry.client.address, lab.nodes.gateway(), lets_in=lets_in)
    registry.start()
    try:
        lab.nodes.use_registry(address, at=f"{registry.host}:{registry.port}")
        yield registry
    finally:
        registry.faults.clear()
        registry.stop()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Nodes hang up as they like."""


def _handler(registry: FaultyRegistry) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: Any) -> None:
            pass

        def do_HEAD(self) -> None:
            self._answer()

        def do_GET(self) -> None:
            self._answer()

        def _answer(self) -> None:
            if registry.lets_in and not registry.lets_in(_password(self.headers.get("Authorization", ""))):
                self.send_response(401)
                self.send_header("WWW-Authenticate", 'Basic realm="lab"')
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            asked = _ASKED.match(self.path)
            name = asked["repository"].rpartition("/")[2] if asked else ""
            fault = registry.faults.get(name, Fault())
            if fault.status or fault.silent:
                registry.met[name] += 1
            while registry.faults.get(name, Fault()).silent:
                time.sleep(0.05)
            if fault.status:
                self.send_response(fault.status)
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            connection = http.client.HTTPConnection(registry.upstream, timeout=60)
            try:
                # Docker Engine sends one Accept header for each type, in any order.
                headers = {key: ", ".join(self.headers.get_all(key, ())) for key in _PASSED_ON}
                headers = {key: value for key, value in headers.items() if value}
                connection.request(self.command, self.path, headers=headers)
                self._pass_on(connection.getresponse(), name, fault)
            finally:
                connection.close()

        def _pass_on(self, response: http.client.HTTPResponse, name: str, fault: Fault) -> None:
            self.send_response(response.status)
            for key, value in response.getheaders():
                if key.lower() in _PASSED_BACK:
                    self.send_header(key, value)
            self.end_headers()
            if self.command == "HEAD":
                return
            content = response.read()
            first, whole = _place(response, len(content))
            if "/blobs/" not in self.path or whole <= _LAYER_BYTES:
                self.wfile.write(content)
                return
            content = self._damaged(content, first, whole, name, fault)
            for start in range(0, len(content), _CHUNK):
                self.wfile.write(content[start : start + _CHUNK])
                due = time.monotonic() + _CHUNK / (fault.bytes_per_second or _CHUNK)
                while fault.bytes_per_second and registry.faults.get(name) == fault and time.monotonic() < due:
                    time.sleep(0.05)

        def _damaged(self, content: bytes, first: int, whole: int, name: str, fault: Fault) -> bytes:
            if fault != Fault():
                registry.met[name] += 1
            good = max(0, whole // 2 - first)
            if fault.cut:
                self.close_connection = True
                return content[:good]
            if fault.corrupt:
                return content[:good] + bytes(byte ^ 1 for byte in content[good:])
            return content

    return Handler


def _password(authorization: str) -> str:
    kind, _, pair = authorization.partition(" ")
    return base64.b64decode(pair).decode().partition(":")[2] if kind == "Basic" else ""


def _place(response: http.client.HTTPResponse, size: int) -> tuple[int, int]:
    """Where what comes begins in the whole, and how large that is."""
    found = re.fullmatch(r"bytes (\d+)-\d+/(\d+)", response.getheader("content-range") or "")
    return (int(found[1]), int(found[2])) if found else (0, size)
