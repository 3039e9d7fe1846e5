"""Pulumi's own argument classes, wherever an argument is a mapping: as they are, within outputs, and with outputs."""

from __future__ import annotations

import asyncio
from collections import UserDict
from collections.abc import Callable
from enum import Enum
from types import MappingProxyType
from typing import Any

import pulumi
import pulumi_kubernetes as k8s
import pytest
from prepull import PrePullArgumentError, PrePullDaemonSet, PrePullDaemonSetArgs

from ..conftest import Engine

v1 = k8s.core.v1


def later(value: Any) -> Any:
    """A value that is known only when other resources are there."""

    async def wait() -> Any:
        await asyncio.sleep(0)
        return value

    return pulumi.Output.from_input(wait())


def pods_of(engine: Engine, args: Callable[[], Any]) -> list[dict[str, Any]]:
    """The specifications of the pods of the DaemonSet and the gate. The arguments are made within the program."""
    engine.run(lambda: declare(args()))
    return [engine.only(kind).inputs["spec"]["template"]["spec"] for kind in ("DaemonSet", "Job")]


def declare(args: Any) -> None:
    given: Any = {"images": ["a"], **args}
    PrePullDaemonSet("images", given)


class Effect(Enum):
    """As the SDKs of other packages write choices."""

    NO_EXECUTE = "NoExecute"


TOLERATION = {"key": "a", "operator": "Equal", "value": "b", "effect": "NoExecute", "tolerationSeconds": 5}
WITHOUT_SOME = {"operator": "Exists"}
OF_CLASS: dict[str, Any] = {
    "key": "a",
    "operator": "Equal",
    "value": "b",
    "effect": "NoExecute",
    "toleration_seconds": 5,
}
TOLERATIONS: dict[str, tuple[Callable[[], Any], dict[str, Any]]] = {
    "a class": (lambda: v1.TolerationArgs(**OF_CLASS), TOLERATION),
    "a class without some": (lambda: v1.TolerationArgs(operator="Exists"), WITHOUT_SOME),
    "a class with outputs": (
        lambda: v1.TolerationArgs(**{key: later(value) for key, value in OF_CLASS.items()}),
        TOLERATION,
    ),
    "an output of a class": (lambda: later(v1.TolerationArgs(operator=later("Exists"))), WITHOUT_SOME),
    # As v1.TolerationArgsDict makes it.
    "Pulumi's names": (lambda: OF_CLASS, TOLERATION),
    "the API's names": (lambda: TOLERATION, TOLERATION),
    "no dictionary": (lambda: MappingProxyType(TOLERATION), TOLERATION),
    "no dictionary, with an output": (lambda: MappingProxyType({"operator": later("Exists")}), WITHOUT_SOME),
    "a dictionary of another kind": (lambda: UserDict(TOLERATION), TOLERATION),
    "a choice": (lambda: {**TOLERATION, "effect": Effect.NO_EXECUTE}, TOLERATION),
    "an output within": (lambda: {**TOLERATION, "key": later("a")}, TOLERATION),
}
WITHIN: dict[str, Callable[[list[Any]], Any]] = {
    "a list": lambda items: items,
    "an output of a list": later,
    "a list of outputs": lambda items: [later(item) for item in items],
}


@pytest.mark.parametrize("form", TOLERATIONS)
@pytest.mark.parametrize("within", WITHIN)
def test_a_toleration_in_any_form(engine: Engine, form: str, within: str) -> None:
    made, expected = TOLERATIONS[form]
    pods = pods_of(engine, lambda: {"tolerations": WITHIN[within]([made()])})
    assert pods[0]["tolerations"] == [expected]


both = pytest.mark.parametrize("when", [lambda value: value, later], ids=["known", "later"])


def terms(value: Any) -> Any:
    """A node affinity in Pulumi's classes."""
    return v1.NodeSelectorArgs(
        node_selector_terms=[
            v1.NodeSelectorTermArgs(
                match_expressions=[v1.NodeSelectorRequirementArgs(key="zone", operator="In", values=[value])]
            )
        ]
    )


def affinity(value: Any) -> Any:
    """An affinity in Pulumi's classes, with a value in two places."""
    return v1.AffinityArgs(
        node_affinity=v1.NodeAffinityArgs(required_during_scheduling_ignored_during_execution=terms(value)),
        pod_anti_affinity=v1.PodAntiAffinityArgs(
            preferred_during_scheduling_ignored_during_execution=[
                v1.WeightedPodAffinityTermArgs(
                    weight=1,
                    pod_affinity_term=v1.PodAffinityTermArgs(
                        label_selector=k8s.meta.v1.LabelSelectorArgs(match_labels={"app_name": value}),
                        topology_key="kubernetes.io/hostname",
                    ),
                )
            ]
        ),
    )


