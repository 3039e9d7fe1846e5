"""Whoever writes an image list can have images pulled, and nothing else run on a node.

What they write is refused, or it is data. And should a check ever fail to refuse, it is still data: for the kubelet,
which expands $(NAME) in commands and variables; for the shell, which reads them; and for the clients, which take
options.
"""

from __future__ import annotations

import contextlib
import dataclasses
import re
import subprocess
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from prepull.arguments import check as validation
from prepull.arguments.check import InvalidArgumentError
from prepull.arguments.table import ARGUMENTS
from prepull.images.references import Reference

from .....plans import EACH, RUNTIMES, built, plan_of
from ... import kubelet
from ..conftest import Node, hub, in_every_shell
from ..fake_provider import Provider

WORD = "touched"
HOSTILE = [
    f"$(touch {WORD})",
    f"$(touch${{IFS}}{WORD})",
    f"`touch {WORD}`",
    f"a;touch {WORD};",
    f"a&&touch {WORD}",
    f"a||touch {WORD}",
    f"a\ntouch {WORD}\n",
    f"a\r\ntouch {WORD}",
    f"'; touch {WORD}; '",
    f'"; touch {WORD}; "',
    f"a>{WORD}",
    f"a\n$(touch {WORD})",
    f"x[$(touch {WORD})]",
    f"--config={WORD}",
    f"-{WORD}",
    f"a --creds={WORD}",
    f"a\n--{WORD}",
    "$(PREPULL_SECRETS)",
    "$$(PREPULL_SECRETS)",
    "a\x00b",
    f"a\u2028touch {WORD}",
    f"a\x1b]0;{WORD}\x07",
    f"../../{WORD}",
    f"/run/../{WORD}",
    f"{{{{.{WORD}}}}}",
    f"%s%n{WORD}",
]
# What the API itself lets hold any text.
FREE = ["annotations"]


def given(argument: str, text: str) -> Iterator[Any]:
    """The text in every place that the argument has for one."""
    yield text
    yield [text]
    yield {text: "a"}
    yield {"docker.io": text}
    yield {"key": text}
    yield [{"key": text, "operator": "Exists"}]
    yield [{"key": "a", "value": text}]
    yield {"requests": {"cpu": text}}
    if argument == "images":
        yield [f"registry.example.com/{text}"]
        yield [f"registry.example.com/app:{text}"]
        yield [f"registry.example.com/app@{text}"]
        yield [f"{text}/app"]


def containers(plan: Any) -> Iterator[dict[str, Any]]:
    for body in built(plan).values():
        pod = body.get("spec", {}).get("template", {}).get("spec", {})
        yield from pod.get("initContainers", [])
        yield from pod.get("containers", [])


@pytest.mark.parametrize("argument", ARGUMENTS)
def test_nothing_hostile_gets_through_to_a_container(argument: str) -> None:
    for text in HOSTILE:
        for value in given(argument, text):
            try:
                plan = validation.check("images", {"images": ["a"], argument: value})
            except InvalidArgumentError:
                continue
            assert argument in FREE or "-" not in text[0], f"{argument} takes {value!r}"
            for container in containers(plan):
                assert text not in str([container.get("command"), container.get("args"), container.get("env")])
                assert text not in str(container["image"])


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_name_reaches_a_container_as_a_label_alone(text: str) -> None:
    for body in built(plan_of(startup_taint="a/b"), text).values():
        pod = body.get("spec", {}).get("template", {}).get("spec", {})
        for container in [*pod.get("initContainers", []), *pod.get("containers", [])]:
            told = kubelet.environment(container)
            assert re.fullmatch(r"[A-Za-z0-9._/=,-]*", told.get("PREPULL_SELECTOR", ""))
            assert kubelet.command(container) == [*container.get("command", []), *container.get("args", [])]


