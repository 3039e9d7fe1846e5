"""disk.awk: whether there is room for a pull, and what it says if there is none."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from .... import programs
from .conftest import Awk

HEAD = "Filesystem           1024-blocks    Used Available Capacity Mounted on"
GIB = 1 << 20

# What is free of 100 GiB, what is to stay free, what it takes, what is reserved; what is said.
CASES = {
    (int(3.19 * GIB), 20 * GIB, 0, 0): "disk: 3.1 GiB free, 20 GiB are to stay free",
    (20 * GIB, 20 * GIB, 0, 0): None,
    (20 * GIB - 1, 20 * GIB, 0, 0): "disk: 19.9 GiB free, 20 GiB are to stay free",
    (25 * GIB, 20 * GIB, 5 * GIB, 0): None,
    (25 * GIB, 20 * GIB, 5 * GIB + 1, 0): "disk: 25 GiB free, 20 GiB are to stay free, it needs 5 GiB",
    (25 * GIB, 20 * GIB, 3 * GIB, 3 * GIB): "disk: 25 GiB free, 20 GiB are to stay free, it needs 3 GiB",
    (25 * GIB, 20 * GIB, 3 * GIB, 2 * GIB): None,
    (300 << 10, 512 << 10, 0, 0): "disk: 300 MiB free, 512 MiB are to stay free",
    (0, 1, 0, 0): "disk: 0 MiB free, 0 MiB are to stay free",
    (12 * GIB + GIB // 2, "15%", 0, 0): "disk: 12.5 % free, 15 % are to stay free",
    (15 * GIB, "15%", 0, 0): None,
    (15 * GIB - 1, "15%", 0, 0): "disk: 14.9 % free, 15 % are to stay free",
    (16 * GIB, "15%", 2 * GIB, 0): "disk: 16 % free, 15 % are to stay free, it needs 2 GiB",
    (0, 20 * GIB, 80 * GIB, 0): "disk: 0 MiB free, 20 GiB are to stay free, it needs 80 GiB",
    # More than the whole disk can hold, however much of it is free.
    (95 * GIB, 20 * GIB, 80 * GIB + 1, 0): "disk: too small: 100 GiB in all, 20 GiB are to stay free, it needs 80 GiB",
    (95 * GIB, "15%", 90 * GIB, 0): "disk: too small: 100 GiB in all, 15 % are to stay free, it needs 90 GiB",
    (95 * GIB, "15%", 85 * GIB, 15 * GIB): "disk: 95 % free, 15 % are to stay free, it needs 85 GiB",
}


@pytest.mark.parametrize("case", CASES)
def test_whether_there_is_room(awk: Awk, case: tuple[int, int | str, int, int]) -> None:
    free, keep, needed, reserved = case
    text = f"{HEAD}\noverlay {100 * GIB} {100 * GIB - free} {free} 1% /\n"
    said = CASES[case]
    assert awk.run("disk.awk", text, keep=keep, needed=needed, reserved=reserved) == ([said] if said else [])


def test_disks_of_any_size_are_compared_exactly(awk: Awk) -> None:
    text = f"{HEAD}\noverlay {1 << 50} 1 {(1 << 50) - 1} 1% /\n"
    assert awk.run("disk.awk", text, keep=(1 << 50) - 1, needed=0, reserved=0) == []
    assert awk.run("disk.awk", text, keep=1 << 50, needed=0, reserved=0) != []


def test_a_name_of_a_disk_may_have_a_space(awk: Awk) -> None:
    assert awk.run("disk.awk", f"{HEAD}\n//server/my disk 1000 600 400 60% /\n", keep=400, needed=0, reserved=0) == []


@pytest.mark.parametrize(
    "text", ["", HEAD, "df: not found", f"{HEAD}\ndf: /: Permission denied", f"{HEAD}\nnone 0 0 0 - /"]
)
def test_what_does_not_tell_is_no_room(awk: Awk, text: str) -> None:
    [said] = awk.run("disk.awk", text, keep=1, needed=0, reserved=0)
    assert said.startswith("disk: df does not tell what is free: ")


@pytest.mark.parametrize("df", [["df"], [str(programs.path("busybox")), "df"]], ids=["df", "busybox"])
def test_it_reads_what_every_df_says_of_a_real_disk(awk: Awk, df: list[str], tmp_path: Path) -> None:
    printed = subprocess.run([*df, "-P", "-k", str(tmp_path)], capture_output=True, text=True, check=True).stdout
    disk = os.statvfs(tmp_path)
    free = disk.f_bavail * disk.f_frsize >> 10
    # Others write to it meanwhile.
    assert awk.run("disk.awk", printed, keep=free // 2, needed=0, reserved=0) == []
    assert awk.run("disk.awk", printed, keep=free // 2, needed=free, reserved=0) != []
