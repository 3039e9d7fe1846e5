import io
import json
import tarfile
from pathlib import Path

import pytest

from lab.images.oci import Directory, File, Image, Index, Link, layer, noise, write_archive
from lab.platforms import Platform

AMD64 = Platform("linux", "amd64")


def test_a_layer_has_its_entries_and_the_directories_that_lead_to_them() -> None:
    content = layer({"/a/b/file": File(b"text", 0o755), "/a/link": Link("b/file"), "/var": Directory(0o1777)})
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        members = {member.name: member for member in archive.getmembers()}
        assert list(members) == ["a", "a/b", "a/b/file", "a/link", "var"]
        assert members["a/b"].isdir()
        assert members["a/link"].linkname == "b/file"
        assert (members["var"].mode, members["a/b/file"].mode) == (0o1777, 0o755)


def test_the_same_image_has_the_same_digest_whatever_the_clock_and_the_order() -> None:
    one = Image((layer({"/a": File(b"1"), "/b": File(b"2")}),), entrypoint=("/a",), platform=AMD64)
    other = Image((layer({"/b": File(b"2"), "/a": File(b"1")}),), entrypoint=("/a",), platform=AMD64)
    assert one.digest == other.digest
    # Held here because a changed digest would be a changed image for everyone who pinned it.
    assert one.digest == "sha256:c512ccb65d5fc7836401b1f70af9cafee9f56024e13b385d6818f1c2390a12bd"


def test_a_layer_from_a_file_is_the_layer_from_its_bytes(tmp_path: Path) -> None:
    content = layer({"/a": File(b"1")})
    (tmp_path / "layer.tar").write_bytes(content)
    assert Image((tmp_path / "layer.tar",)).digest == Image((content,)).digest


@pytest.mark.parametrize("difference", [{"command": ("/b",)}, {"user": "1000"}, {"labels": {"a": "b"}}])
def test_another_configuration_is_another_image(difference: dict[str, object]) -> None:
    layers = (layer({}),)
    assert Image(layers).digest != Image(layers, **difference).digest  # type: ignore[arg-type]


def test_an_index_names_each_platform() -> None:
    images = tuple(Image((layer({}),), platform=Platform("linux", arch)) for arch in ("amd64", "arm64"))
    manifest = json.loads(Index(images).manifest.open().read())
    assert [entry["platform"]["architecture"] for entry in manifest["manifests"]] == ["amd64", "arm64"]
    assert [entry["digest"] for entry in manifest["manifests"]] == [image.digest for image in images]


def test_an_archive_has_shared_layers_once() -> None:
    shared = layer({"/shared": noise(1000, "seed")})
    images = [("a:1", Image((shared,))), ("b:1", Image((shared, layer({"/own": File(b"")}))))]
    buffer = io.BytesIO()
    write_archive(buffer, images)
    buffer.seek(0)
    with tarfile.open(fileobj=buffer) as archive:
        names = archive.getnames()
        manifest = archive.extractfile("manifest.json")
        assert manifest is not None
        entries = json.load(manifest)
    assert len(names) == len(set(names)) == 5
    assert [entry["RepoTags"] for entry in entries] == [["a:1"], ["b:1"]]
    assert entries[0]["Layers"][0] == entries[1]["Layers"][0]


def test_noise_is_as_long_as_asked_and_follows_its_seed() -> None:
    assert len(noise(12345, "a").read()) == 12345
    assert noise(100, "a") == noise(100, "a") != noise(100, "b")
