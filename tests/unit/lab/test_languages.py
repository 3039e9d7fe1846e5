from pathlib import Path
from typing import Any

import pytest

from lab.checkout import Checkout
from lab.console import Console
from lab.errors import LabError
from lab.sources import pypi
from lab.sources.cache import Cache
from lab.sources.download import Releases
from lab.sources.golang import Go
from lab.sources.source import UnavailableError
from lab.sources.workshop import Workshop
from lab.tools import language_hosts, node

HOSTS = [f"pulumi-language-{language}" for language in ("nodejs", "go", "java", "yaml")]


@pytest.fixture
def workshop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workshop:
    """A workshop on a machine that reaches nothing."""

    def unreachable(*_: Any) -> None:
        raise UnavailableError("no internet")

    monkeypatch.setattr(Releases, "fetch", unreachable)
    monkeypatch.setattr(pypi, "install", unreachable)
    cache = Cache(tmp_path / "cache")
    return Workshop(cache, Console(), Releases(), Go(Checkout.of_this_file().go, cache, Console()))


def a_node(directory: Path, version: str, *programs: str) -> Path:
    directory.mkdir()
    for name in programs:
        (directory / name).write_text(f"#!/bin/sh\necho {version}\n")
        (directory / name).chmod(0o755)
    return directory


def test_node_on_path_is_taken_with_its_npm(
    workshop: Workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = a_node(tmp_path / "bin", "v22.1.0", "node", "npm", "npx")
    monkeypatch.setenv("PATH", str(there))

    assert node.provide(workshop) == [there / "node", there / "npm", there / "npx"]


@pytest.mark.parametrize(("version", "programs"), [("v18.19.0", ("node", "npm", "npx")), ("v22.1.0", ("node",))])
def test_a_node_that_is_too_old_or_has_no_npm_is_none(
    version: str, programs: tuple[str, ...], workshop: Workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(a_node(tmp_path / "node", version, *programs)))

    with pytest.raises(
        LabError, match=r"^There is no way to get Node\.js here\. on PATH: .*; PyPI's .*: no internet\.$"
    ):
        node.provide(workshop)


def test_a_release_of_the_engine_has_its_hosts_beside_it(workshop: Workshop, tmp_path: Path) -> None:
    directory = tmp_path / "release"
    directory.mkdir()
    for name in ("pulumi", *HOSTS):
        (directory / name).touch()
    linked = tmp_path / "pulumi"
    linked.symlink_to(directory / "pulumi")

    assert language_hosts.provide(workshop, linked) == [directory / name for name in HOSTS]
