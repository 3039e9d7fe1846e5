"""What the images of a plan weigh: for the guard of the disk, in a preview, and in the files of `prepull render`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml
from prepull import PrePullDaemonSet
from prepull.arguments.weights import weighed
from prepull.images.references import Reference
from prepull.images.registry.failures import Unresolved
from prepull.images.sizes import Weight
from prepull.plan import Plan

from ...plans import HEX, SOCKET_RUNTIMES, built, plan_of
from ..cli.conftest import Prepull, prepull
from ..conftest import Engine
from ..images.registry.fake_registry import FakeRegistry, running
from ..manifests.parts import environment

__all__ = ["prepull"]

MIB = 1 << 20
BY_DIGEST = f"quay.io/org/by-hand@sha256:{HEX}"
WEIGHTS: dict[str, Weight | Unresolved] = {
    "docker.io/library/a": {"linux/amd64": {"x": 3 * MIB, "y": 4 * MIB}, "linux/arm64": {"z": 9 * MIB}},
    "docker.io/library/b": Unresolved("timed out after 30 s"),
    "docker.io/library/c": {"": {"x": 3 * MIB}},
}


def weigh(images: Sequence[Reference]) -> list[Weight | Unresolved]:
    assert all(image.digest for image in images)
    return [WEIGHTS[image.name] for image in images]


def nobody(images: Sequence[Reference]) -> Sequence[Weight | Unresolved]:
    raise AssertionError(f"nobody is to be asked for {images}")


def pinned(**args: Any) -> Plan:
    return plan_of(**{"images": ["a:1", BY_DIGEST, "b:1", "c:1"], "pin_digests": True, **args})


def settings(plan: Plan) -> dict[str, str]:
    return environment(built(plan)["daemon-set"]["spec"]["template"]["spec"]["initContainers"][0])


# ---------------------------------------------------------------- the guard


def test_the_puller_gets_twice_what_each_image_weighs_where_it_weighs_most() -> None:
    plan = weighed("images", pinned(min_free_disk="20Gi"), tell=None, weigh=weigh)
    found = settings(plan)
    assert found["PREPULL_MIN_FREE"] == str(20 << 20)
    # In the order of the list: an image by digest, and one whose registry does not answer, are not known.
    assert found["PREPULL_NEEDED_KIB"] == f"{18 << 10} 0 0 {6 << 10}"
    assert len(found["PREPULL_IMAGES"].splitlines()) == 4


@pytest.mark.parametrize(
    ("given", "handed"),
    [("15%", "15%"), ("1Gi", "1048576"), ("1G", "976563"), ("1", "1"), ("1.5Mi", "1536"), ("1e9", "976563")],
)
def test_what_is_to_stay_free_is_handed_over_in_kib_or_as_a_share(given: str, handed: str) -> None:
    assert settings(plan_of(min_free_disk=given))["PREPULL_MIN_FREE"] == handed


@pytest.mark.parametrize("runtime", [runtime for runtime in SOCKET_RUNTIMES if runtime != "docker"])
def test_without_pinned_images_the_puller_knows_no_sizes(runtime: str) -> None:
    plan = weighed("images", plan_of(runtime=runtime, min_free_disk="15%"), tell=pytest.fail, weigh=nobody)
    assert "PREPULL_NEEDED_KIB" not in settings(plan)
    assert settings(plan)["PREPULL_MIN_FREE"] == "15%"


def test_a_refreshing_container_has_the_guard_too() -> None:
    plan = weighed("images", pinned(min_free_disk="15%", refresh="6h"), tell=None, weigh=weigh)
    pod = built(plan)["daemon-set"]["spec"]["template"]["spec"]
    [refresher] = [container for container in pod["containers"] if container["name"] == "refresh"]
    guard = {key: value for key, value in environment(refresher).items() if key.startswith("PREPULL_M")}
    assert guard == {"PREPULL_MIN_FREE": "15%"}
    assert "PREPULL_NEEDED_KIB" in environment(refresher)


def test_without_a_guard_weights_change_no_pod() -> None:
    told: list[str] = []
    plan = pinned()
    assert weighed("images", plan, tell=told.append, weigh=weigh) is plan
    assert len(told) == 1
    assert not {"PREPULL_MIN_FREE", "PREPULL_NEEDED_KIB"} & set(settings(plan))


def test_where_it_is_for_nothing_nobody_is_asked() -> None:
    weighed("images", pinned(), tell=None, weigh=nobody)


def test_the_registry_that_is_asked_is_the_one_that_the_nodes_pull_from() -> None:
    asked: list[str] = []

    def weigh(images: Sequence[Reference]) -> list[Weight | Unresolved]:
        asked.extend(image.name for image in images)
        return [Unresolved("no")] * len(images)

    weighed(
        "images", pinned(images=["a:1"], mirrors={"docker.io": "m.example"}, min_free_disk="1%"), tell=None, weigh=weigh
    )
    assert asked == ["m.example/library/a"]


# ---------------------------------------------------------------- what is told


def test_what_is_told() -> None:
    told: list[str] = []
    weighed("images", pinned(), tell=told.append, weigh=weigh)
    assert told[0].splitlines() == [
        "PrePullDaemonSet 'images': what its images weigh, compressed:",
        "  - docker.io/library/a:1: 7.3 MB (linux/amd64), 9.4 MB (linux/arm64)",
        "  - docker.io/library/b:1: not known: timed out after 30 s",
        "  - docker.io/library/c:1: 3.1 MB",
        "  together 7.3 MB (linux/amd64), of which 3.1 MB are shared by several",
        "  together 12.6 MB (linux/arm64)",
        "  not asked for: 1 that is not pinned by pin_digests",
    ]


def test_the_text_of_the_documentation() -> None:
    kb = 1000
    base = {"base": 28_400 * kb}
    weights: dict[str, Weight | Unresolved] = {
        "docker.io/library/nginx": {"linux/amd64": {**base, "n": 43_800 * kb}, "linux/arm64": {"m": 70_000 * kb}},
        "quay.io/org/app": {"linux/amd64": {**base, "a": 282_100 * kb}},
        "quay.io/org/job": Unresolved("timed out after 30 s"),
    }
    told: list[str] = []
    plan = pinned(images=["nginx:1.27", "quay.io/org/app:2", "quay.io/org/job:2"])
    weighed("images", plan, tell=told.append, weigh=lambda images: [weights[image.name] for image in images])
    assert told[0] in (Path(__file__).parents[3] / "docs" / "digests.md").read_text("utf-8")


@pytest.fixture
def registry() -> Iterator[FakeRegistry]:
    with running() as made:
        yield made


LAYERS = {"linux/amd64": {"a": 5000}, "linux/arm64": {"b": 7000}}


@pytest.mark.parametrize("later", [False, True])
@pytest.mark.parametrize("preview", [False, True])
def test_a_preview_tells_it_and_an_update_does_not(
    engine: Engine, registry: FakeRegistry, monkeypatch: pytest.MonkeyPatch, preview: bool, later: bool
) -> None:
    told: list[str] = []
    monkeypatch.setattr(pulumi.log, "info", told.append)
    registry.push_platforms("app", "1", LAYERS)
    image = f"{registry.address}/app:1"
    args: Any = {"images": [pulumi.Output.from_input(image) if later else image], "pin_digests": True}

    engine.run(lambda: {"name": PrePullDaemonSet("images", args).daemon_set_name}, preview=preview)

    texts = [text for text in told if "weigh" in text]
    assert [text.splitlines()[1] for text in texts] == (
        [f"  - {image}: 5.0 kB (linux/amd64), 7.0 kB (linux/arm64)"] if preview else []
    )


def test_rendering_tells_it_on_stderr(prepull: Prepull, tmp_path: Path, registry: FakeRegistry) -> None:
    registry.push_platforms("app", "1", LAYERS)
    path = tmp_path / "args.yaml"
    args = {"images": [f"{registry.address}/app:1"], "pin_digests": True, "min_free_disk": "10%"}
    path.write_text(yaml.safe_dump(args))
    done = prepull("render", path)
    assert done.code == 0
    assert done.err.splitlines() == [
        "prepull: PrePullDaemonSet 'images': what its images weigh, compressed:",
        f"  - {registry.address}/app:1: 5.0 kB (linux/amd64), 7.0 kB (linux/arm64)",
    ]
    [daemon_set] = [item for item in yaml.safe_load_all(done.out) if item["kind"] == "DaemonSet"]
    [pull] = daemon_set["spec"]["template"]["spec"]["initContainers"]
    assert environment(pull)["PREPULL_NEEDED_KIB"] == "14"
