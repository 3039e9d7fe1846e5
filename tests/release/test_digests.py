"""`make image-digests` writes what the registries say, or nothing."""

from __future__ import annotations

import re
import runpy
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from prepull import defaults
from prepull.images.references import Reference, parse

from release.__main__ import main
from release.digests import FILES

from ..blocks import ROOT
from ..unit.images.registry.fake_registry import FakeRegistry, running

IMAGES = {name: parse(value) for name, value in vars(defaults).items() if name.endswith("_IMAGE")}
BOTH = {"linux/amd64": {"a": 1}, "linux/arm64": {"b": 1}}


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeRegistry]:
    """A registry with every default image, and no Docker configuration of the user's."""
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    monkeypatch.delenv("DOCKER_AUTH_CONFIG", raising=False)
    with running() as made:
        for image in IMAGES.values():
            push(made, image, "v1")
        yield made


def push(registry: FakeRegistry, image: Reference, content: str) -> str:
    platforms = {platform: {f"{content}-{name}": 1 for name in layers} for platform, layers in BOTH.items()}
    return registry.push_platforms(image.repository, str(image.tag), platforms)


@pytest.fixture
def checkout(tmp_path: Path, registry: FakeRegistry) -> Path:
    """The checkout's files, with the registry in the place of the public ones."""
    root = tmp_path / "checkout"
    for file in FILES:
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / file, root / file)
        text = (root / file).read_text("utf-8")
        (root / file).write_text(re.sub(r"docker\.io|registry\.k8s\.io", registry.address, text), "utf-8")
    return root


def named(root: Path) -> dict[str, str]:
    """The default images of a checkout."""
    found = runpy.run_path(str(root / FILES[0]))
    return {name: value for name, value in found.items() if name.endswith("_IMAGE")}


def bases(root: Path) -> dict[str, str]:
    """What the puller image of a checkout is made from."""
    return dict(re.findall(r"^ARG (\w+)=(\S+)$", (root / FILES[1]).read_text("utf-8"), re.MULTILINE))


def digest(registry: FakeRegistry, image: Reference) -> str:
    index = registry.manifests[image.repository, str(image.tag)]
    return next(key for (_, key), value in registry.manifests.items() if value == index and key.startswith("sha256:"))


def test_every_default_image_gets_the_digest_of_its_index(checkout: Path, registry: FakeRegistry) -> None:
    assert main(["digests"], checkout) == 0

    wanted = {
        name: f"{registry.address}/{image.repository}:{image.tag}@{digest(registry, image)}"
        for name, image in IMAGES.items()
    }
    assert len(wanted) == 5
    assert named(checkout) == wanted
    assert bases(checkout) == {name: wanted[name] for name in bases(ROOT)}


def test_what_is_written_is_a_reference_that_the_component_takes(checkout: Path) -> None:
    assert main(["digests"], checkout) == 0

    for name, image in named(checkout).items():
        assert str(parse(image)) == image
        assert parse(image).tag == IMAGES[name].tag


def test_a_tag_that_has_moved_gets_its_new_digest(checkout: Path, registry: FakeRegistry) -> None:
    assert main(["digests"], checkout) == 0
    before = named(checkout)
    moved = push(registry, IMAGES["K3S_IMAGE"], "v2")

    assert main(["digests"], checkout) == 0

    after = named(checkout)
    assert after["K3S_IMAGE"].endswith(f":{IMAGES['K3S_IMAGE'].tag}@{moved}")
    assert {name for name in after if after[name] != before[name]} == {"K3S_IMAGE"}


def test_a_second_run_changes_nothing(checkout: Path) -> None:
    assert main(["digests"], checkout) == 0
    written = {file: (checkout / file).read_bytes() for file in FILES}

    assert main(["digests"], checkout) == 0

    assert {file: (checkout / file).read_bytes() for file in FILES} == written


@pytest.mark.parametrize("fault", ["no tag", "no index", "one platform"])
def test_where_an_image_has_none_nothing_is_written(
    checkout: Path, registry: FakeRegistry, fault: str, capsys: pytest.CaptureFixture[str]
) -> None:
    image = IMAGES["PAUSE_IMAGE"]
    name = f"{registry.address}/{image.repository}:{image.tag}"
    if fault == "no tag":
        del registry.manifests[image.repository, str(image.tag)]
        reason = f"{name}: manifest unknown"
    elif fault == "no index":
        registry.push_manifest(image.repository, str(image.tag), {"a": 1})
        reason = f"{name}: its digest is not for linux/amd64, linux/arm64"
    else:
        registry.push_platforms(image.repository, str(image.tag), {"linux/amd64": {"a": 1}})
        reason = f"{name}: its digest is not for linux/arm64"
    before = {file: (checkout / file).read_bytes() for file in FILES}

    assert main(["digests"], checkout) == 1

    assert reason in capsys.readouterr().err
    assert {file: (checkout / file).read_bytes() for file in FILES} == before


def test_the_checkout_names_tags_alone() -> None:
    """On the lab's nodes, images of the same names have other digests."""
    assert [image for image in [*named(ROOT).values(), *bases(ROOT).values()] if "@" in image] == []
