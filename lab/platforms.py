"""Platforms of programs, by the names that Go and most releases use."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from pathlib import Path

_ARCHITECTURES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


@dataclass(frozen=True)
class Platform:
    """An operating system and an architecture."""

    os: str
    arch: str

    @classmethod
    def host(cls) -> Platform:
        """This machine, which runs the tools."""
        machine = platform.machine().lower()
        return cls(platform.system().lower(), _ARCHITECTURES.get(machine, machine))

    @classmethod
    def nodes(cls) -> Platform:
        """The cluster's nodes: Linux on this machine's architecture, on every operating system."""
        return cls("linux", cls.host().arch)

    def __str__(self) -> str:
        return f"{self.os}/{self.arch}"


def has_cgroup_v2() -> bool:
    """Whether this machine, and with it each of its containers, has version 2 of control groups."""
    return Path("/sys/fs/cgroup/cgroup.controllers").exists()