def all_arguments(runtime: str) -> Mapping[str, Any]:
    """Every argument that the runtime takes, none with its default."""
    args: dict[str, Any] = {"runtime": runtime}
    for argument, value in EACH.items():
        try:
            validation.check("images", {"images": ["a"], **args, argument: value})
        except InvalidArgumentError:
            continue
        args[argument] = value
    return {**args, "wait_for": "images"}


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_the_kubelet_finds_nothing_to_expand(runtime: str) -> None:
    for container in containers(plan_of(images=["a:1"], **all_arguments(runtime))):
        assert kubelet.command(container) == [*container.get("command", []), *container.get("args", [])]
        # The label of `prune` is made of two names from the API server on purpose.
        for item in (item for item in container.get("env", []) if item["name"] != "PREPULL_PRUNE"):
            assert kubelet.environment(container)[item["name"]] == item.get("value", "from the API server")


CONSTANTS = {"BACKOFF_LIMIT_MS", "CALL_TIMEOUT_MS", "MOUNTS", "REASON_LIMIT", "REPORT_LIMIT", "MESSAGE"}
CONSTANTS |= {"PROVIDER_TIMEOUT_MS"}


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_no_argument_sets_what_is_constant(runtime: str) -> None:
    on_nodes = [
        each for each in containers(plan_of(images=["a:1"], **all_arguments(runtime))) if each["name"] != "gate"
    ]
    for container in on_nodes:
        told = {name.removeprefix("PREPULL_") for name in kubelet.environment(container)}
        assert not told & CONSTANTS


def smuggled(texts: list[str]) -> dict[str, str]:
    """What the puller is told, after the kubelet, by a plan that nobody has checked."""
    references = tuple(Reference("registry.example.com", text, text, None) for text in texts)
    plan = dataclasses.replace(
        plan_of(runtime="containerd"),
        images=(*references, Reference("docker.io", "library/good", "1", None)),
        remove=references,
        mirrors={f"registry.example.com/{text}": text for text in texts[::2]},
        image_pull_secrets=tuple(texts),
    )
    [puller] = [container for container in containers(plan) if container["name"] == "pull"]
    assert kubelet.command(puller) == ["/bin/sh", "/etc/prepull/scripts/puller.sh"]
    return {name.removeprefix("PREPULL_").lower(): value for name, value in kubelet.environment(puller).items()}


OPTIONS = {"--timeout", "--verbose", "--address", "--namespace", "--force", "--all", "--quiet", "--image"}


@in_every_shell
def test_what_gets_past_the_checks_is_data_all_the_same(node: Node, provider: Provider) -> None:
    told = smuggled([text for text in HOSTILE if "\0" not in text])
    before = {path.name for path in node.directory.iterdir()}

    settings = provider.settings("registry.example.com")
    outcome = node.run(told["images"], remove=told["remove"], parallelism=8, **settings)

    assert {path.name for path in node.directory.iterdir()} - before <= {"report", "work"}
    assert hub("good:1") in outcome.pulled
    assert outcome.report
    for call in outcome.calls:
        assert {word for word in call.arguments if word.startswith("-")} <= OPTIONS
    # The program is the one that the arguments name, and images are none of its arguments.
    assert provider.calls
    assert all(call["arguments"] == [] for call in provider.calls)


SETTINGS = ["parallelism", "attempts", "backoff_ms", "image_timeout_ms", "stagger_ms", "refresh_ms", "pull_policy"]
EVERY_WAY = f"x[$(touch {WORD})]`touch {WORD}`;touch {WORD}\ntouch {WORD}"


@in_every_shell
@pytest.mark.parametrize("setting", SETTINGS)
def test_a_setting_of_another_form_is_not_run(node: Node, setting: str) -> None:
    node.plan({hub("bad:1"): [{"error": "no"}]})
    before = {path.name for path in node.directory.iterdir()}

    # Some of them make it try for ever, or say what it cannot read and go on.
    settings: dict[str, Any] = {"attempts": 2, "stagger_ms": 1, setting: EVERY_WAY}
    run = node.start(hub("good:1"), hub("bad:1"), **settings)
    with contextlib.suppress(subprocess.TimeoutExpired):
        run.process.wait(2)
    run.process.terminate()
    run.process.wait(10)

    assert {path.name for path in node.directory.iterdir()} - before <= {"report", "work"}