@both
def test_an_affinity_with_all_that_is_in_it(engine: Engine, when: Callable[[Any], Any]) -> None:
    pods = pods_of(engine, lambda: {"affinity": affinity(when("a"))})
    found = pods[0]["affinity"]
    [term] = found["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
    assert term["matchExpressions"][0] == {"key": "zone", "operator": "In", "values": ["a"]}
    assert found["podAntiAffinity"] == {
        "preferredDuringSchedulingIgnoredDuringExecution": [
            {
                "weight": 1,
                "podAffinityTerm": {
                    "labelSelector": {"matchLabels": {"app_name": "a"}},
                    "topologyKey": "kubernetes.io/hostname",
                },
            }
        ]
    }


@both
def test_the_resources_of_all_containers(engine: Engine, when: Callable[[Any], Any]) -> None:
    def args() -> Any:
        amounts = [{"cpu": when(cpu), "memory": when("1Gi")} for cpu in "12"]
        given = v1.ResourceRequirementsArgs(requests=amounts[0], limits=when(amounts[1]))
        return {"resources": given, "helper_resources": given}

    expected = {"requests": {"cpu": "1", "memory": "1Gi"}, "limits": {"cpu": "2", "memory": "1Gi"}}
    for spec in pods_of(engine, args):
        for container in (*spec.get("initContainers", []), *spec["containers"]):
            assert container["resources"] == expected


def test_what_another_resource_has_can_be_taken_over(engine: Engine) -> None:
    def program() -> None:
        spec = v1.PodSpecArgs(
            containers=[v1.ContainerArgs(name="a", resources=v1.ResourceRequirementsArgs(limits={"cpu": "3"}))],
            tolerations=[v1.TolerationArgs(key="a", effect="NoExecute", toleration_seconds=7)],
            affinity=v1.AffinityArgs(
                node_affinity=v1.NodeAffinityArgs(required_during_scheduling_ignored_during_execution=terms("b"))
            ),
        )
        pod = v1.Pod("web", spec=spec)
        args: Any = {
            "images": ["a"],
            "tolerations": pod.spec.tolerations,
            "affinity": pod.spec.affinity,
            "resources": pod.spec.containers[0].apply(lambda container: container.resources),
        }
        PrePullDaemonSet("images", args)

    engine.run(program)
    found = engine.only("DaemonSet").inputs["spec"]["template"]["spec"]
    assert found["tolerations"] == [{"key": "a", "effect": "NoExecute", "tolerationSeconds": 7}]
    assert found["initContainers"][0]["resources"]["limits"]["cpu"] == "3"
    [term] = found["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
    assert term["matchExpressions"][0]["values"] == ["b"]


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ({"tolerations": [v1.TolerationArgs(key="a", effect="NoSchedul")]}, r"\['effect'\]: 'NoSchedul' is not one of"),
        (
            {"affinity": v1.TopologySpreadConstraintArgs(max_skew=1, topology_key="a", when_unsatisfiable="b")},
            "affinity: 'max_skew' is not a field of an affinity; they are nodeAffinity, pod",
        ),
        (
            {"resources": v1.ResourceRequirementsArgs(claims=[v1.ResourceClaimArgs(name="a")])},
            "'claims' is not a field of resources",
        ),
        ({"resources": v1.ResourceRequirementsArgs(limits={"cpu": "many"})}, r"\['cpu'\]: 'many' is not a quantity"),
        ({"tolerations": v1.TolerationArgs(operator="Exists")}, "tolerations: .* is not a list"),
        ({"labels": pulumi.ResourceOptions()}, "labels: .* is not a mapping"),
        ({"tolerations": [object()]}, r"tolerations\[0\]: .* is not a mapping"),
    ],
)
def test_what_is_wrong_in_a_class_is_told_at_once(engine: Engine, args: Any, message: str) -> None:
    with pytest.raises(PrePullArgumentError, match=message):
        engine.run(lambda: declare(args))


def test_type_checkers_know_the_classes(engine: Engine) -> None:
    # mypy checks this function.
    args: PrePullDaemonSetArgs = {
        "images": ["a"],
        "tolerations": [v1.TolerationArgs(operator="Exists"), {"operator": "Exists"}],
        "affinity": v1.AffinityArgs(node_affinity=v1.NodeAffinityArgs()),
        "resources": v1.ResourceRequirementsArgs(limits={"cpu": "1"}),
        "helper_resources": {"limits": {"cpu": "1"}},
    }
    engine.run(lambda: declare(args))
    assert engine.only("DaemonSet")
