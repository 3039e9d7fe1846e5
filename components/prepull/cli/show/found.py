"""The images that run in a cluster: as a stack's configuration, as data, as a list."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from ...images.placements import Placement
from ..cluster.inventory import Users


def as_list(images: Users) -> str:
    """One image on a line."""
    return "".join(f"{image}\n" for image in images)


def as_json(images: Users) -> str:
    """The images with the workloads that run them, for programs."""
    return _json({"images": _with_users(images)})


def as_config(images: Users, namespace: str) -> str:
    """A stack's configuration.

    Args:
        images: the images.
        namespace: the namespace of its keys.
    """
    return _yaml({"config": {f"{namespace}:images": list(images)}})


def placements_as_json(placements: Mapping[Placement, Users]) -> str:
    """The images by placement, each with the arguments of a component for it, for programs."""
    found = [
        {"name": where.slug, "nodes": where.title, "arguments": where.arguments(), "images": _with_users(images)}
        for where, images in placements.items()
    ]
    return _json({"placements": found})


def placements_as_config(placements: Mapping[Placement, Users], namespace: str) -> str:
    """A stack's configuration, with a block for each placement.

    Args:
        placements: the images by placement.
        namespace: what the namespaces of the keys begin with. A placement's name follows: `prepull-gpu-3f09ac:images`.
    """
    return "config:\n" + "".join(_blocks(placements, namespace))


def _blocks(placements: Mapping[Placement, Users], namespace: str) -> Iterator[str]:
    for where, images in placements.items():
        keys = {"images": list(images), **where.arguments()}
        block = _yaml({f"{namespace}-{where.slug}:{key}": value for key, value in keys.items()})
        # Whatever a label's value is, it stays within the comment.
        title = "".join(character if character.isprintable() else " " for character in where.title)
        yield "".join(f"  {line}\n" for line in [f"# {title}", *block.splitlines()])


def _with_users(images: Users) -> list[dict[str, Any]]:
    return [{"name": image, "usedBy": list(users)} for image, users in images.items()]


def _json(data: Any) -> str:
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def _yaml(data: Any) -> str:
    # Keys in the order in which people write them, and no anchors in what they paste.
    text: str = yaml.dump(data, Dumper=_Plain, default_flow_style=False, sort_keys=False)
    return text


class _Plain(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        """Write what is there twice twice."""
        del data
        return True
