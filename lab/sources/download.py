"""Downloads official releases from the sites of their projects."""

from __future__ import annotations

import contextlib
import hashlib
import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

from lab.errors import LabError
from lab.sources.source import UnavailableError
from lab.sources.web import BrokenError, RefusedError, UnreachableError, Web, chunks, filename

if TYPE_CHECKING:
    import http.client
    from collections.abc import Callable
    from pathlib import Path

T = TypeVar("T")

PAUSES = (1.0, 4.0)
"""Seconds between the tries: there is one try more than pauses."""
LONGEST_PAUSE = 30.0
"""Seconds. A site that asks for a longer pause is given up."""
_LONGEST_LISTING = 1 << 20


@dataclass(frozen=True)
class Release:
    """A file that a project publishes, and the URL of its SHA-256."""

    url: str
    checksum_url: str

    @property
    def filename(self) -> str:
        """The name of the file in a list of checksums."""
        return filename(self.url)


class Releases:
    """Downloads releases. What a site may do better the next time is tried three times.

    Args:
        web: opens the URLs.
        sleep: waits for some seconds.
        clock: the time, for sites that name the moment at which they answer again.
    """

    def __init__(
        self,
        web: Web | None = None,
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._web = web or Web()
        self._sleep = sleep
        self._clock = clock

    def fetch(self, release: Release, destination: Path, progress: Callable[[str], None] = lambda _: None) -> None:
        """Download the file, and keep it only if it has the published checksum.

        Args:
            release: the file.
            destination: the path under which it is kept.
            progress: is told how much of the file is there.

        Raises:
            UnavailableError: the file cannot be downloaded.
            LabError: the file has another checksum.
        """
        expected = self._expected(release)
        part = _Part(destination)
        self._patiently(lambda: self._receive(release.url, part, progress))
        actual = _sha256(destination)
        if actual != expected:
            destination.unlink()
            raise LabError(
                f"{release.url} has the SHA-256 {actual}, "
                f"but {release.checksum_url} says {expected}: "
                "something between here and there changed it. Try again, or from another network."
            )

    def reaches(self, url: str) -> bool:
        """Whether the site answers, even with an error."""
        try:
            self._patiently(lambda: self._answers(url))
        except (UnreachableError, BrokenError):
            return False
        return True

    def _answers(self, url: str) -> None:
        with contextlib.suppress(RefusedError):
            self._web.open(url, {}).close()

    def _expected(self, release: Release) -> str:
        listing = self._patiently(lambda: self._listing(release.checksum_url))
        for line in listing.splitlines():
            checksum, _, name = line.strip().partition(" ")
            # A list has file names, some with a marker of binary mode. A file with one checksum may have no name.
            if name.strip().lstrip("*").rsplit("/", 1)[-1] in ("", release.filename) and len(checksum) == 64:
                return checksum.lower()
        raise UnavailableError(f"{release.checksum_url} has no checksum for {release.filename}")

    def _listing(self, url: str) -> str:
        content = b""
        with self._web.open(url, {}) as response:
            for chunk in chunks(url, response):
                content += chunk
                if len(content) > _LONGEST_LISTING:
                    break
        return content.decode("ascii", errors="replace")

    def _receive(self, url: str, part: _Part, progress: Callable[[str], None]) -> None:
        """Receive the file, or what is missing of it."""
        try:
            response = self._web.open(url, part.request)
        except RefusedError as error:
            if error.code != 416 or not part.size:
                raise
            part.size = 0
            response = self._web.open(url, part.request)
        with response:
            part.begin(response)
            length = response.headers.get("Content-Length")
            of = f" of {(part.size + int(length)) / 1e6:.0f}" if length else ""
            with part.path.open("ab") as file:
                file.truncate(part.size)
                for chunk in chunks(url, response):
                    file.write(chunk)
                    part.size += len(chunk)
                    progress(f"{part.size / 1e6:.0f}{of} MB")

    def _patiently(self, act: Callable[[], T]) -> T:
        """Try it again after each pause, as long as the next try may do better."""
        for pause in PAUSES:
            try:
                return act()
            except RefusedError as error:
                if not error.passing:
                    raise
                asked = self._asked(error.retry_after)
                if asked is not None and asked > LONGEST_PAUSE:
                    raise UnavailableError(f"{error}, and asks for a pause of {asked:.0f} s") from error
                self._sleep(pause if asked is None else asked)
            except BrokenError:
                self._sleep(pause)
        try:
            return act()
        except BrokenError as error:
            if error.silent:
                self._web.avoid(error.host, error.reason)
            raise

    def _asked(self, retry_after: str) -> float | None:
        """The seconds that a site asks to wait: it names them, or a date. None if it does not ask."""
        if retry_after.strip().isdecimal():
            return float(retry_after)
        try:
            return max(0.0, parsedate_to_datetime(retry_after).timestamp() - self._clock())
        except (TypeError, ValueError):
            return None


@dataclass
class _Part:
    """The beginning of a file that is being downloaded."""

    path: Path
    size: int = 0
    etag: str = ""

    @property
    def request(self) -> dict[str, str]:
        """The headers that ask for the rest, or for everything if the file has changed since."""
        if not self.size:
            return {}
        return {"Range": f"bytes={self.size}-", **({"If-Range": self.etag} if self.etag else {})}

    def begin(self, response: http.client.HTTPResponse) -> None:
        """Keep what is there if the answer continues it. Otherwise the answer is the whole file.

        Raises:
            BrokenError: the answer is another part of the file.
        """
        etag = response.headers.get("ETag", "")
        # A weak one says nothing about bytes.
        self.etag = "" if etag.startswith("W/") else etag
        expected, self.size = self.size, 0
        if response.status == 206:
            if not response.headers.get("Content-Range", "").startswith(f"bytes {expected}-"):
                raise BrokenError(urlsplit(response.url).netloc, "another part than asked for", silent=False)
            self.size = expected


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()
