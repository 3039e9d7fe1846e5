"""What a registry's log tells."""

from __future__ import annotations

import pytest

from bench.instruments.registry_log import megabytes, peak, requests

LINE = (
    'time="2026-01-02T03:04:{at}Z" level=info msg="response completed" go.version=go1.26 '
    'http.request.host="registry:5000" http.request.method={method} http.request.uri="{path}" '
    'http.request.useragent="containerd/v2.1.4" http.response.duration={took} http.response.status=200 '
    "http.response.written={written} service=registry"
)
BLOB = "/v2/bench/8x40-0/image-0/blobs/sha256:0123"


def line(at: str = "05.5", method: str = "GET", path: str = BLOB, took: str = "1.5s", written: int = 40_000_000) -> str:
    return LINE.format(at=at, method=method, path=path, took=took, written=written)


def test_a_request_has_its_times_and_its_size() -> None:
    [found] = requests([line(), "something else", line(path="/v2/other/blobs/sha256:1")], "bench/8x40-0")

    assert found.ended - found.began == pytest.approx(1.5)
    assert megabytes([found]) == 40


def test_only_content_counts_as_sent() -> None:
    lines = [line(path="/v2/bench/a/manifests/v1", written=900), line(method="HEAD")]

    assert megabytes(requests(lines, "bench")) == 0


def test_the_busiest_moment_is_found() -> None:
    lines = [line("10.0", took="10s"), line("04.0", took="2s"), line("06.0", took="2s"), line("20.0", took="1m0.5s")]

    assert peak(requests(lines, "bench")) == 3


def test_nothing_is_asked_of_an_idle_registry() -> None:
    assert peak([]) == 0
    assert megabytes([]) == 0


@pytest.mark.parametrize(("took", "seconds"), [("850µs", 0.00085), ("12.5ms", 0.0125), ("1m2.5s", 62.5)])
def test_durations_are_read_as_go_writes_them(took: str, seconds: float) -> None:
    [found] = requests([line(took=took)], "bench")

    assert found.ended - found.began == pytest.approx(seconds, abs=1e-6)
