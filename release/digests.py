"""Pins the default images to the digests that their registries have for the tags: `make image-digests`.

The release workflow runs it, so that a released package and its puller image name every image by its digest. The
checkout names tags alone: on the lab's nodes, images of the same names come from the lab's own registry, with other
digests.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from prepull.images.references import Reference, parse
from prepull.images.registry.ask import resolve, weigh
from prepull.images.registry.failures import Unresolved

PLATFORMS = ("linux/amd64", "linux/arm64")
"""Platforms that every default image must have."""
FILES = (Path("components/prepull/defaults.py"), Path("images/puller/Dockerfile"))
"""Files that name the default images. The first one decides which images these are."""

_IN_PYTHON = re.compile(r'^(?P<before>(?P<name>\w+_IMAGE) = ")(?P<image>[^"]+)(?=")', re.MULTILINE)
_IN_DOCKERFILE = re.compile(r"^(?P<before>ARG (?P<name>\w+_IMAGE)=)(?P<image>\S+)$", re.MULTILINE)


class DigestError(Exception):
    """An image cannot be pinned; the message names each such image with the reason."""


def pin(root: Path) -> dict[str, str]:
    """Write the digests into FILES, behind the tags. Unless every image has one, nothing is written.

    Args:
        root: the checkout.

    Returns:
        The images by the names of their constants, now with digests.

    Raises:
        DigestError: a registry does not answer, or an image is not for every platform.
    """
    text = (root / FILES[0]).read_text("utf-8")
    pinned = _pinned({found["name"]: parse(found["image"]) for found in _IN_PYTHON.finditer(text)})
    for file in FILES:
        path = root / file
        path.write_text(_written(path.read_text("utf-8"), pinned), "utf-8")
    return pinned


def _written(text: str, pinned: Mapping[str, str]) -> str:
    for pattern in (_IN_PYTHON, _IN_DOCKERFILE):
        text = pattern.sub(lambda found: found["before"] + pinned[found["name"]], text)
    return text


def _pinned(images: Mapping[str, Reference]) -> dict[str, str]:
    # An earlier digest goes: the tag may have moved.
    tagged = {name: replace(image, digest=None) for name, image in images.items()}
    found = dict(zip(tagged, resolve(list(tagged.values())), strict=True))
    known = {
        name: replace(tagged[name], digest=answer)
        for name, answer in found.items()
        if not isinstance(answer, Unresolved)
    }
    # Only an index tells its platforms.
    weights = dict(zip(known, weigh(list(known.values())), strict=True))
    wrong = [f"{tagged[name]}: {answer.reason}" for name, answer in found.items() if isinstance(answer, Unresolved)]
    for name, weight in weights.items():
        if isinstance(weight, Unresolved):
            wrong.append(f"{tagged[name]}: {weight.reason}")
        elif missing := [platform for platform in PLATFORMS if platform not in weight]:
            wrong.append(f"{tagged[name]}: its digest is not for {', '.join(missing)}")
    if wrong:
        lines = "".join(f"\n  - {line}" for line in wrong)
        raise DigestError(f"No digest is written, since not every default image has one:{lines}")
    return {name: str(image) for name, image in known.items()}
