import hashlib
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import trustme

from lab.errors import LabError
from lab.sources.download import Release, Releases
from lab.sources.source import UnavailableError
from lab.sources.web import Web

from .site import Fault, HangUp, Late, Refuse, Rerouted, Site, Stop, served

CONTENT = hashlib.shake_128(b"a program").digest(2_500_000)
CUT = 1_000_000
# Long enough for a server on a busy machine, where no answer is meant to be late.
SHORT_SECONDS = 1.5
NOW = 1_700_000_000.0
REST = f"bytes={CUT}-"


@dataclass
class Attempt:
    """Downloads of `/tool`, and what they needed."""

    site: Site
    destination: Path
    pauses: list[float] = field(default_factory=list)
    progress: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        checksum = self.site.add("/tool", CONTENT)
        self.site.add("/tool.sha256", checksum.encode())
        self.release = Release(f"{self.site.base}/tool", f"{self.site.base}/tool.sha256")
        self.releases = self.through(Rerouted(self.site))

    def through(self, web: Web) -> Releases:
        return Releases(web, sleep=self.pauses.append, clock=lambda: NOW)

    def meets(self, faults: Sequence[Fault]) -> None:
        """What goes wrong with the next requests of the file."""
        self.site.faults["/tool"] = list(faults)
        if any(isinstance(fault, Stop) and fault.silently for fault in faults):
            self.releases = self.through(Rerouted(self.site, SHORT_SECONDS))

    def fetch(self, release: Release | None = None) -> bytes:
        self.releases.fetch(release or self.release, self.destination, self.progress.append)
        return self.destination.read_bytes()

    @property
    def parts(self) -> list[str | None]:
        """What was asked of the file: everything (None) or a part."""
        return [part for path, part in self.site.asked if path == "/tool"]


@pytest.fixture
def attempt(site: Site, tmp_path: Path) -> Attempt:
    return Attempt(site, tmp_path / "got")


@pytest.mark.parametrize(
    "listing",
    ["{sum}", "{sum}\n", "{sum}  tool\n", "{sum} *tool\n", f"{'0' * 64}  other\n{{sum}}  ./tool\n", "{SUM}"],
)
def test_what_has_the_published_checksum_is_kept(listing: str, attempt: Attempt) -> None:
    checksum = attempt.site.files["/tool.sha256"].decode()
    attempt.site.add("/tool.sha256", listing.format(sum=checksum, SUM=checksum.upper()).encode())
    assert attempt.fetch() == CONTENT


def test_what_has_another_checksum_is_not_kept_and_no_other_source_is_tried(attempt: Attempt) -> None:
    attempt.site.add("/tool.sha256", b"0" * 64)
    with pytest.raises(LabError, match=r"has the SHA-256 .* Try again, or from another network\.") as caught:
        attempt.fetch()
    assert not isinstance(caught.value, UnavailableError)
    assert not attempt.destination.exists()


@pytest.mark.parametrize("listing", ["", f"{'0' * 64}  other\n", "<html>not found</html>"])
def test_without_a_checksum_there_is_no_release(listing: str, attempt: Attempt) -> None:
    attempt.site.add("/tool.sha256", listing.encode())
    with pytest.raises(UnavailableError, match="no checksum for tool"):
        attempt.fetch()


@pytest.mark.parametrize(
    ("faults", "pauses", "parts"),
    [
        ([Refuse(429)], [1.0], [None, None]),
        ([Refuse(429, {"Retry-After": "7"})], [7.0], [None, None]),
        ([Refuse(503, {"Retry-After": "Tue, 14 Nov 2023 22:13:40 GMT"})], [20.0], [None, None]),
        ([Refuse(503, {"Retry-After": "soon"})], [1.0], [None, None]),
        ([Refuse(502), Refuse(504)], [1.0, 4.0], [None, None, None]),
        ([HangUp()], [1.0], [None, None]),
        ([Stop(CUT)], [1.0], [None, REST]),
        ([Stop(CUT, silently=True)], [1.0], [None, REST]),
        ([Stop(CUT), HangUp()], [1.0, 4.0], [None, REST, REST]),
        ([Stop(CUT), Stop(CUT)], [1.0, 4.0], [None, REST, f"bytes={2 * CUT}-"]),
        ([Stop(CUT), Refuse(416)], [1.0], [None, REST, None]),
        ([Stop(0)], [1.0], [None, None]),
    ],
)
def test_what_may_pass_is_tried_again(
    faults: list[Fault], pauses: list[float], parts: list[str | None], attempt: Attempt
) -> None:
    attempt.meets(faults)
    assert attempt.fetch() == CONTENT
    assert attempt.pauses == pauses
    assert attempt.parts == parts


