"""Registries that are asked what images weigh."""

from __future__ import annotations

import pytest
from prepull.images.references import parse
from prepull.images.registry.ask import weigh
from prepull.images.registry.failures import Unresolved
from prepull.images.sizes import Weight, largest

from .conftest import DockerConfig
from .fake_registry import FakeRegistry

IMAGES = {"linux/amd64": {"a": 5, "b": 7}, "linux/arm64": {"c": 20}, "linux/s390x": {"d": 40}}


def weight(registry: FakeRegistry, digest: str) -> Weight | Unresolved:
    [found] = weigh([parse(f"{registry.address}/team/app@{digest}")], limit=10)
    return found


def test_each_platform_is_read(registry: FakeRegistry) -> None:
    found = weight(registry, registry.push_platforms("team/app", "1", IMAGES))
    assert not isinstance(found, Unresolved)
    assert {platform: sum(blobs.values()) for platform, blobs in found.items()} == {
        "linux/amd64": 12,
        "linux/arm64": 20,
    }
    # Docker Hub counts each: the index, and the two platforms that most nodes have.
    assert [method for method, _ in registry.asked_for] == ["HEAD", "GET", "GET", "GET"]


@pytest.mark.parametrize("authentication", ["basic", "token"])
def test_it_authenticates_as_for_the_digest(
    registry: FakeRegistry, docker_config: DockerConfig, authentication: str
) -> None:
    docker_config.log_in(registry.address, "user", "password")
    registry.authentication, registry.users = authentication, {"user": "password"}
    found = weight(registry, registry.push_manifest("team/app", "1", {"a": 5}))
    assert not isinstance(found, Unresolved)
    assert largest(found) == 5


def test_a_manifest_that_is_missing_is_told(registry: FakeRegistry) -> None:
    digest = registry.push_platforms("team/app", "1", IMAGES)
    del registry.manifests["team/app", registry.push_manifest("team/app", "linux/amd64", IMAGES["linux/amd64"])]
    assert weight(registry, digest) == Unresolved("manifest unknown")


def test_content_that_is_not_of_the_digest_is_not_believed(registry: FakeRegistry) -> None:
    digest = registry.push_manifest("team/app", "1", {"a": 5})
    registry.body = b'{"layers": []}'
    assert weight(registry, digest) == Unresolved("its answer has no valid digest")


def test_what_has_no_weight_is_told(registry: FakeRegistry) -> None:
    assert weight(registry, registry.push("team/app", "1")) == Unresolved("its index has no image for Linux")


def test_each_image_has_its_own_answer(registry: FakeRegistry) -> None:
    digest = registry.push_manifest("team/app", "1", {"a": 5})
    there, absent = weigh([parse(f"{registry.address}/team/{name}@{digest}") for name in ("app", "none")])
    assert there == {"": {"sha256:a": 5, "sha256:config-1": 0}}
    assert absent == Unresolved("manifest unknown")
