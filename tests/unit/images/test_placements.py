"""Placements: which nodes a pod's spec names, when two are the same, and what a DaemonSet for them is told."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prepull.arguments.check import complaints_of
from prepull.images.placements import EVERYWHERE, UNTAINTED, Placement, placement

LINUX = {"key": "kubernetes.io/os", "operator": "In", "values": ["linux"]}
ZONE = {"key": "topology.kubernetes.io/zone", "operator": "In", "values": ["b", "a"]}
SSD = {"key": "disk", "operator": "Exists"}
GPU = {"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}
REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"


def affinity(*terms: Any, rule: str = REQUIRED) -> dict[str, Any]:
    return {"affinity": {"nodeAffinity": {rule: {"nodeSelectorTerms": list(terms)}}}}


def all_of(*conditions: Any) -> dict[str, Any]:
    return {"matchExpressions": list(conditions)}


def tolerating(*tolerations: Any) -> dict[str, Any]:
    return {"tolerations": list(tolerations)}


def keys(arguments: dict[str, Any]) -> list[str]:
    """The keys of the taints that are tolerated; an empty one is every key."""
    return [each.get("key", "") for each in arguments["tolerations"]]


@pytest.mark.parametrize(
    "spec",
    [
        {},
        {"containers": [{"name": "app", "image": "a", "resources": {"requests": {"cpu": "1", "memory": "1Gi"}}}]},
        {"nodeSelector": {"kubernetes.io/os": "linux"}, "os": {"name": "linux"}},
        affinity(all_of(LINUX)),
        affinity(all_of(ZONE), all_of(LINUX)),
        affinity({"preference": all_of(ZONE)}, rule="preferredDuringSchedulingIgnoredDuringExecution"),
        {"affinity": {"podAntiAffinity": {REQUIRED: [{"topologyKey": "kubernetes.io/hostname"}]}}},
        tolerating({**GPU, "effect": "PreferNoSchedule"}),
        # What an API server adds to running pods.
        tolerating(
            {
                "key": "node.kubernetes.io/not-ready",
                "operator": "Exists",
                "effect": "NoExecute",
                "tolerationSeconds": 3,
            },
            {"key": "node.kubernetes.io/memory-pressure", "operator": "Exists", "effect": "NoSchedule"},
        ),
        {"nodeName": "node-1"},
        {"runtimeClassName": "unknown"},
        # Nothing that the API server would take.
        {"nodeSelector": None, "affinity": "a", "tolerations": [None, {}, {"value": "a"}]},
    ],
)
def test_a_pod_that_names_no_nodes_runs_where_no_taint_is(spec: Any) -> None:
    found = placement(spec)
    assert found == UNTAINTED
    assert (found.node_selector, found.affinity, found.tolerations) == ({}, None, [])
    assert (found.slug, found.title) == ("untainted", "untainted nodes")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"nodeSelector": {"a": "1", "b": "2"}}, {"nodeSelector": {"b": "2", "kubernetes.io/os": "linux", "a": "1"}}),
        (affinity(all_of(ZONE, SSD)), affinity(all_of(SSD, {**ZONE, "values": ["a", "b", "a"]}, ZONE, LINUX))),
        (affinity(all_of(ZONE), all_of(SSD)), affinity(all_of(SSD), all_of(ZONE), all_of(SSD), {})),
        (tolerating(GPU, SSD), tolerating(SSD, GPU, {**SSD, "effect": "NoExecute", "tolerationSeconds": 60})),
        (tolerating({"key": "a"}), tolerating({"key": "a", "operator": "Equal", "value": "", "effect": ""})),
        (
            tolerating({"key": "a", "value": "b"}, SSD),
            tolerating(SSD, {"key": "a", "value": "b", "effect": "NoExecute"}, {"key": "a", "value": "b"}),
        ),
        (tolerating({"operator": "Exists"}), tolerating(GPU, {"operator": "Exists"}, {"key": "a", "value": "b"})),
        (tolerating({"key": "a", "operator": "Exists"}), tolerating({"key": "a", "operator": "Gt", "value": "5"})),
        (
            tolerating(GPU),
            {"containers": [{"resources": {"limits": {"nvidia.com/gpu": 1, "hugepages-2Mi": "4Mi"}}}]},
        ),
        (tolerating(GPU), {"initContainers": [{"resources": {"requests": {"nvidia.com/gpu": "1"}}}]}),
    ],
)
def test_the_same_nodes_in_other_words(one: Any, other: Any) -> None:
    assert placement(one) == placement(other)
    assert hash(placement(one)) == hash(placement(other))
    assert placement(one).slug == placement(other).slug
    assert placement(one).arguments() == placement(other).arguments()


def test_what_names_other_nodes_differs() -> None:
    specs: list[dict[str, Any]] = [
        {},
        {"nodeSelector": {"a": "1"}},
        {"nodeSelector": {"a": "2"}},
        affinity(all_of({"key": "a", "operator": "In", "values": ["1"]})),
        affinity({"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["a"]}]}),
        affinity(all_of(ZONE, SSD)),
        affinity(all_of(ZONE), all_of(SSD)),
        tolerating({"key": "a", "value": "1"}),
        tolerating({"key": "a", "operator": "Exists"}),
        tolerating({"key": "a", "operator": "Exists", "effect": "NoSchedule"}),
        tolerating({"operator": "Exists", "effect": "NoSchedule"}),
        tolerating({"operator": "Exists"}),
    ]
    found = {placement(spec) for spec in specs}
    assert len(found) == len({each.slug for each in found}) == len({each.title for each in found}) == len(specs)


def test_a_runtime_class_counts_where_it_is_known() -> None:
    scheduling: Any = {"nodeSelector": {"sandbox": "gvisor"}, "tolerations": [{"key": "sandbox", "operator": "Exists"}]}
    classes: Any = {"gvisor": {"handler": "runsc", "scheduling": scheduling}, "plain": {"handler": "runc"}}
    spec = {"runtimeClassName": "gvisor", "nodeSelector": {"pool": "a"}, "tolerations": [GPU]}
    both = {"nodeSelector": {"pool": "a", "sandbox": "gvisor"}, "tolerations": [GPU, scheduling["tolerations"][0]]}
    assert placement(spec, classes) == placement(both)
    assert placement(spec) == placement({**spec, "runtimeClassName": None})
    assert placement({"runtimeClassName": "plain"}, classes) == UNTAINTED


def test_everywhere_is_what_tolerates_everything_and_the_component_s_own_default() -> None:
    assert placement(tolerating({"operator": "Exists"})) == EVERYWHERE
    assert (EVERYWHERE.slug, EVERYWHERE.title, EVERYWHERE.arguments()) == ("everywhere", "every node", {})


@pytest.mark.parametrize(
    ("spec", "slug", "title"),
    [
        ({"nodeSelector": {"pool": "gpu"}}, "pool-gpu-d12d09", "untainted nodes with pool=gpu"),
        (
            {"nodeSelector": {"nvidia.com/gpu.present": "true"}, "tolerations": [GPU]},
            "gpu-present-ff7c39",
            "nodes with nvidia.com/gpu.present=true, also if tainted nvidia.com/gpu:NoSchedule",
        ),
        (
            affinity(all_of(ZONE)),
            "zone-in-a-b-3c7002",
            "untainted nodes with topology.kubernetes.io/zone In a,b",
        ),
        (
            affinity(all_of(ZONE), all_of(SSD)),
            "disk-exists-bb5fa4",
            "untainted nodes with (disk Exists) or (topology.kubernetes.io/zone In a,b)",
        ),
        (
            tolerating({"key": "example.com/dedicated", "value": "db"}),
            "dedicated-db-00dfc6",
            "nodes, also if tainted example.com/dedicated=db",
        ),
        (
            tolerating({"operator": "Exists", "effect": "NoExecute"}),
            "any-noexecute-8610e1",
            "nodes, also if tainted any:NoExecute",
        ),
        ({"nodeSelector": {"a" * 60: "b" * 60}}, f"{'a' * 24}-b48a7a", f"untainted nodes with {'a' * 60}={'b' * 60}"),
    ],
)
def test_names_can_be_read_and_stay(spec: Any, slug: str, title: str) -> None:
    assert (placement(spec).slug, placement(spec).title) == (slug, title)


STATES = [
    "node.kubernetes.io/not-ready",
    "node.kubernetes.io/unreachable",
    "node.kubernetes.io/network-unavailable",
    "node.cloudprovider.kubernetes.io/uninitialized",
    "node.cilium.io/agent-not-ready",
    "ebs.csi.aws.com/agent-not-ready",
]


def test_the_arguments_select_the_nodes_and_let_a_joining_node_pull_before_it_is_ready() -> None:
    made = placement({"nodeSelector": {"pool": "gpu"}, **affinity(all_of(ZONE)), **tolerating(GPU)}).arguments()
    assert made["node_selector"] == {"pool": "gpu"}
    assert made["affinity"] == affinity(all_of({**ZONE, "values": ["a", "b"]}))["affinity"]
    assert made["tolerations"][0] == GPU
    assert keys(made) == ["nvidia.com/gpu", *STATES]
    assert UNTAINTED.arguments() == {"tolerations": made["tolerations"][1:]}


def test_given_labels_come_first_and_given_tolerations_are_added() -> None:
    wanted = placement({"nodeSelector": {"pool": "gpu", "zone": "a"}, **tolerating(GPU)})
    more = {"key": "team", "operator": "Exists"}
    made = wanted.arguments({"node_selector": {"zone": "b", "ours": "yes"}, "tolerations": [more, GPU], "hold": True})
    assert made["node_selector"] == {"pool": "gpu", "zone": "b", "ours": "yes"}
    assert keys(made) == ["nvidia.com/gpu", "team", *STATES]
    assert wanted.arguments({"tolerations": [{"operator": "Exists"}]})["tolerations"] == [GPU, {"operator": "Exists"}]
    assert wanted.arguments({"node_selector": None, "affinity": None, "tolerations": None}) == wanted.arguments()


def test_given_arguments_are_all_that_counts_where_the_placement_says_nothing() -> None:
    given = {"node_selector": {"a": "b"}, "affinity": {"podAffinity": {}}, "tolerations": [GPU]}
    assert EVERYWHERE.arguments(given) == given
    assert EVERYWHERE.arguments({"tolerations": []}) == {"tolerations": []}


def test_a_node_must_match_the_placement_s_and_the_given_affinity() -> None:
    arm = {"key": "kubernetes.io/arch", "operator": "In", "values": ["arm64"]}
    here = {"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["here"]}]}
    zone = {**ZONE, "values": ["a", "b"]}
    preferred = {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 1}]}
    own = affinity(all_of(arm), here)["affinity"]
    given: Any = {"nodeAffinity": {**own["nodeAffinity"], **preferred}, "podAntiAffinity": {}}
    combined = placement(affinity(all_of(SSD), all_of(ZONE))).arguments({"affinity": given})["affinity"]
    terms = [all_of(SSD, arm), {**all_of(SSD), **here}, all_of(zone, arm), {**all_of(zone), **here}]
    assert combined == {
        "nodeAffinity": {**affinity(*terms)["affinity"]["nodeAffinity"], **preferred},
        "podAntiAffinity": {},
    }
    other = placement(affinity(all_of(SSD))).arguments({"affinity": {"podAffinity": {}}})["affinity"]
    assert other == {**affinity(all_of(SSD))["affinity"], "podAffinity": {}}


TEXTS = st.sampled_from(["a", "b", "example.com/c"])
CONDITIONS = st.fixed_dictionaries(
    {"key": TEXTS, "operator": st.sampled_from(["In", "NotIn"]), "values": st.lists(TEXTS, min_size=1, max_size=3)}
)
TERMS = st.fixed_dictionaries({"matchExpressions": st.lists(CONDITIONS, max_size=3)})
TOLERATIONS = st.fixed_dictionaries(
    {"key": TEXTS, "operator": st.just("Exists")},
    optional={"effect": st.sampled_from(["NoSchedule", "NoExecute", "PreferNoSchedule"])},
)


@given(
    st.dictionaries(TEXTS, st.sampled_from(["", "x"])),
    st.lists(TERMS, max_size=3),
    st.lists(TOLERATIONS, max_size=4),
    st.randoms(use_true_random=False),
)
def test_the_order_of_a_spec_decides_nothing_and_the_component_takes_the_arguments(
    selector: Any, terms: Any, tolerations: Any, random: Random
) -> None:
    def spec() -> dict[str, Any]:
        parts = [{**term, "matchExpressions": shuffled(term["matchExpressions"])} for term in shuffled(terms)]
        return {
            "nodeSelector": dict(shuffled(selector.items())),
            **affinity(*parts),
            **tolerating(*shuffled(tolerations)),
        }

    def shuffled(some: Any) -> Any:
        return random.sample(list(some), len(some))

    first, second = placement(spec()), placement(spec())
    assert first == second
    assert first.slug == second.slug
    assert complaints_of(first.arguments()) == []
    assert placement(as_spec(first)) == first


def as_spec(wanted: Placement) -> dict[str, Any]:
    return {
        "nodeSelector": wanted.node_selector,
        "affinity": wanted.affinity,
        "tolerations": wanted.arguments().get("tolerations", [{"operator": "Exists"}]),
    }
