"""A fake registry on the loopback interface, with the part of the distribution API that digests require."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

INDEX = "application/vnd.oci.image.index.v1+json"
TOKEN = "a-token-of-the-registry"


@dataclass(frozen=True)
class Request:
    """A request."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    form: dict[str, list[str]] = field(default_factory=dict)


class FakeRegistry(ThreadingHTTPServer):
    """`statuses`, `digest_header` and `hang` set faults; `authentication` sets the required authentication."""

    daemon_threads = True
    # Do not wait for requests that hang.
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.address = f"127.0.0.1:{self.server_address[1]}"
        self.manifests: dict[tuple[str, str], bytes] = {}
        self.authentication: str | None = None
        self.challenge: str | None = None
        self.realm = f"http://{self.address}/token"
        self.token_answer: tuple[int, Any] = (200, {"token": TOKEN})
        self.users: dict[str, str] = {}
        self.identity_token: str | None = None
        self.anonymous = False
        self.statuses: list[int] = []
        self.digest_header: str | None = "right"
        self.content_type = f"{INDEX}; charset=utf-8"
        self.heads = True
        self.redirect: str | None = None
        self.hang = False
        self.drip = False
        self.body: bytes | None = None
        self.asked: list[Request] = []
        self.at_once = 0
        self.most_at_once = 0
        self.gathering: threading.Barrier | None = None
        self.released = threading.Event()

    def push(self, repository: str, tag: str, content: str = "v1") -> str:
        """Put an image under a tag; return its digest."""
        return self._put(repository, tag, {"mediaType": INDEX, "manifests": [], "annotations": {"content": content}})

    def push_platforms(self, repository: str, tag: str, images: dict[str, dict[str, int]]) -> str:
        """Put an image with an index under a tag: for each platform, the sizes of its layers by their names."""
        entries = []
        for platform, layers in images.items():
            system, _, architecture = platform.partition("/")
            digest = self.push_manifest(repository, platform, layers)
            entries.append({"digest": digest, "platform": {"os": system, "architecture": architecture}})
        return self._put(repository, tag, {"mediaType": INDEX, "manifests": entries})

    def push_manifest(self, repository: str, tag: str, layers: dict[str, int]) -> str:
        """Put an image without an index under a tag."""
        listed = [{"digest": f"sha256:{name}", "size": size} for name, size in layers.items()]
        return self._put(repository, tag, {"config": {"digest": f"sha256:config-{tag}", "size": 0}, "layers": listed})

    def _put(self, repository: str, tag: str, document: object) -> str:
        manifest = json.dumps(document).encode()
        digest = f"sha256:{hashlib.sha256(manifest).hexdigest()}"
        self.manifests[repository, tag] = self.manifests[repository, digest] = manifest
        return digest

    def refuses(self, authorization: str) -> bool:
        """Whether a request for a manifest lacks what this registry asks for."""
        if self.authentication == "basic":
            return not self._is_user(authorization)
        return self.authentication == "token" and authorization != f"Bearer {TOKEN}"

    def grants(self, request: Request) -> bool:
        """Whether the token server gives a token."""
        if request.method == "POST":
            return request.form.get("refresh_token") == [self.identity_token]
        authorization = request.headers.get("authorization", "")
        return self.anonymous if not authorization else self._is_user(authorization)

    def _is_user(self, authorization: str) -> bool:
        logins = (base64.b64encode(f"{user}:{password}".encode()).decode() for user, password in self.users.items())
        return authorization in {f"Basic {login}" for login in logins}

    @property
    def asked_for(self) -> list[tuple[str, str]]:
        """Methods and paths, in order."""
        return [(request.method, request.path) for request in self.asked]


class _Handler(BaseHTTPRequestHandler):
    server: FakeRegistry
    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def _answer(self) -> None:
        registry, url = self.server, urlsplit(self.path)
        content = self.rfile.read(int(self.headers.get("content-length") or 0)).decode()
        request = Request(
            self.command,
            url.path,
            parse_qs(url.query),
            {name.lower(): value for name, value in self.headers.items()},
            parse_qs(content),
        )
        registry.asked.append(request)
        if url.path == "/token":
            status, answer = registry.token_answer if registry.grants(request) else (401, {"errors": []})
            away = {"Location": registry.redirect + "/token"} if registry.redirect else {}
            self._send(status, json.dumps(answer).encode() if not isinstance(answer, bytes) else answer, away)
            return
        self.close_connection = registry.hang or registry.drip
        if registry.hang:
            registry.released.wait()
            return
        if registry.drip:
            # Sends data again and again, and never ends.
            while not registry.released.wait(0.05):
                self.wfile.write(b"H")
            return
        if registry.gathering:
            registry.gathering.wait(10)
        self._manifest(registry, request)

    def _manifest(self, registry: FakeRegistry, request: Request) -> None:
        if registry.statuses:
            self._send(registry.statuses.pop(0))
        elif registry.refuses(request.headers.get("authorization", "")):
            self._send(401, headers={"WWW-Authenticate": registry.challenge or self._challenge(request)})
        elif registry.redirect:
            self._send(307, headers={"Location": registry.redirect + request.path})
        elif request.method == "HEAD" and not registry.heads:
            self._send(405)
        else:
            _, _, path = request.path.partition("/v2/")
            repository, _, tag = path.partition("/manifests/")
            manifest = registry.manifests.get((repository, tag))
            if manifest is None:
                self._send(404)
                return
            digest = registry.digest_header
            if digest == "right":
                digest = f"sha256:{hashlib.sha256(manifest).hexdigest()}"
            said = {"Docker-Content-Digest": digest} if digest else {}
            self._send(200, registry.body or manifest, {"Content-Type": registry.content_type, **said})

    def _challenge(self, request: Request) -> str:
        if self.server.authentication == "basic":
            return 'Basic realm="here"'
        repository = request.path.removeprefix("/v2/").partition("/manifests/")[0]
        scope = f"repository:{repository}:pull"
        return f'Bearer realm="{self.server.realm}",service="registry, with a comma",scope="{scope}"'

    def _send(self, status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name in the base class
        pass


@contextmanager
def running() -> Iterator[FakeRegistry]:
    """A registry that serves."""
    with FakeRegistry() as registry:
        thread = threading.Thread(target=registry.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield registry
        finally:
            registry.released.set()
            registry.shutdown()
            thread.join()