def test_a_site_that_sends_no_parts_sends_the_whole_again(attempt: Attempt) -> None:
    attempt.meets([Stop(CUT)])
    attempt.site.resumes = False
    assert attempt.fetch() == CONTENT


def test_a_site_that_answers_late_has_more_time_than_one_that_does_not_connect(attempt: Attempt) -> None:
    attempt.releases = attempt.through(Web(connect_seconds=0.2))
    attempt.meets([Late(1.0)])
    assert attempt.fetch() == CONTENT
    assert attempt.pauses == []


def test_a_file_that_changed_meanwhile_is_not_put_together_from_two(attempt: Attempt, site: Site) -> None:
    def change(_: float) -> None:
        site.add("/tool", CONTENT)

    site.add("/tool", bytes(len(CONTENT)))
    attempt.meets([Stop(CUT)])
    attempt.releases = Releases(Rerouted(site), sleep=change)
    assert attempt.fetch() == CONTENT


@pytest.mark.parametrize(
    ("faults", "pauses", "reason"),
    [
        ([Refuse(503)] * 3, [1.0, 4.0], r"^127\.0\.0\.1:\d+ answers 503 for tool$"),
        ([Refuse(429, {"Retry-After": "3600"})], [], r"answers 429 for tool, and asks for a pause of 3600 s$"),
        ([Refuse(403)], [], r"answers 403 for tool$"),
        ([Refuse(404)], [], r"^127\.0\.0\.1:\d+ has no tool \(404\)$"),
        ([Stop(0)] * 3, [1.0, 4.0], r"^127\.0\.0\.1:\d+: tool ended early$"),
        ([HangUp()] * 3, [1.0, 4.0], r"^127\.0\.0\.1:\d+: it closed the connection without an answer$"),
        ([Stop(5, silently=True)] * 3, [1.0, 4.0], r"^127\.0\.0\.1:\d+: timed out$"),
    ],
)
def test_what_does_not_pass_is_a_reason_to_try_another_source(
    faults: list[Fault], pauses: list[float], reason: str, attempt: Attempt
) -> None:
    attempt.meets(faults)
    with pytest.raises(UnavailableError, match=reason):
        attempt.fetch()
    assert attempt.pauses == pauses


@pytest.mark.parametrize("faults", [[HangUp()] * 3, [Stop(5, silently=True)] * 3])
def test_a_host_that_stays_silent_is_not_asked_again(faults: list[Fault], attempt: Attempt) -> None:
    attempt.meets(faults)
    with pytest.raises(UnavailableError):
        attempt.fetch()
    asked = len(attempt.site.asked)
    with pytest.raises(UnavailableError, match="cannot be reached"):
        attempt.fetch()
    assert len(attempt.site.asked) == asked


@pytest.mark.parametrize("faults", [[Refuse(404)], [Refuse(503)] * 3, [Stop(0)] * 3])
def test_one_file_that_is_not_to_be_had_says_nothing_about_the_next(faults: list[Fault], attempt: Attempt) -> None:
    attempt.meets(faults)
    with pytest.raises(UnavailableError):
        attempt.fetch()
    assert attempt.fetch() == CONTENT


