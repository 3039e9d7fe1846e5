"""What images weigh: reads manifests, adds up layers, and tells it in a few lines. No I/O.

The weight of an image is that of what a node pulls: the layers and the configuration of the node's platform, as the
registry has them, compressed (https://github.com/opencontainers/image-spec/blob/main/manifest.md).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .registry.failures import Unresolved

Blobs = Mapping[str, int]
"""Sizes in bytes, by digest: what one platform's image consists of."""
Weight = Mapping[str, Blobs]
"""The blobs of an image by platform, such as "linux/amd64". An image without an index tells none: it has the key ANY
alone."""
ANY = ""

# Most nodes are of these. The others' images weigh about the same, and to ask for each costs a request.
_COMMON = ("linux/amd64", "linux/arm64")
_UNITS = ("B", "kB", "MB", "GB", "TB")
_STEP = 1000


class UntoldError(Exception):
    """The manifests of an image do not tell what it weighs; the message says why."""


def weight(manifest: Callable[[str], Any], digest: str) -> Weight:
    """What an image weighs on amd64 and arm64; if its index has neither, on every platform of Linux.

    Args:
        manifest: gets a digest, and returns the manifest or the index as JSON.
        digest: that of the image.

    Raises:
        UntoldError: the manifests do not tell.
    """
    first = manifest(digest)
    entries = _list(first, "manifests")
    if entries is None:
        return {ANY: _blobs(first)}
    found: dict[str, str] = {}
    for entry in entries:
        platform = entry.get("platform") if isinstance(entry, Mapping) else None
        if isinstance(platform, Mapping) and platform.get("os") == "linux" and isinstance(entry.get("digest"), str):
            found.setdefault(f"linux/{platform.get('architecture')}", entry["digest"])
    chosen = {name: found[name] for name in _COMMON if name in found} or found
    if not chosen:
        raise UntoldError("its index has no image for Linux")
    return {name: _blobs(manifest(each)) for name, each in chosen.items()}


def largest(weighed: Weight) -> int:
    """The bytes of an image on the platform where it weighs most."""
    return max(sum(blobs.values()) for blobs in weighed.values())


def summary(weights: Mapping[str, Weight | Unresolved]) -> list[str]:
    """Lines that say what each image weighs, what several share, and what a node pulls in all.

    Args:
        weights: the weights by the images' names, or why one is not known.
    """
    known = {name: each for name, each in weights.items() if not isinstance(each, Unresolved)}
    platforms = sorted({platform for each in known.values() for platform in each if platform != ANY}) or [ANY]
    lines = [f"  - {name}: {_each(weights[name])}" for name in weights]
    if len(known) > 1:
        lines.extend(_sum(platform, known) for platform in platforms)
    return lines


def text(size: int) -> str:
    """A size for people, in powers of ten as registries show it: "13.3 kB"."""
    number, unit = float(size), 0
    while number >= _STEP and unit < len(_UNITS) - 1:
        number, unit = number / _STEP, unit + 1
    return f"{number:.1f} {_UNITS[unit]}" if unit else f"{size} B"


def _each(weighed: Weight | Unresolved) -> str:
    if isinstance(weighed, Unresolved):
        return f"not known: {weighed.reason}"
    parts = [(text(sum(blobs.values())), platform) for platform, blobs in weighed.items()]
    return ", ".join(f"{size} ({platform})" if platform else size for size, platform in parts)


def _sum(platform: str, known: Mapping[str, Weight]) -> str:
    """The sum for one platform. An image without an index counts for each; one that lacks the platform for none."""
    pulled = [blobs for each in known.values() if (blobs := each.get(platform, each.get(ANY))) is not None]
    together = {digest: size for blobs in pulled for digest, size in blobs.items()}
    times = Counter(digest for blobs in pulled for digest in blobs)
    shared = [digest for digest, number in times.items() if number > 1]
    once = f", of which {text(sum(together[digest] for digest in shared))} are shared by several" if shared else ""
    return f"  together {text(sum(together.values()))}{f' ({platform})' if platform else ''}{once}"


def _blobs(manifest: Any) -> Blobs:
    layers, config = _list(manifest, "layers"), manifest.get("config") if isinstance(manifest, Mapping) else None
    if layers is None:
        raise UntoldError("its manifest has no list of layers")
    return dict(_blob(item) for item in [*layers, *([config] if config else [])])


def _blob(item: Any) -> tuple[str, int]:
    digest, size = (item.get("digest"), item.get("size")) if isinstance(item, Mapping) else (None, None)
    if not isinstance(digest, str) or isinstance(size, bool) or not isinstance(size, int) or size < 0:
        raise UntoldError("its manifest does not tell the sizes of its layers")
    return digest, size


def _list(document: Any, key: str) -> Sequence[Any] | None:
    found = document.get(key) if isinstance(document, Mapping) else None
    return found if isinstance(found, list) else None
