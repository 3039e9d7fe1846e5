"""Tags that are resolved to digests: in a plan, in a Pulumi program, and in the files of `prepull render`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml
from prepull import PrePullArgumentError, PrePullDaemonSet
from prepull.arguments import check as validation
from prepull.arguments import pins
from prepull.arguments.check import InvalidArgumentError
from prepull.arguments.pins import UnpinnableError
from prepull.images.references import Reference
from prepull.images.registry.failures import Unresolved
from prepull.manifests import render
from prepull.plan import Plan

from ...plans import HEX, RUNTIMES, built
from ..cli.conftest import Prepull, prepull
from ..conftest import Engine
from ..images.registry.fake_registry import FakeRegistry, running

__all__ = ["prepull"]

DIGEST = f"sha256:{HEX}"
NGINX, PINNED_NGINX = "docker.io/library/nginx:1.27", f"docker.io/library/nginx:1.27@{DIGEST}"


def plan_of(**args: Any) -> Plan:
    return validation.check("images", {"images": ["nginx:1.27"], "pin_digests": True, **args})


def pinned(plan: Plan, answer: str | Unresolved = DIGEST, warned: list[str] | None = None) -> Plan:
    warn: Callable[[str], None] = pytest.fail if warned is None else warned.append
    return pins.pinned("images", plan, warn=warn, resolve=lambda asked: [answer] * len(asked))


def nobody(asked: Sequence[Reference]) -> Sequence[str | Unresolved]:
    raise AssertionError(f"nobody is to be asked for {asked}")


# ---------------------------------------------------------------- a plan


def test_a_tag_gets_its_digest() -> None:
    plan = pinned(plan_of())
    assert [str(image) for image in plan.images] == [PINNED_NGINX]
    assert plan.pinned == plan.images


def test_nothing_is_asked_where_nothing_is_to_be_pinned() -> None:
    for plan in (plan_of(pin_digests=False), plan_of(images=[f"nginx@{DIGEST}", f"nginx:1.27@{DIGEST}"])):
        assert pins.pinned("images", plan, warn=pytest.fail, resolve=nobody) is plan


def test_a_digest_is_left_alone_among_tags() -> None:
    given = f"quay.io/org/app:2@sha256:{HEX[::-1]}"
    plan = pinned(plan_of(images=[given, "nginx:1.27"]))
    assert [str(image) for image in plan.images] == [given, PINNED_NGINX]
    assert [str(image) for image in plan.pinned] == [PINNED_NGINX]


def test_what_turns_out_to_be_one_image_is_pulled_once() -> None:
    assert len(pinned(plan_of(images=["nginx:1.27", f"nginx:1.27@{DIGEST}"])).images) == 1


def test_the_registry_that_is_asked_is_the_one_that_the_nodes_pull_from() -> None:
    asked: list[str] = []

    def resolve(images: Sequence[Reference]) -> list[str]:
        asked.extend(str(image) for image in images)
        return [DIGEST] * len(images)

    plan = plan_of(images=["nginx:1.27", "quay.io/org/app:2"], mirrors={"docker.io": "mirror.example.com/hub"})
    plan = pins.pinned("images", plan, warn=pytest.fail, resolve=resolve)

    assert asked == ["mirror.example.com/hub/library/nginx:1.27", "quay.io/org/app:2"]
    assert [str(image) for image in plan.images] == [PINNED_NGINX, f"quay.io/org/app:2@{DIGEST}"]
    [pull] = built(plan)["daemon-set"]["spec"]["template"]["spec"]["initContainers"]
    [images] = [entry["value"] for entry in pull["env"] if entry["name"] == "PREPULL_IMAGES"]
    assert images.splitlines()[0] == f"{PINNED_NGINX} mirror.example.com/hub/library/nginx@{DIGEST}"


def test_another_digest_is_another_plan() -> None:
    plan = plan_of()
    assert len({plan.fingerprint, pinned(plan).fingerprint, pinned(plan, f"sha256:{HEX[::-1]}").fingerprint}) == 3


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_only_what_was_resolved_is_to_have_its_tag_and_every_runtime_gets_the_digest(runtime: str) -> None:
    by_hand = f"quay.io/org/app:2@sha256:{HEX[::-1]}"
    plan = pinned(plan_of(images=["nginx:1.27", by_hand], runtime=runtime))

    pod = built(plan)["daemon-set"]["spec"]["template"]["spec"]
    text = yaml.dump(pod, width=10_000)
    assert f"quay.io/org/app@sha256:{HEX[::-1]}" in text
    assert "app:2@" not in text
    if runtime in ("kubelet", "image-volume"):
        assert f"docker.io/library/nginx@{DIGEST}" in text
        assert NGINX not in text
    else:
        assert PINNED_NGINX in text


def test_docker_engine_cannot_name_a_digest_from_a_mirror() -> None:
    mirrors = {"docker.io": "mirror.example.com"}
    with pytest.raises(InvalidArgumentError, match="pin_digests: Docker Engine cannot give the digest's name"):
        plan_of(runtime="docker", mirrors=mirrors)
    # What comes from its own registry has it.
    assert plan_of(runtime="docker", mirrors=mirrors, images=["quay.io/org/app:2"])


def test_all_that_cannot_be_pinned_is_said_at_once_and_how_to_go_on() -> None:
    plan = plan_of(images=["nginx:1.27", "quay.io/app:2", "b"], mirrors={"quay.io": "mirror.example.com"})
    with pytest.raises(UnpinnableError) as error:
        pins.pinned(
            "web",
            plan,
            warn=pytest.fail,
            resolve=lambda _: [Unresolved("too many requests"), Unresolved("host not found"), DIGEST],
        )
    assert str(error.value).splitlines() == [
        "PrePullDaemonSet 'web': 2 of 3 images cannot be pinned to their digests:",
        f"  - '{NGINX}': docker.io: too many requests",
        "  - 'quay.io/app:2', which is pulled as 'mirror.example.com/app:2': mirror.example.com: host not found",
        "Correct them, or let them keep their tags: on_pin_failure: 'warn'",
    ]


def test_with_warn_they_keep_their_tags_and_somebody_is_told() -> None:
    warned: list[str] = []
    plan = pinned(plan_of(on_pin_failure="warn"), Unresolved("too many requests"), warned)
    assert [str(image) for image in plan.images] == [NGINX]
    assert plan.pinned == ()
    [message] = warned
    assert f"'{NGINX}': docker.io: too many requests" in message
    assert "They keep their tags" in message


def test_without_the_extra_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("prepull.images.registry")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "docker", None)
    # No registry is a reason to keep tags, and this is none.
    plan = plan_of(on_pin_failure="warn")
    with pytest.raises(InvalidArgumentError, match=r"'docker' is not installed; .* pip install 'pulumi-prepull\[dig"):
        pins.pinned("images", plan, warn=pytest.fail)
    assert pins.pinned("images", plan_of(pin_digests=False), warn=pytest.fail)


# ---------------------------------------------------------------- a registry that answers


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