def test_a_host_that_cannot_be_reached_says_nothing_about_others(attempt: Attempt) -> None:
    gone = Release("http://127.0.0.1:1/tool", "http://127.0.0.1:1/tool.sha256")
    for _ in range(2):
        with pytest.raises(UnavailableError, match=r"^127\.0\.0\.1:1 cannot be reached \(Connection refused\)$"):
            attempt.fetch(gone)
    assert attempt.fetch() == CONTENT
    assert attempt.pauses == []


def test_a_host_that_cannot_be_reached_is_asked_once(attempt: Attempt, monkeypatch: pytest.MonkeyPatch) -> None:
    looked_up: list[str] = []
    resolve: Callable[..., Any] = socket.getaddrinfo

    def count(host: str, *arguments: Any, **settings: Any) -> Any:
        looked_up.append(host)
        return resolve(host, *arguments, **settings)

    monkeypatch.setattr(socket, "getaddrinfo", count)
    assert [attempt.releases.reaches("http://127.0.0.1:1/v2/") for _ in range(3)] == [False, False, False]
    assert looked_up == ["127.0.0.1"]


def test_another_host_is_followed(attempt: Attempt, site: Site) -> None:
    site.add("/assets/1", CONTENT)
    site.redirects["/tool"] = f"{site.other_base}/assets/1"
    site.faults["/assets/1"] = [Stop(CUT)]
    assert attempt.fetch() == CONTENT
    assert site.asked[-2:] == [("/tool", REST), ("/assets/1", REST)]


def test_another_host_that_cannot_be_reached_says_nothing_about_the_first(attempt: Attempt, site: Site) -> None:
    site.redirects["/tool"] = "http://127.0.0.1:1/assets/1"
    with pytest.raises(UnavailableError, match=r"^127\.0\.0\.1:1 cannot be reached"):
        attempt.fetch()
    del site.redirects["/tool"]
    assert attempt.fetch() == CONTENT


def test_the_progress_counts_what_was_there_before_a_cut(attempt: Attempt) -> None:
    attempt.meets([Stop(CUT)])
    attempt.fetch()
    assert {line.partition(" ")[2] for line in attempt.progress} == {"of 2 MB"}
    counts = [int(line.split()[0]) for line in attempt.progress]
    assert counts == sorted(counts)
    assert counts[-1] == 2


@pytest.mark.parametrize("fault", [Refuse(401), Refuse(404), Refuse(429), Refuse(503)])
def test_a_refusal_is_an_answer(fault: Fault, attempt: Attempt) -> None:
    attempt.site.faults["/v2/"] = [fault]
    assert attempt.releases.reaches(f"{attempt.site.base}/v2/")
    assert attempt.pauses == []


@pytest.mark.parametrize("trusted", [True, False])
def test_a_site_with_a_certificate_is_reached_if_the_machine_trusts_it(
    trusted: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem") if trusted else "/missing")
    monkeypatch.setenv("no_proxy", "*")
    with served(authority.issue_cert("127.0.0.1")) as site:
        release = Release(f"{site.base}/tool", f"{site.base}/tool.sha256")
        site.add("/tool.sha256", site.add("/tool", CONTENT).encode())
        releases = Releases(Web())
        if trusted:
            releases.fetch(release, tmp_path / "got")
            assert (tmp_path / "got").read_bytes() == CONTENT
        else:
            with pytest.raises(UnavailableError, match="its certificate is not trusted here: "):
                releases.fetch(release, tmp_path / "got")


def test_a_proxy_that_leads_to_one_host_and_not_to_another(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"http_proxy": site.base, "https_proxy": site.base, "no_proxy": ""}.items():
        monkeypatch.setenv(name, value)
    releases = Releases(Web())
    with pytest.raises(UnavailableError, match=r"^blocked\.test cannot be reached \(Tunnel connection failed: 501"):
        releases.fetch(Release("https://blocked.test/tool", "https://blocked.test/tool.sha256"), tmp_path / "got")
    site.add("http://open.test/tool.sha256", site.add("http://open.test/tool", CONTENT).encode())
    releases.fetch(Release("http://open.test/tool", "http://open.test/tool.sha256"), tmp_path / "got")
    assert (tmp_path / "got").read_bytes() == CONTENT
