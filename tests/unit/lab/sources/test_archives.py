import contextlib
import io
import os
import tarfile
from pathlib import Path
from typing import Literal

import pytest

from lab.errors import LabError
from lab.sources.archives import unpack


@pytest.fixture(params=["with filters", "without filters"], autouse=True)
def filters(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Python 3.11.2, which Debian 12 has, knows no filters."""
    if request.param == "without filters":
        for name in ("data_filter", "tar_filter"):
            monkeypatch.delattr(tarfile, name, raising=False)


def member(name: str, *, link: str = "", mode: int = 0o644) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.mode = mode
    # Whoever made the archive is nobody here.
    info.uid = info.gid = 12345
    content = b"" if link else b"content"
    info.size = len(content)
    if link:
        info.type, info.linkname = tarfile.SYMTYPE, link
    return info, content


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return tmp_path / "release.tar.gz"


def write(archive: Path, *members: tuple[tarfile.TarInfo, bytes]) -> None:
    with tarfile.open(archive, "w:gz") as file:
        for info, content in members:
            file.addfile(info, io.BytesIO(content))


def test_a_release_belongs_to_whoever_unpacked_it(archive: Path, tmp_path: Path) -> None:
    write(archive, member("bin/tool", mode=0o755), member("bin/link", link="tool"))
    unpack(archive, tmp_path / "to")
    tool, link = tmp_path / "to/bin/tool", tmp_path / "to/bin/link"
    assert tool.read_bytes() == link.read_bytes() == b"content"
    assert os.access(tool, os.X_OK)
    assert {path.lstat().st_uid for path in (tool, link)} == {os.getuid()}
    assert not archive.exists()


@pytest.mark.parametrize("kind", ["data", "tar"])
def test_nothing_ends_outside_the_directory(kind: Literal["data", "tar"], archive: Path, tmp_path: Path) -> None:
    write(archive, member("../outside"), member(f"{tmp_path}/outside"))
    # Some refuse the archive, and some put the files into the directory.
    with contextlib.suppress(LabError):
        unpack(archive, tmp_path / "to", kind=kind)
    assert not (tmp_path / "outside").exists()


def test_a_root_file_system_may_have_links_to_absolute_paths(archive: Path, tmp_path: Path) -> None:
    write(archive, member("etc/mtab", link="/proc/mounts"))
    unpack(archive, tmp_path / "root", kind="tar")
    assert (tmp_path / "root/etc/mtab").readlink() == Path("/proc/mounts")


def test_a_broken_archive_is_told_in_a_sentence(archive: Path, tmp_path: Path) -> None:
    archive.write_bytes(b"no archive")
    with pytest.raises(LabError):
        unpack(archive, tmp_path / "to")
