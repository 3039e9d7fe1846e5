"""Tags that are resolved to digests, in a plan. test_pinned_programs.py has a registry that answers."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

import pytest
import yaml
from prepull.arguments import check as validation
from prepull.arguments import pins
from prepull.arguments.check import InvalidArgumentError
from prepull.arguments.pins import UnpinnableError
from prepull.images.references import Reference
from prepull.images.registry.failures import Unresolved
from prepull.plan import Plan

from ...plans import HEX, RUNTIMES, built

DIGEST = f"sha256:{HEX}"
NGINX, PINNED_NGINX = "docker.io/library/nginx:1.27", f"docker.io/library/nginx:1.27@{DIGEST}"


def plan_of(**args: Any) -> Plan:
    return validation.check("images", {"images": ["nginx:1.27"], "pin_digests": True, **args})


def pinned(plan: Plan, answer: str | Unresolved = DIGEST, warned: list[str] | None = None) -> Plan:
    warn: Callable[[str], None] = pytest.fail if warned is None else warned.append
    return pins.pinned("images", plan, warn=warn, resolve=lambda asked: [answer] * len(asked))


def nobody(asked: Sequence[Reference]) -> Sequence[str | Unresolved]:
    raise AssertionError(f"nobody is to be asked for {asked}")


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
