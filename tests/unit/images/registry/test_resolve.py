"""Requests to registries: answers, errors and time limits."""

from __future__ import annotations

import hashlib
import socket
import threading
import time
from collections.abc import Iterator

import pytest
from prepull.images.references import parse
from prepull.images.registry.ask import resolve
from prepull.images.registry.digests import Registries, is_loopback
from prepull.images.registry.failures import Unresolved

from .conftest import DockerConfig
from .fake_registry import FakeRegistry


def answer(registry: FakeRegistry, image: str = "team/app:1", **options: float) -> str | Unresolved:
    [found] = resolve([parse(f"{registry.address}/{image}")], **options)  # type: ignore[arg-type]
    return found


def reason(registry: FakeRegistry, **options: float) -> str:
    found = answer(registry, "team/app:1", **options)
    assert isinstance(found, Unresolved)
    return found.reason


def test_a_tag_stands_for_the_digest_of_its_index(registry: FakeRegistry) -> None:
    digest = registry.push("team/app", "1")

    assert answer(registry) == digest
    [asked] = registry.asked
    # One that is not known by its type would be told of one platform's image.
    assert asked.headers["accept"].startswith("application/vnd.oci.image.index.v1+json, ")
    assert asked.method == "HEAD"


def test_each_image_gets_its_own_answer(registry: FakeRegistry) -> None:
    digests = [registry.push(f"app{index}", "1", str(index)) for index in range(30)]
    images = [parse(f"{registry.address}/app{index}:1") for index in range(30)]

    assert resolve([*images, parse(f"{registry.address}/none:1")]) == [*digests, Unresolved("manifest unknown")]


def test_several_are_asked_about_at_once_and_no_more_than_that(registry: FakeRegistry) -> None:
    # Four that wait for each other: fewer at once would never be answered, and of nine one would be left over.
    registry.gathering = threading.Barrier(4)
    digests = [registry.push(f"app{index}", "1", str(index)) for index in range(8)]

    found = resolve([parse(f"{registry.address}/app{index}:1") for index in range(8)], parallel=4)

    assert found == digests


def test_without_images_nothing_is_asked() -> None:
    assert resolve([]) == []


# ---------------------------------------------------------------- what registries do differently


def test_a_digest_that_the_registry_does_not_say_is_computed(registry: FakeRegistry) -> None:
    digest = registry.push("team/app", "1")
    registry.digest_header = None

    assert answer(registry) == digest
    assert [method for method, _ in registry.asked_for] == ["HEAD", "GET"]


def test_a_registry_that_takes_no_head_is_asked_with_get(registry: FakeRegistry) -> None:
    digest = registry.push("team/app", "1")
    registry.heads = False

    assert answer(registry) == digest


@pytest.mark.parametrize("header", ["sha256:short", "md5:" + "0" * 32, "no digest"])
def test_an_invalid_digest_is_not_believed(registry: FakeRegistry, header: str) -> None:
    registry.push("team/app", "1")
    registry.digest_header = header

    assert reason(registry) == "its answer has no valid digest"


def test_a_page_is_no_manifest(registry: FakeRegistry) -> None:
    registry.push("team/app", "1")
    registry.digest_header, registry.content_type = None, "text/html"

    assert reason(registry) == "its answer is no manifest of an image"


def test_a_manifest_without_end_is_not_read_to_the_end(registry: FakeRegistry) -> None:
    registry.push("team/app", "1")
    registry.digest_header = None
    registry.body = b"x" * (4 * 1024 * 1024 + 1)

    assert reason(registry) == "its manifest has more than 4194304 bytes"


def test_a_redirect_is_followed_and_no_credential_goes_along(
    registry: FakeRegistry, other_registry: FakeRegistry, docker_config: DockerConfig
) -> None:
    docker_config.log_in(registry.address, "user", "password")
    registry.authentication, registry.users = "basic", {"user": "password"}
    digest = other_registry.push("team/app", "1")
    registry.redirect = f"http://{other_registry.address}"

    assert answer(registry) == digest
    assert registry.asked[-1].headers["authorization"].startswith("Basic ")
    assert "authorization" not in other_registry.asked[-1].headers


def test_what_passes_is_tried_again(registry: FakeRegistry) -> None:
    digest = registry.push("team/app", "1")
    registry.statuses = [503, 502]

    assert answer(registry) == digest


# ---------------------------------------------------------------- what goes wrong


