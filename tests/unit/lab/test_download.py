import hashlib
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from lab.errors import LabError
from lab.sources.download import Release, Releases
from lab.sources.source import UnavailableError

CONTENT = b"a program"
SUM = hashlib.sha256(CONTENT).hexdigest()


class Handler(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        del format, args


@pytest.fixture
def site(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    directory = tmp_path / "site"
    directory.mkdir()
    (directory / "tool").write_bytes(CONTENT)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(directory)))
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", directory
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(
    "listing",
    [SUM, f"{SUM}\n", f"{SUM}  tool\n", f"{SUM} *tool\n", f"{'0' * 64}  other\n{SUM}  ./tool\n", SUM.upper()],
)
def test_what_has_the_published_checksum_is_kept(listing: str, site: tuple[str, Path], tmp_path: Path) -> None:
    url, directory = site
    (directory / "sums").write_text(listing)
    Releases().fetch(Release(f"{url}/tool", f"{url}/sums"), tmp_path / "got")
    assert (tmp_path / "got").read_bytes() == CONTENT


def test_what_has_another_checksum_is_not_kept_and_no_other_source_is_tried(
    site: tuple[str, Path], tmp_path: Path
) -> None:
    url, directory = site
    (directory / "sums").write_text("0" * 64)
    with pytest.raises(LabError, match="has the SHA-256") as caught:
        Releases().fetch(Release(f"{url}/tool", f"{url}/sums"), tmp_path / "got")
    assert not isinstance(caught.value, UnavailableError)
    assert not (tmp_path / "got").exists()


@pytest.mark.parametrize("listing", ["", f"{SUM}  other\n", "<html>not found</html>"])
def test_without_a_checksum_there_is_no_release(listing: str, site: tuple[str, Path], tmp_path: Path) -> None:
    url, directory = site
    (directory / "sums").write_text(listing)
    with pytest.raises(UnavailableError, match="no checksum for tool"):
        Releases().fetch(Release(f"{url}/tool", f"{url}/sums"), tmp_path / "got")


def test_a_missing_release_says_nothing_about_the_next(site: tuple[str, Path], tmp_path: Path) -> None:
    url, directory = site
    (directory / "sums").write_text(SUM)
    releases = Releases()
    with pytest.raises(UnavailableError, match="404"):
        releases.fetch(Release(f"{url}/missing", f"{url}/missing.sha256"), tmp_path / "got")
    releases.fetch(Release(f"{url}/tool", f"{url}/sums"), tmp_path / "got")


def test_once_nothing_answers_nothing_is_asked_again(site: tuple[str, Path], tmp_path: Path) -> None:
    url, directory = site
    (directory / "sums").write_text(SUM)
    releases = Releases()
    closed = "http://127.0.0.1:1"
    assert not releases.reaches(closed)
    with pytest.raises(UnavailableError, match=r"no internet \(127.0.0.1:1"):
        releases.fetch(Release(f"{url}/tool", f"{url}/sums"), tmp_path / "got")


def test_a_refusal_is_an_answer(site: tuple[str, Path]) -> None:
    assert Releases().reaches(f"{site[0]}/missing")
