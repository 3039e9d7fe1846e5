"""Builds container images from data, without a Dockerfile or an engine. The digests are reproducible.

Layers are tar files. They are without compression, so that digests do not depend on the version of a library, unless
the size of a download matters. An image can be pushed to a registry (`lab.registry`), or written as an archive for
`docker load` and `ctr images import`.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from lab.platforms import Platform

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import IO

Dialect = Literal["oci", "docker"]

MEDIA_TYPES: dict[Dialect, dict[str, str]] = {
    "oci": {
        "manifest": "application/vnd.oci.image.manifest.v1+json",
        "index": "application/vnd.oci.image.index.v1+json",
        "config": "application/vnd.oci.image.config.v1+json",
        "layer": "application/vnd.oci.image.layer.v1.tar",
    },
    "docker": {
        "manifest": "application/vnd.docker.distribution.manifest.v2+json",
        "index": "application/vnd.docker.distribution.manifest.list.v2+json",
        "config": "application/vnd.docker.container.image.v1+json",
        "layer": "application/vnd.docker.image.rootfs.diff.tar",
    },
}

_GZIP: dict[Dialect, str] = {"oci": "+gzip", "docker": ".gzip"}

# A fixed time: two builds of the same image have the same digest.
EPOCH = "1970-01-01T00:00:00Z"


@dataclass(frozen=True)
class File:
    """A file in a layer. Its content is bytes, or a file of this machine."""

    content: bytes | Path
    mode: int = 0o644

    def read(self) -> bytes:
        """The file's bytes."""
        return self.content.read_bytes() if isinstance(self.content, Path) else self.content


@dataclass(frozen=True)
class Link:
    """A symbolic link in a layer."""

    target: str


@dataclass(frozen=True)
class Directory:
    """A directory in a layer. Only empty directories, or directories with a special mode, have to be listed."""

    mode: int = 0o755


Entry = File | Link | Directory


def program(path: Path) -> File:
    """An executable file, from a file of this machine."""
    return File(path, 0o755)


def noise(size: int, seed: str) -> File:
    """A file of `size` random bytes, which cannot be compressed. The same seed gives the same bytes."""
    return File(hashlib.shake_128(seed.encode()).digest(size))


@dataclass(frozen=True)
class Blob:
    """Bytes in memory or in a file, with their descriptor in a manifest."""

    media_type: str
    content: bytes | Path = field(repr=False)

    def open(self) -> IO[bytes]:
        """Open the bytes for reading."""
        return self.content.open("rb") if isinstance(self.content, Path) else io.BytesIO(self.content)

    @cached_property
    def size(self) -> int:
        """Number of bytes."""
        return self.content.stat().st_size if isinstance(self.content, Path) else len(self.content)

    @cached_property
    def digest(self) -> str:
        """The SHA-256 of the bytes, in the form of registries."""
        digest = hashlib.sha256()
        with self.open() as content:
            while chunk := content.read(1 << 20):
                digest.update(chunk)
        return f"sha256:{digest.hexdigest()}"

    @property
    def descriptor(self) -> dict[str, object]:
        """The descriptor of the bytes in a manifest."""
        return {"mediaType": self.media_type, "size": self.size, "digest": self.digest}


def layer(entries: Mapping[str, Entry]) -> bytes:
    """A layer with the entries, each under its absolute path, and with their parent directories."""
    wanted: dict[str, Entry] = {}
    for path, entry in entries.items():
        for parent in reversed(Path(path.lstrip("/")).parents):
            if str(parent) != ".":
                wanted.setdefault(str(parent), Directory())
        wanted[path.strip("/")] = entry
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        # Sorted: a directory must come before its content.
        for path in sorted(wanted):
            _add(archive, path, wanted[path])
    return buffer.getvalue()


def extended(content: bytes, path: str, file: File) -> bytes:
    """A layer with one more file at its end."""
    buffer = io.BytesIO(content)
    with tarfile.open(fileobj=buffer, mode="a", format=tarfile.PAX_FORMAT) as archive:
        _add(archive, path.strip("/"), file)
    return buffer.getvalue()


@dataclass(frozen=True)
class Gzipped:
    """A compressed layer, as those of public images are. `diff_id` is the digest of what is unpacked."""

    content: bytes | Path = field(repr=False)
    diff_id: str

    @classmethod
    def of(cls, content: bytes) -> Gzipped:
        """Compress a layer."""
        # The fastest level: what it leaves larger, the size of the whole image makes up for.
        return cls(gzip.compress(content, 1, mtime=0), f"sha256:{hashlib.sha256(content).hexdigest()}")


Layer = bytes | Path | Gzipped


