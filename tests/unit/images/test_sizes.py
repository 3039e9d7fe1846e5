"""What images weigh: read from their manifests, added up, and told."""

from __future__ import annotations

from typing import Any

import pytest
from prepull.images import sizes
from prepull.images.registry.failures import Unresolved
from prepull.images.sizes import ANY, UntoldError


def manifest(*layers: tuple[str, int], config: int = 0) -> dict[str, Any]:
    listed = [{"digest": digest, "size": size} for digest, size in layers]
    return {"config": {"digest": "config", "size": config}, "layers": listed}


def index(**platforms: str) -> dict[str, Any]:
    entries = []
    for digest, platform in platforms.items():
        system, architecture = platform.split("/")
        entries.append({"digest": digest, "platform": {"os": system, "architecture": architecture}})
    return {"manifests": entries}


def weighed(documents: dict[str, Any]) -> sizes.Weight:
    return sizes.weight(documents.__getitem__, "it")


def test_an_image_weighs_its_layers_and_its_configuration() -> None:
    assert weighed({"it": manifest(("a", 5), ("b", 7), config=1)}) == {ANY: {"a": 5, "b": 7, "config": 1}}


def test_a_layer_that_is_there_twice_is_pulled_once() -> None:
    found = weighed({"it": manifest(("empty", 32), ("a", 5), ("empty", 32))})
    assert sizes.largest(found) == 37


def test_an_index_is_weighed_for_the_platforms_of_most_nodes() -> None:
    documents = {
        "it": index(x="linux/amd64", y="linux/arm64", z="linux/s390x", w="windows/amd64", u="unknown/unknown"),
        "x": manifest(("a", 5)),
        "y": manifest(("b", 7)),
    }
    found = weighed(documents)
    assert {platform: sum(blobs.values()) for platform, blobs in found.items()} == {"linux/amd64": 5, "linux/arm64": 7}
    assert sizes.largest(found) == 7


def test_an_index_without_these_is_weighed_for_every_linux() -> None:
    documents = {"it": index(z="linux/s390x", p="linux/ppc64le"), "z": manifest(("a", 5)), "p": manifest(("b", 7))}
    assert set(weighed(documents)) == {"linux/s390x", "linux/ppc64le"}


@pytest.mark.parametrize(
    ("document", "why"),
    [
        (None, "no list of layers"),
        ([], "no list of layers"),
        ("text", "no list of layers"),
        ({"fsLayers": []}, "no list of layers"),
        ({"manifests": []}, "no image for Linux"),
        ({"manifests": [None, {"platform": None}, {"platform": {"os": "linux"}}]}, "no image for Linux"),
        (index(w="windows/amd64"), "no image for Linux"),
        *[
            ({"layers": [{"digest": "a", "size": size}]}, "does not tell the sizes")
            for size in (None, "5", -1, 1.5, True)
        ],
        ({"layers": [{"size": 5}]}, "does not tell the sizes"),
        ({"layers": [None]}, "does not tell the sizes"),
        ({"layers": [], "config": 3}, "does not tell the sizes"),
    ],
)
def test_what_does_not_tell_is_an_error_in_words(document: Any, why: str) -> None:
    with pytest.raises(UntoldError, match=why):
        weighed({"it": document})


# ---------------------------------------------------------------- told

MB = 1000**2
AMD, ARM = "linux/amd64", "linux/arm64"


def test_the_summary() -> None:
    weights: dict[str, sizes.Weight | Unresolved] = {
        "app:1": {AMD: {"base": 80 * MB, "app": 20 * MB}, ARM: {"arm base": 75 * MB, "arm app": 20 * MB}},
        "job:1": {AMD: {"base": 80 * MB, "job": 1_500}},
        "own:1": {ANY: {"own": 3 * MB}},
        "hidden:1": Unresolved("unauthorized"),
    }
    assert sizes.summary(weights) == [
        "  - app:1: 100.0 MB (linux/amd64), 95.0 MB (linux/arm64)",
        "  - job:1: 80.0 MB (linux/amd64)",
        "  - own:1: 3.0 MB",
        "  - hidden:1: not known: unauthorized",
        "  together 103.0 MB (linux/amd64), of which 80.0 MB are shared by several",
        "  together 98.0 MB (linux/arm64)",
    ]


def test_one_image_has_no_sum() -> None:
    assert sizes.summary({"a:1": {ANY: {"a": 7}}}) == ["  - a:1: 7 B"]


def test_a_list_of_which_nothing_is_known_has_no_sum() -> None:
    assert sizes.summary({"a:1": Unresolved("no"), "b:1": Unresolved("no")}) == [
        "  - a:1: not known: no",
        "  - b:1: not known: no",
    ]


@pytest.mark.parametrize(
    ("size", "said"), [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (13_256, "13.3 kB"), (5 * 10**15, "5000.0 TB")]
)
def test_a_size_for_people(size: int, said: str) -> None:
    assert sizes.text(size) == said
