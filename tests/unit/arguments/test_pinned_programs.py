"""Tags that are resolved to digests by a registry: in a Pulumi program, and in the files of `prepull render`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml
from prepull import PrePullArgumentError, PrePullDaemonSet
from prepull.manifests import render

from ..cli.conftest import Prepull, prepull
from ..conftest import Engine
from ..images.registry.fake_registry import FakeRegistry, running

__all__ = ["prepull"]


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeRegistry]:
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    with running() as made:
        yield made


def declared(engine: Engine, args: Any, *, preview: bool = False) -> dict[str, Any]:
    return engine.run(lambda: {"images": PrePullDaemonSet("images", args).images}, preview=preview)


def environment(engine: Engine) -> dict[str, str]:
    [pull] = engine.only("DaemonSet").inputs["spec"]["template"]["spec"]["initContainers"]
    return {entry["name"]: entry["value"] for entry in pull["env"]}


@pytest.mark.parametrize("preview", [False, True])
def test_a_program_pins(engine: Engine, registry: FakeRegistry, preview: bool) -> None:
    digest = registry.push("app", "1")
    image = f"{registry.address}/app:1"

    outputs = declared(engine, {"images": [image], "pin_digests": True}, preview=preview)

    assert outputs["images"] == [f"{image}@{digest}"]
    assert environment(engine)["PREPULL_IMAGES"] == f"{image}@{digest}"
    # A preview reads manifests as well, for what the image weighs (test_weights.py).
    assert {request.method for request in registry.asked} == ({"HEAD", "GET"} if preview else {"HEAD"})


def test_a_tag_that_moved_is_another_pod(engine: Engine, registry: FakeRegistry) -> None:
    args = {"images": [f"{registry.address}/app:1"], "pin_digests": True}
    templates = []
    for content in ("v1", "v2", "v2"):
        registry.push("app", "1", content)
        engine.recorder.registered.clear()
        declared(engine, args)
        templates.append(engine.only("DaemonSet").inputs["spec"]["template"])

    assert templates[0] != templates[1] == templates[2]


def test_a_program_that_is_not_asked_to_asks_nobody(engine: Engine, registry: FakeRegistry) -> None:
    declared(engine, {"images": [f"{registry.address}/app:1"]})

    assert registry.asked == []


def test_images_that_are_known_later_are_pinned_then(engine: Engine, registry: FakeRegistry) -> None:
    digest = registry.push("app", "1")
    image = f"{registry.address}/app:1"

    later = pulumi.Output.from_input(image)
    outputs = declared(engine, {"images": [later], "pin_digests": later.apply(lambda _: True)})

    assert outputs["images"] == [f"{image}@{digest}"]


def test_of_images_that_a_preview_does_not_know_nobody_is_asked(engine: Engine, registry: FakeRegistry) -> None:
    def program() -> dict[str, Any]:
        unknown: pulumi.Output[Any] = pulumi.Output(set(), _later(None), _later(False), _later(False))
        component = PrePullDaemonSet("images", {"images": [unknown], "pin_digests": True})
        return {"name": component.daemon_set_name}

    engine.run(program, preview=True)

    assert engine.only("DaemonSet")
    assert registry.asked == []


async def _later(value: Any) -> Any:
    return value


def test_an_image_that_cannot_be_pinned_deploys_nothing(engine: Engine, registry: FakeRegistry) -> None:
    image = f"{registry.address}/app:1"
    with pytest.raises(PrePullArgumentError, match=f"'{image}': {registry.address}: manifest unknown"):
        declared(engine, {"images": [image], "pin_digests": True})

    assert [item.type for item in engine.recorder.registered] in ([], ["pulumi:pulumi:Stack"])


def test_an_image_that_is_known_later_and_cannot_be_pinned_fails(engine: Engine, registry: FakeRegistry) -> None:
    image = f"{registry.address}/app:1"
    # Pulumi either adds the resource to the error or passes it on unchanged, whichever comes first.
    with pytest.raises(
        (ValueError, pulumi.RunError), match=f"(?s)'images'.*'{image}': {registry.address}: manifest unknown"
    ):
        declared(engine, {"images": [pulumi.Output.from_input(image)], "pin_digests": True})


@pytest.mark.parametrize("later", [False, True])
def test_pulumi_shows_the_warning(
    engine: Engine, registry: FakeRegistry, monkeypatch: pytest.MonkeyPatch, later: bool
) -> None:
    warned: list[str] = []
    monkeypatch.setattr(pulumi.log, "warn", warned.append)
    image = f"{registry.address}/app:1"
    images = [pulumi.Output.from_input(image) if later else image]

    outputs = declared(engine, {"images": images, "pin_digests": True, "on_pin_failure": "warn"})

    assert outputs["images"] == [image]
    [message] = warned
    assert f"'{image}': {registry.address}: manifest unknown" in message


# ---------------------------------------------------------------- prepull render


def args_file(tmp_path: Path, registry: FakeRegistry, **more: Any) -> Path:
    path = tmp_path / "args.yaml"
    path.write_text(yaml.safe_dump({"images": [f"{registry.address}/app:1"], "pin_digests": True, **more}))
    return path


def test_rendered_manifests_are_pinned(prepull: Prepull, tmp_path: Path, registry: FakeRegistry) -> None:
    digest = registry.push("app", "1")
    done = prepull("render", args_file(tmp_path, registry))
    assert done.code == 0
    assert f"{registry.address}/app:1@{digest}" in done.out


def test_rendering_fails_where_a_registry_does(prepull: Prepull, tmp_path: Path, registry: FakeRegistry) -> None:
    done = prepull("render", args_file(tmp_path, registry))
    assert (done.code, done.out) == (4, "")
    assert f"'{registry.address}/app:1': {registry.address}: manifest unknown" in done.err


def test_rendering_warns_on_stderr(prepull: Prepull, tmp_path: Path, registry: FakeRegistry) -> None:
    done = prepull("render", args_file(tmp_path, registry, on_pin_failure="warn"))
    assert done.code == 0
    assert f"{registry.address}/app:1" in done.out
    assert done.err.startswith("prepull: warning: PrePullDaemonSet 'images': 1 of 1 images cannot be pinned")


def test_a_library_warns_as_libraries_do(registry: FakeRegistry) -> None:
    args = {"images": [f"{registry.address}/app:1"], "pin_digests": True, "on_pin_failure": "warn"}
    with pytest.warns(UserWarning, match="They keep their tags"):
        render.manifests("images", args)