def _add(archive: tarfile.TarFile, path: str, entry: Entry) -> None:
    info = tarfile.TarInfo(path)
    if isinstance(entry, File):
        content = entry.read()
        info.size, info.mode = len(content), entry.mode
        archive.addfile(info, io.BytesIO(content))
    elif isinstance(entry, Link):
        info.type, info.linkname, info.mode = tarfile.SYMTYPE, entry.target, 0o777
        archive.addfile(info)
    else:
        info.type, info.mode = tarfile.DIRTYPE, entry.mode
        archive.addfile(info)


@dataclass(frozen=True)
class Image:
    """An image for one platform."""

    layers: tuple[Layer, ...] = field(repr=False)
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    environ: Mapping[str, str] = field(default_factory=dict)
    user: str = ""
    stop_signal: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    platform: Platform = field(default_factory=Platform.nodes)
    dialect: Dialect = "oci"

    @cached_property
    def config(self) -> Blob:
        """The image's config, which a runtime needs to run it."""
        process: dict[str, object] = {}
        if self.entrypoint:
            process["Entrypoint"] = list(self.entrypoint)
        if self.command:
            process["Cmd"] = list(self.command)
        if self.environ:
            process["Env"] = [f"{name}={value}" for name, value in self.environ.items()]
        if self.user:
            process["User"] = self.user
        if self.stop_signal:
            process["StopSignal"] = self.stop_signal
        if self.labels:
            process["Labels"] = dict(self.labels)
        document = {
            "created": EPOCH,
            "architecture": self.platform.arch,
            "os": self.platform.os,
            "config": process,
            "rootfs": {"type": "layers", "diff_ids": self._diff_ids},
            "history": [{"created": EPOCH, "created_by": "lab"} for _ in self.layers],
        }
        return _document("config", self.dialect, document)

    @cached_property
    def layer_blobs(self) -> tuple[Blob, ...]:
        """Its layers as blobs for a registry."""
        return tuple(self._blob(content) for content in self.layers)

    def _blob(self, content: Layer) -> Blob:
        media_type = MEDIA_TYPES[self.dialect]["layer"]
        if isinstance(content, Gzipped):
            return Blob(media_type + _GZIP[self.dialect], content.content)
        return Blob(media_type, content)

    @property
    def _diff_ids(self) -> list[str]:
        """The digests of the layers before their compression."""
        return [
            content.diff_id if isinstance(content, Gzipped) else blob.digest
            for content, blob in zip(self.layers, self.layer_blobs, strict=True)
        ]

    @cached_property
    def manifest(self) -> Blob:
        """What a registry answers for it."""
        document = {
            "schemaVersion": 2,
            "mediaType": MEDIA_TYPES[self.dialect]["manifest"],
            "config": self.config.descriptor,
            "layers": [blob.descriptor for blob in self.layer_blobs],
        }
        return _document("manifest", self.dialect, document)

    @property
    def images(self) -> tuple[Image, ...]:
        """The image itself, for the common interface with `Index`."""
        return (self,)

    @property
    def digest(self) -> str:
        """The digest that pulls exactly this."""
        return self.manifest.digest


@dataclass(frozen=True)
class Index:
    """An image index: one name for the images of several platforms."""

    images: tuple[Image, ...]
    dialect: Dialect = "oci"

    @cached_property
    def manifest(self) -> Blob:
        """What a registry answers for it."""
        document = {
            "schemaVersion": 2,
            "mediaType": MEDIA_TYPES[self.dialect]["index"],
            "manifests": [
                {
                    **image.manifest.descriptor,
                    "platform": {"architecture": image.platform.arch, "os": image.platform.os},
                }
                for image in self.images
            ],
        }
        return _document("index", self.dialect, document)

    @property
    def digest(self) -> str:
        """The digest that pulls exactly this."""
        return self.manifest.digest


def write_archive(destination: IO[bytes], images: Sequence[tuple[str, Image]]) -> None:
    """Write the images, each under its full name, as one archive in the format of `docker save`.

    Layers that several images share are written once.
    """
    written: set[str] = set()
    entries: list[dict[str, object]] = []
    with tarfile.open(fileobj=destination, mode="w") as archive:
        for reference, image in images:
            config = f"{image.config.digest.removeprefix('sha256:')}.json"
            layers = [f"{blob.digest.removeprefix('sha256:')}.tar" for blob in image.layer_blobs]
            for name, blob in zip([config, *layers], [image.config, *image.layer_blobs], strict=True):
                if name not in written:
                    written.add(name)
                    info = tarfile.TarInfo(name)
                    info.size = blob.size
                    with blob.open() as content:
                        archive.addfile(info, content)
            entries.append({"Config": config, "RepoTags": [reference], "Layers": layers})
        _add(archive, "manifest.json", File(json.dumps(entries).encode()))


def _document(kind: str, dialect: Dialect, document: Mapping[str, object]) -> Blob:
    return Blob(MEDIA_TYPES[dialect][kind], json.dumps(document, separators=(",", ":")).encode())
