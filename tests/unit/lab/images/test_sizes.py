"""Stand-ins of the size of the public images."""

from __future__ import annotations

import gzip
import hashlib
import json
from pathlib import Path

import pytest
from prepull import defaults

from lab.images.oci import Directory, Image, layer, noise
from lab.images.sizes import SIZES, Size, padding, sized
from lab.sources.cache import Cache

SIZE = Size(compressed=400_000, unpacked=1_000_000, source="here")


def small() -> Image:
    return Image((layer({"/a": Directory()}), layer({"/b": noise(50_000, seed="b")})), command=("/b",))


def test_every_image_that_the_component_runs_by_default_has_its_public_size() -> None:
    assert set(SIZES) == {image for name, image in vars(defaults).items() if name.endswith("_IMAGE")}


@pytest.mark.parametrize(
    ("unpacked", "compressed"),
    [(3_000_000, 1_200_000), (1_000_000, 900_000), (1_000_000, 100_000), (1_000_000, 1_000_000)],
)
def test_padding_has_one_length_before_compression_and_another_one_after(unpacked: int, compressed: int) -> None:
    made = padding(unpacked, compressed, "seed")

    assert len(made) == unpacked
    assert len(gzip.compress(made, 1)) == pytest.approx(compressed, rel=0.02)


def test_padding_that_cannot_be_smaller_unpacked_is_as_large_as_its_download() -> None:
    assert len(padding(10, 1_000, "seed")) == 1_000


@pytest.mark.parametrize("compressed", [0, -1])
def test_there_is_no_padding_for_a_program_that_is_larger_than_the_public_image(compressed: int) -> None:
    assert padding(1_000, compressed, "seed") == b""


def test_a_stand_in_is_downloaded_and_unpacked_like_the_public_image(tmp_path: Path) -> None:
    made = sized(small(), SIZE, Cache(tmp_path))

    assert len(made.layers) == 2
    assert sum(blob.size for blob in made.layer_blobs) == pytest.approx(SIZE.compressed, rel=0.02)
    unpacked = [gzip.decompress(blob.open().read()) for blob in made.layer_blobs]
    assert sum(map(len, unpacked)) == pytest.approx(SIZE.unpacked, rel=0.02)
    config = json.loads(made.config.open().read())
    assert config["rootfs"]["diff_ids"] == [f"sha256:{hashlib.sha256(each).hexdigest()}" for each in unpacked]
    assert config["config"]["Cmd"] == ["/b"]
    manifest = json.loads(made.manifest.open().read())
    assert {each["mediaType"] for each in manifest["layers"]} == {"application/vnd.oci.image.layer.v1.tar+gzip"}


def test_a_stand_in_that_is_larger_keeps_its_content(tmp_path: Path) -> None:
    tiny = Size(compressed=10, unpacked=10, source="here")

    made = sized(small(), tiny, Cache(tmp_path))

    contents = small().layers
    assert [gzip.decompress(blob.open().read()) for blob in made.layer_blobs] == list(contents)


def test_it_is_compressed_once_for_the_same_content_and_size(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    first = sized(small(), SIZE, cache)
    kept = set(tmp_path.rglob("*"))

    assert sized(small(), SIZE, cache).digest == first.digest
    assert set(tmp_path.rglob("*")) == kept

    other = Image((layer({"/b": noise(50_000, seed="c")}),))
    assert sized(other, SIZE, cache).digest != first.digest


def test_the_page_of_the_lab_has_these_sizes() -> None:
    page = (Path(__file__).parents[4] / "docs" / "lab.md").read_text("utf-8")
    for image, size in SIZES.items():
        name = image.rpartition("/")[2]
        cells = f"| {size.compressed / 1e6:.1f} MB | {size.unpacked / 1e6:.1f} MB |"
        assert any(f"{name}`" in line and cells in line for line in page.splitlines()), image