def test_an_unknown_tag(registry: FakeRegistry) -> None:
    registry.push("team/app", "2")

    assert reason(registry) == "manifest unknown"


def test_too_many_requests_are_not_made_more(registry: FakeRegistry) -> None:
    registry.statuses = [429]

    assert reason(registry) == "too many requests"
    assert len(registry.asked) == 1


def test_a_registry_that_is_broken(registry: FakeRegistry) -> None:
    registry.statuses = [500]

    assert reason(registry) == "it answers 500 Internal Server Error"


def test_nobody_listens() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        found = resolve([parse(f"127.0.0.1:{taken.getsockname()[1]}/a:1")])

    assert found == [Unresolved("connection refused")]


def test_a_registry_that_hangs_up() -> None:
    def hang_up() -> None:
        connection, _ = server.accept()
        connection.close()

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=hang_up)
        thread.start()
        found = resolve([parse(f"127.0.0.1:{server.getsockname()[1]}/a:1")])
        thread.join()

    assert found == [Unresolved("connection lost")]


def test_a_host_that_does_not_exist() -> None:
    # By RFC 6761 nobody ever answers to it.
    assert resolve([parse("registry.invalid/a:1")]) == [Unresolved("host not found")]


def test_a_registry_that_is_silent_is_not_waited_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    lookups: list[str] = []
    real = socket.getaddrinfo

    def counted(host: str, *arguments: object, **options: object) -> object:
        lookups.append(host)
        return real(host, *arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", counted)
    found = resolve([parse(f"registry.invalid/{index}:1") for index in range(20)], parallel=1)

    assert found == [Unresolved("host not found")] * 20
    assert len(lookups) == 2  # once more, as a lookup may fail by chance


def test_a_registry_without_tls_elsewhere_is_not_asked_in_plain_text(registry: FakeRegistry) -> None:
    registry.push("team/app", "1")
    elsewhere = Registries(plain=lambda _: False)

    [found] = resolve([parse(f"{registry.address}/team/app:1")], registries=elsewhere)

    assert isinstance(found, Unresolved)
    assert found.reason == "it does not speak TLS, and plain HTTP is for registries on this machine only"
    assert registry.asked == []


@pytest.mark.parametrize("host", ["localhost", "localhost:5000", "127.0.0.1:5000", "127.9.9.9", "[::1]:5000"])
def test_a_registry_on_this_machine(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["docker.io", "localhost.example.com", "10.0.0.1:5000", "registry:5000", "[::2]"])
def test_a_registry_elsewhere(host: str) -> None:
    assert not is_loopback(host)


# ---------------------------------------------------------------- time limits


@pytest.fixture(params=["hang", "drip"])
def stuck(registry: FakeRegistry, request: pytest.FixtureRequest) -> Iterator[FakeRegistry]:
    """A registry that never answers, and one whose answer never ends."""
    setattr(registry, request.param, True)
    yield registry
    registry.released.set()
    _threads_end()


def _threads_end() -> None:
    """Abandoned requests end when their registry ends."""
    deadline = time.monotonic() + 30
    while any(thread.name.startswith("prepull: ") for thread in threading.enumerate()):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_one_that_takes_too_long_is_given_up(stuck: FakeRegistry) -> None:
    assert reason(stuck, limit=0.2) == "timed out after 0.2 s"


def test_those_that_are_stuck_do_not_keep_the_others_from_their_turn(
    stuck: FakeRegistry, other_registry: FakeRegistry
) -> None:
    digest = other_registry.push("app", "1")
    slow, fine = parse(f"{stuck.address}/a:1"), parse(f"{other_registry.address}/app:1")

    found = resolve([slow, slow, fine], parallel=2, limit=1.0)

    assert found == [Unresolved("timed out after 1 s")] * 2 + [digest]


def test_a_credential_helper_that_hangs_is_given_up(registry: FakeRegistry, docker_config: DockerConfig) -> None:
    docker_config.write(credsStore="slow")
    docker_config.helper("slow", "sleep 2")
    registry.authentication = "token"

    assert reason(registry, limit=0.2) == "timed out after 0.2 s"
    _threads_end()


def test_the_digest_is_of_the_bytes_as_they_were_sent(registry: FakeRegistry) -> None:
    registry.push("team/app", "1")
    registry.digest_header = None
    registry.body = b'{"mediaType" : "with spaces of its own"}'

    assert answer(registry) == f"sha256:{hashlib.sha256(registry.body).hexdigest()}"
