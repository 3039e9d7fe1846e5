"""A Debian root file system with the packages that a node needs."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

from lab.process import run
from lab.sources import apt
from lab.sources.cache import fingerprint
from lab.sources.source import UnavailableError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from lab.console import Step
    from lab.sources.cache import Cache

DOCKER = {"bookworm": ("docker.io",), "trixie": ("docker.io", "docker-cli")}
"""A Docker Engine with its client, by release. In bookworm both are one package."""

# kind's own list, less what only its optional snapshotter and storage classes need.
_OF_NODES = (
    "ca-certificates",
    "conntrack",
    "containernetworking-plugins",
    "curl",
    "e2fsprogs",
    "ethtool",
    "iproute2",
    "iptables",
    "jq",
    "kmod",
    "libseccomp2",
    "mount",
    "nftables",
    "pigz",
    "procps",
    "runc",
    "socat",
    "systemd",
    "systemd-sysv",
    "util-linux",
)

ARCHIVE = "rootfs.tar"


def require() -> None:
    """Check that this machine can make a root file system. Needs no network.

    Raises:
        UnavailableError: it cannot.
    """
    if os.geteuid() != 0:
        raise UnavailableError("debootstrap needs root: run this again as root")
    if shutil.which("debootstrap") is None and (refused := apt.refusal()):
        raise UnavailableError(f"there is no debootstrap, and the lab cannot install it ({refused})")


def packages_of_nodes(release: str) -> list[str]:
    """The packages that a node needs, with a Docker Engine."""
    return sorted((*_OF_NODES, *DOCKER[release]))


def provide(cache: Cache, step: Step, release: str, packages: Sequence[str]) -> Path:
    """An archive of a root file system with the smallest Debian of a release and some packages."""

    def fill(directory: Path) -> None:
        require()
        if shutil.which("debootstrap") is None:
            step.now("apt-get install debootstrap")
            apt.install(step.say, "debootstrap")
        step.now("debootstrap")
        root = directory / "root"
        run("debootstrap", "--variant=minbase", f"--include={','.join(packages)}", release, root)
        for leftovers in (
            "var/cache/apt",
            "var/lib/apt/lists",
            "var/log",
            "usr/share/doc",
            "usr/share/man",
            "usr/share/locale",
        ):
            shutil.rmtree(root / leftovers, ignore_errors=True)
            (root / leftovers).mkdir()
        run("tar", "--create", "--numeric-owner", "--file", directory / ARCHIVE, "--directory", root, ".")
        shutil.rmtree(root)

    return cache.entry("debian", fingerprint(release, *packages), fill) / ARCHIVE
