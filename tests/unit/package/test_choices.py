"""The closed sets in Python: a member of an enum, a plain text and an output of either mean the same."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from enum import Enum
from typing import Any, get_args

import prepull
import pulumi
import pytest
import yaml
from prepull import (
    OnFailure,
    OnPinFailure,
    PrePullDaemonSet,
    PrePullDaemonSetArgs,
    PullPolicy,
    Runtime,
    TaintEffect,
    TolerationOperator,
    WaitFor,
    choices,
)
from prepull.arguments.check import check

from ..conftest import Engine

PUBLIC = [getattr(prepull, name) for name in prepull.__all__]
ENUMS = [each for each in PUBLIC if inspect.isclass(each) and issubclass(each, Enum)]


@pytest.mark.parametrize("enum", ENUMS, ids=lambda enum: enum.__name__)
def test_editors_complete_the_texts_that_the_enum_has(enum: type[Enum]) -> None:
    assert get_args(getattr(choices, f"{enum.__name__}Text")) == tuple(member.value for member in enum)


@pytest.mark.parametrize("enum", ENUMS, ids=lambda enum: enum.__name__)
def test_a_member_is_the_text_in_every_version_of_python(enum: type[Enum]) -> None:
    for member in enum:
        assert member == member.value
        assert [str(member), f"{member}"] == [member.value] * 2


MEMBERS: dict[str, Any] = {
    "runtime": Runtime.K3S,
    "pull_policy": PullPolicy.ALWAYS,
    "on_failure": OnFailure.CONTINUE,
    "on_pin_failure": OnPinFailure.WARN,
    "wait_for": WaitFor.PODS,
    "tolerations": [{"key": "a", "operator": TolerationOperator.EXISTS, "effect": TaintEffect.NO_EXECUTE}],
}
TEXTS: dict[str, Any] = {
    "runtime": "k3s",
    "pull_policy": "Always",
    "on_failure": "continue",
    "on_pin_failure": "warn",
    "wait_for": "pods",
    "tolerations": [{"key": "a", "operator": "Exists", "effect": "NoExecute"}],
}
PLAIN = ("runtime", "wait_for")


def later(args: dict[str, Any]) -> dict[str, Any]:
    """The same arguments as outputs, but for those that must be plain."""
    return {key: value if key in PLAIN else pulumi.Output.from_input(value) for key, value in args.items()}


def declared(engine: Engine, args: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What a program declares with these arguments, which are made within it."""

    def program() -> None:
        given: Any = {"images": ["a"], **args()}
        PrePullDaemonSet("images", given)

    engine.run(program)
    made = [each for each in engine.recorder.registered if each.type.startswith("kubernetes:")]
    return {f"{each.type} {each.name}": each.inputs for each in made}


@pytest.mark.parametrize("when", [dict, later], ids=["known", "later"])
def test_a_member_and_its_text_deploy_the_same(engine: Engine, when: Callable[[Any], dict[str, Any]]) -> None:
    found = declared(engine, lambda: when(MEMBERS))

    assert found == declared(Engine(), lambda: TEXTS)
    pod = engine.only("DaemonSet").inputs["spec"]["template"]["spec"]
    assert pod["tolerations"] == TEXTS["tolerations"]
    assert {"name": "PREPULL_ON_FAILURE", "value": "continue"} in pod["initContainers"][0]["env"]
    assert engine.find("Job") == []


def test_what_is_checked_is_plain_text_also_in_files() -> None:
    plan = check("images", {"images": ["a"], **MEMBERS})

    texts = {key: getattr(plan, key) for key in TEXTS}
    assert yaml.safe_load(yaml.safe_dump({**texts, "tolerations": [*map(dict, plan.tolerations)]})) == TEXTS


@pytest.mark.parametrize("when", [dict, later], ids=["known", "later"])
def test_the_member_of_another_enum_is_refused_as_its_text_is(
    engine: Engine, when: Callable[[Any], dict[str, Any]]
) -> None:
    with pytest.raises(Exception, match="pull_policy: 'retry' is not one of IfNotPresent, Always"):
        declared(engine, lambda: when({"pull_policy": OnFailure.RETRY}))
    assert engine.find("DaemonSet") == []


def test_type_checkers_know_members_texts_and_values_of_the_configuration(engine: Engine) -> None:
    # mypy checks this function.
    from_config: str = "Always"
    members: PrePullDaemonSetArgs = {
        "images": ["a"],
        "runtime": Runtime.CONTAINERD,
        "pull_policy": PullPolicy.ALWAYS,
        "on_failure": OnFailure.RETRY,
        "on_pin_failure": OnPinFailure.FAIL,
        "wait_for": WaitFor.NOTHING,
        "tolerations": [{"operator": TolerationOperator.EXISTS, "effect": TaintEffect.NO_SCHEDULE}],
    }
    texts: PrePullDaemonSetArgs = {"images": ["a"], "runtime": "containerd", "pull_policy": from_config}

    def program() -> None:
        later: PrePullDaemonSetArgs = {"images": ["a"], "pull_policy": pulumi.Output.from_input(from_config)}
        for name, args in {"members": members, "texts": texts, "later": later}.items():
            PrePullDaemonSet(name, args)

    engine.run(program)
    assert len(engine.find("DaemonSet")) == 3
