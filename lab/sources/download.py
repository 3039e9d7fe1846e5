"""Downloads official releases from the sites of their projects."""

from __future__ import annotations

import hashlib
import http.client
import shutil
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from lab.errors import LabError
from lab.sources.source import UnavailableError

if TYPE_CHECKING:
    from pathlib import Path

CONNECT_SECONDS = 5.0


@dataclass(frozen=True)
class Release:
    """A file that a project publishes, and the URL of its SHA-256."""

    url: str
    checksum_url: str

    @property
    def filename(self) -> str:
        """The name of the file in a list of checksums."""
        return self.url.rsplit("/", 1)[-1]


class Releases:
    """Downloads releases. If one site cannot be reached, it tries no other: each attempt would wait for its timeout."""

    def __init__(self) -> None:
        self._offline = ""

    def fetch(self, release: Release, destination: Path) -> None:
        """Download the file, and keep it only if it has the published checksum.

        Raises:
            UnavailableError: the file cannot be downloaded.
            LabError: the file has another checksum.
        """
        expected = self._expected(release)
        digest = hashlib.sha256()
        with self._open(release.url) as response, destination.open("wb") as file:
            while chunk := response.read(1 << 20):
                digest.update(chunk)
                file.write(chunk)
        if digest.hexdigest() != expected:
            destination.unlink()
            raise LabError(
                f"{release.url} has the SHA-256 {digest.hexdigest()}, "
                f"but {release.checksum_url} says {expected}: "
                "something between here and there changed it. Try again, or from another network."
            )

    def reaches(self, url: str) -> bool:
        """Whether the site answers, even with an error."""
        try:
            self._open(url).close()
        except UnavailableError:
            return not self._offline
        return True

    def _expected(self, release: Release) -> str:
        with self._open(release.checksum_url) as response:
            listing = response.read(1 << 20).decode("ascii", errors="replace")
        for line in listing.splitlines():
            checksum, _, name = line.strip().partition(" ")
            # A list has file names, some with a marker of binary mode. A file with one checksum may have no name.
            if name.strip().lstrip("*").rsplit("/", 1)[-1] in ("", release.filename) and len(checksum) == 64:
                return checksum.lower()
        raise UnavailableError(f"{release.checksum_url} has no checksum for {release.filename}")

    def _open(self, url: str) -> IO[bytes]:
        if self._offline:
            raise UnavailableError(self._offline)
        try:
            response: IO[bytes] = urllib.request.urlopen(url, timeout=CONNECT_SECONDS)  # noqa: S310
        except urllib.error.HTTPError as error:
            error.close()
            raise UnavailableError(f"{url} answers {error.code}") from error
        except (OSError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", error)
            self._offline = f"no internet ({url.split('/')[2]}: {reason})"
            raise UnavailableError(self._offline) from error
        return response


def unpack(archive: Path, directory: Path) -> None:
    """Unpack a release's archive, and remove it."""
    shutil.unpack_archive(archive, directory)
    archive.unlink()
