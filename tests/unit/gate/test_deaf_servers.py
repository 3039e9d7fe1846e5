"""An API server that accepts and says nothing, drips, or hangs up: the gate keeps its time, and says what it met.

A NetworkPolicy that drops packets looks like a server that is silent. No cluster of the lab can be made to behave in
these ways, so the gate's program runs here as its pod runs it, with a server that does.
"""

from __future__ import annotations

import itertools
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import trustme

from ..cluster.fake_api import FakeApi
from ..cluster.objects import daemon_set
from ..cluster.pods import running, there
from .gates import FLAGS, IMPATIENT, START, Gate, own_pod

HEADERS = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
# A record of a TLS handshake that announces more than it brings.
HALF_A_HELLO = b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc"
Answer = Callable[[socket.socket], None]


def silent(connection: socket.socket) -> None:
    connection.recv(1)
    threading.Event().wait()


def closing(connection: socket.socket) -> None:
    connection.recv(1 << 16)


def dripping(beginning: bytes, drop: bytes) -> Answer:
    def answer(connection: socket.socket) -> None:
        connection.recv(1 << 16)
        connection.sendall(beginning)
        for _ in itertools.count():
            connection.sendall(drop)
            time.sleep(0.05)

    return answer


headers_that_drip = dripping(HEADERS + b"X-Long: ", b"x")
body_that_drips = dripping(HEADERS + b"Content-Length: 1000000\r\n\r\n", b" ")
body_without_an_end = dripping(b"HTTP/1.0 200 OK\r\n\r\n", b" ")
chunks_that_drip = dripping(HEADERS + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n")
refusal_that_drips = dripping(b"HTTP/1.1 500 Oh\r\nContent-Length: 1000000\r\n\r\n", b" ")
handshake_that_drips = dripping(HALF_A_HELLO, b"\x00")


@pytest.fixture
def serve() -> Iterator[Callable[[Answer], int]]:
    """Answer each connection in this way; the result is the port."""
    listening: list[socket.socket] = []

    def start(answer: Answer) -> int:
        server = socket.create_server(("127.0.0.1", 0))
        listening.append(server)

        def one(connection: socket.socket) -> None:
            with suppress(OSError), connection:
                answer(connection)

        def accept() -> None:
            with suppress(OSError):
                while True:
                    threading.Thread(target=one, args=(server.accept()[0],), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        port: int = server.getsockname()[1]
        return port

    yield start
    for server in listening:
        server.close()


@pytest.fixture
def gate(tmp_path: Path) -> Gate:
    made = Gate.made(tmp_path / "gate")
    trustme.CA().cert_pem.write_to_path(str(made.directory / "credentials" / "ca.crt"))
    return made


NOTHING = "the API server at 127.0.0.1:PORT has said nothing for 0.5 s"
UNFINISHED = "the API server at 127.0.0.1:PORT has not finished its answer within 1 s"
UNCONNECTED = "no connection to the API server at 127.0.0.1:PORT within 0.5 s"
SERVERS = [
    ("http", silent, NOTHING),
    ("http", headers_that_drip, UNFINISHED),
    ("http", body_that_drips, UNFINISHED),
    ("http", body_without_an_end, UNFINISHED),
    ("http", chunks_that_drip, UNFINISHED),
    ("http", refusal_that_drips, "the API server answers with an error (500)"),
    ("http", closing, "Remote end closed connection without response"),
    ("https", silent, UNCONNECTED),
    ("https", handshake_that_drips, UNCONNECTED),
    # The words are OpenSSL's, which differ between its versions.
    ("https", closing, ""),
]


@pytest.mark.parametrize(("scheme", "answer", "told"), SERVERS)
def test_each_call_has_a_limit_as_a_whole_and_the_message_says_which(
    gate: Gate, serve: Callable[[Answer], int], scheme: str, answer: Answer, told: str
) -> None:
    port = serve(answer)
    code, message = gate.end(
        None, timeout_s=3, command=(*FLAGS, "-c", IMPATIENT), PREPULL_SERVER=f"{scheme}://127.0.0.1:{port}"
    )
    assert code == 1
    assert message.startswith(f"timed out after 3 s: {told.replace('PORT', str(port))}")


@pytest.mark.parametrize(("scheme", "answer"), [server[:2] for server in SERVERS if server[1] is not closing])
def test_the_time_is_kept_where_it_is_shorter_than_a_calls_limit(
    gate: Gate, serve: Callable[[Answer], int], scheme: str, answer: Answer
) -> None:
    address = f"{scheme}://127.0.0.1:{serve(answer)}"
    code, message = gate.end(None, timeout_s=1, command=(*FLAGS, START), PREPULL_SERVER=address)
    assert code == 1
    assert message.startswith("timed out after 1 s: ")


def test_a_name_that_is_not_resolved_in_time_keeps_nothing(gate: Gate) -> None:
    hanging = f"""
import runpy, socket, sys, threading
socket.getaddrinfo = lambda *_, **__: threading.Event().wait()
runpy.run_path({START!r}, run_name="__main__")
"""
    ended = gate.end(None, timeout_s=1, command=(*FLAGS, "-c", hanging), PREPULL_SERVER="http://api.example.com")
    assert ended == (1, "timed out after 1 s: the API server has not answered yet\n")


# ---------------------------------------------------------------- since when the time counts


@pytest.fixture
def api() -> Iterator[FakeApi]:
    """A cluster with a node that has no image yet."""
    with FakeApi().running() as running_api:
        running_api.items["daemonsets"] = [daemon_set(desired=1)]
        running_api.items["pods"] = [running("a"), own_pod("2026-01-01T00:00:00Z")]
        yield running_api


@pytest.mark.parametrize("now", ["00:08:19", "00:08:25"])
def test_the_time_before_the_pod_ran_counts(gate: Gate, api: FakeApi, now: str) -> None:
    api.now = f"Thu, 01 Jan 2026 {now} GMT"
    code, message = gate.end(api, timeout_s=500)
    assert (code, message.splitlines()) == (
        1,
        [
            "timed out after 500 s: 0 of 1 nodes have all images, and 1 are needed",
            "no word yet from 1 nodes: a",
        ],
    )


@pytest.mark.parametrize("now", ["Thu, 01 Jan 2026 01:00:00 GMT", "Wed, 31 Dec 2025 00:00:00 GMT", "noon"])
def test_a_clock_that_cannot_be_right_counts_for_nothing(gate: Gate, api: FakeApi, now: str) -> None:
    api.now = now
    api.items["pods"][0] = there("a")
    assert gate.end(api, timeout_s=500) == (0, "1 of 1 nodes have all 2 images\n")
