"""Stand-ins of the size of the public images: what a node downloads, and what it unpacks.

A stand-in has the same programs as the public image, but less beside them. How long a node waits for it would then tell
nothing about the public one.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lab.images.oci import Blob, File, Gzipped, extended
from lab.package import BUSYBOX_IMAGE, DOCKER_IMAGE, K3S_IMAGE, PAUSE_IMAGE, PYTHON_IMAGE
from lab.sources.cache import fingerprint

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from lab.images.oci import Image
    from lab.sources.cache import Cache


@dataclass(frozen=True)
class Size:
    """The size of a public image for amd64 in bytes, and where it is published."""

    compressed: int
    unpacked: int
    source: str


_REPO_INFO = "https://github.com/docker-library/repo-info/blob/master/repos"

SIZES = {
    # Docker Hub's list of sizes is no source that can be cited: it changes. The release's program contains the files of
    # the image, with a better compression than an image's; Alpine's package has the largest of them.
    K3S_IMAGE: Size(
        81_277_090,
        214_600_000,
        "https://github.com/k3s-io/k3s/pull/14509 (the program of 1.37, 77.5 MiB), and "
        "https://pkgs.alpinelinux.org/package/v3.23/community/ppc64le/k3s (1.34 installed, 204.7 MiB): at least",
    ),
    # There for 3.13.15 on Alpine 3.24.
    PYTHON_IMAGE: Size(
        16_906_875, 45_580_000, f"{_REPO_INFO}/python/remote/3.13-alpine.md, {_REPO_INFO}/python/local/3.13-alpine.md"
    ),
    DOCKER_IMAGE: Size(
        65_831_484, 168_240_000, f"{_REPO_INFO}/docker/remote/29-cli.md, {_REPO_INFO}/docker/local/29-cli.md"
    ),
    BUSYBOX_IMAGE: Size(
        871_090, 1_510_000, f"{_REPO_INFO}/busybox/remote/1.37-musl.md, {_REPO_INFO}/busybox/local/1.37.0-musl.md"
    ),
    # Those of its predecessors 3.6 and 3.1.
    PAUSE_IMAGE: Size(
        301_000,
        746_000,
        "https://github.com/k3s-io/k3s/issues/11557, https://github.com/kubernetes/minikube/pull/3631",
    ),
}
"""The public images that stand-ins replace. A stand-in whose programs are larger than all of the public image has no
padding."""

_SAMPLE = 1 << 20
_PADDING = "/usr/share/lab/padding"


def sized(image: Image, size: Size, cache: Cache) -> Image:
    """The image with compressed layers, and with a file in the last one that makes it as large as a public image.

    Args:
        image: an image whose layers are bytes.
        size: the size to have.
        cache: keeps the compressed layers, since each `make up` of an empty registry needs them.
    """
    layers = [content for content in image.layers if isinstance(content, bytes)]
    directory = cache.entry(
        "stand-in",
        fingerprint(*layers, repr(size), _PADDING),
        lambda empty: _write(empty, _filled(layers, size)),
    )
    diff_ids = json.loads((directory / "diff-ids.json").read_text())
    return replace(image, layers=tuple(Gzipped(directory / str(at), each) for at, each in enumerate(diff_ids)))


def _write(directory: Path, layers: Sequence[Gzipped]) -> None:
    for at, each in enumerate(layers):
        if isinstance(each.content, bytes):
            (directory / str(at)).write_bytes(each.content)
    (directory / "diff-ids.json").write_text(json.dumps([each.diff_id for each in layers]))


def _filled(layers: Sequence[bytes], size: Size) -> list[Gzipped]:
    compressed = [Gzipped.of(content) for content in layers]
    missing = size.unpacked - sum(len(content) for content in layers)
    content = padding(missing, size.compressed - sum(Blob("", each.content).size for each in compressed), size.source)
    if content:
        compressed[-1] = Gzipped.of(extended(layers[-1], _PADDING, File(content)))
    return compressed


def padding(unpacked: int, compressed: int, seed: str) -> bytes:
    """Bytes of one length that compression makes another length of.

    Most are of so few values that gzip makes a few bits of each, as it does of programs: it takes the processor as long
    to unpack them. The others are noise, which no compression makes smaller.

    Args:
        unpacked: how many bytes.
        compressed: how many after gzip. If there are no fewer than `unpacked`, all are noise.
        seed: the same seed gives the same bytes.
    """
    if compressed <= 0:
        return b""
    length = max(unpacked, compressed)
    drawn = hashlib.shake_128(seed.encode()).digest(length)
    # By how much gzip makes each kind smaller, as a sample of it shows.
    made = {bits: len(gzip.compress(_few(drawn[:_SAMPLE], bits), 1)) / len(drawn[:_SAMPLE]) for bits in range(8)}
    share = compressed / length
    bits = max((bits for bits, rate in made.items() if rate <= share), default=0)
    noise = round(length * max(0.0, share - made[bits]) / (1 - made[bits]))
    return drawn[:noise] + _few(drawn[noise:], bits)


def _few(drawn: bytes, bits: int) -> bytes:
    """The same number of bytes, of 2 to the power of `bits` values."""
    return drawn.translate(bytes(value % (1 << bits) for value in range(256)))
