"""Proxies on the loopback interface: each leads to one port, whatever it is asked for."""

from __future__ import annotations

import base64
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Middleman:
    """What a proxy was asked for, and with which credentials."""

    port: int = 0
    asked: list[str] = field(default_factory=list)
    credentials: list[str] = field(default_factory=list)
    lets_in: str = ""
    """The credentials that it wants, NAME:PASSWORD; empty if none."""


@contextmanager
def middleman(kind: str, target: int, certificate: Path | None = None, lets_in: str = "") -> Iterator[Middleman]:
    """Run a proxy during the block.

    Args:
        kind: http, socks, or one that is neither: silence, rubbish.
        target: the port that it leads to.
        certificate: a certificate with its key, to speak TLS with clients.
        lets_in: the credentials that it wants.
    """
    listener = socket.create_server(("127.0.0.1", 0))
    known = Middleman(listener.getsockname()[1], lets_in=lets_in)
    context = None
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
    serve = {"http": _http, "socks": _socks, "silence": _silence, "rubbish": _rubbish}[kind]

    def serve_one(client: socket.socket) -> None:
        with suppress(OSError), client:
            inner = context.wrap_socket(client, server_side=True) if context else client
            with inner:
                if serve(inner, known):
                    _join(inner, target)

    def accept() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=serve_one, args=(listener.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield known
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def _http(client: socket.socket, known: Middleman) -> bool:
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += client.recv(1) or b"\r\n\r\n"
    first, *lines = head.decode().split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines if ": " in line)
    given = headers.get("Proxy-Authorization", "")
    known.credentials.append(base64.b64decode(given.removeprefix("Basic ")).decode())
    known.asked.append(first.removesuffix(" HTTP/1.1"))
    if known.lets_in not in ("", known.credentials[-1]):
        client.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
        return False
    client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    return True


def _socks(client: socket.socket, known: Middleman) -> bool:
    """RFC 1928 and RFC 1929."""
    _, count = client.recv(2)
    wants = 2 if known.lets_in else 0
    if wants not in client.recv(count):
        client.sendall(b"\x05\xff")
        return False
    client.sendall(bytes([5, wants]))
    if wants:
        name = client.recv(client.recv(2)[1]).decode()
        known.credentials.append(f"{name}:{client.recv(client.recv(1)[0]).decode()}")
        right = known.credentials[-1] == known.lets_in
        client.sendall(b"\x01\x00" if right else b"\x01\x01")
        if not right:
            return False
    kind = client.recv(4)[3]
    host = client.recv(client.recv(1)[0]).decode() if kind == 3 else socket.inet_ntoa(client.recv(4))
    known.asked.append(f"{host}:{int.from_bytes(client.recv(2), 'big')}")
    client.sendall(b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00")
    return True


def _silence(client: socket.socket, known: Middleman) -> bool:
    known.asked.append("")
    while client.recv(1024):
        pass
    return False


def _rubbish(client: socket.socket, known: Middleman) -> bool:
    known.asked.append("")
    client.recv(3)
    client.sendall(b"220 mail.example.com ESMTP\r\n")
    return False


def _join(client: socket.socket, target: int) -> None:
    with socket.create_connection(("127.0.0.1", target)) as server:
        back = threading.Thread(target=_copy, args=(server, client), daemon=True)
        back.start()
        _copy(client, server)
        back.join(10)


def _copy(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
