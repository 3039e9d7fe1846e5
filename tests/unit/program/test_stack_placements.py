"""A block whose workloads run on different nodes, with Pulumi's mocks: which DaemonSets there are, and what waits."""

from __future__ import annotations

from typing import Any

import pulumi
import pulumi_kubernetes as k8s
import pytest
from prepull import PrePullDaemonSet, prepull_stack
from prepull.images.placements import EVERYWHERE, UNTAINTED, placement

from ..conftest import Engine
from .blocks import library, pod, rendered, run, unknown, waits

GPU: dict[str, Any] = {
    "nodeSelector": {"pool": "gpu"},
    "tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}],
}
DB: dict[str, Any] = {"tolerations": [{"key": "dedicated", "value": "db"}]}
OF_GPU, OF_DB = f"images-{placement(GPU).slug}", f"images-{placement(DB).slug}"


def on(where: Any, name: str, image: Any = None, **options: Any) -> k8s.core.v1.Pod:
    """A pod with the placement of a spec."""
    spec: Any = {**where, "containers": [{"name": "app", "image": name if image is None else image}]}
    return k8s.core.v1.Pod(name, spec=spec, opts=pulumi.ResourceOptions(**options))


def daemon_sets(engine: Engine) -> dict[str, Any]:
    """The specs of the pods of all DaemonSets, by name."""
    return {item.name: item.inputs["spec"]["template"]["spec"] for item in engine.find("DaemonSet")}


def taints(spec: Any) -> set[str]:
    """The keys of the taints that are tolerated, but for those that say how a node is; an empty one is every key."""
    return {
        each.get("key", "")
        for each in spec["tolerations"]
        if not each.get("key", "").endswith(("ready", "ized", "able"))
    }


def listed(engine: Engine) -> dict[str, list[str]]:
    """The images that each component pulls."""
    return {
        item.name.removesuffix("-scripts"): item.inputs["data"]["images"].split()
        for item in engine.find("ConfigMap")
        if "images" in item.inputs.get("data", {})
    }


def test_each_image_goes_where_it_may_run_and_each_workload_waits_for_its_own(engine: Engine) -> None:
    def program() -> dict[str, Any]:
        with prepull_stack("images") as images:
            pod("web", "a")
            on(GPU, "train", "b")
            on(DB, "db", "c")
            on({**GPU, "containers": []}, "serve", "d")
        return {"images": images.images, "placements": images.placements}

    seen = engine.run(program)
    made = daemon_sets(engine)
    assert set(made) == {"images", OF_GPU, OF_DB}
    assert {name: spec["nodeSelector"].get("pool") for name, spec in made.items()} == {
        "images": None,
        OF_GPU: "gpu",
        OF_DB: None,
    }
    assert {name: taints(spec) for name, spec in made.items()} == {
        "images": set(),
        OF_GPU: {"nvidia.com/gpu"},
        OF_DB: {"dedicated"},
    }
    gates = waits(engine)
    assert {name: gates[name] for name in ("web", "train", "db", "serve")} == {
        "web": {"images-gate"},
        "train": {f"{OF_GPU}-gate"},
        "db": {f"{OF_DB}-gate"},
        "serve": {f"{OF_GPU}-gate"},
    }
    assert seen["images"] == library("a", "b", "c", "d")
    assert {each["name"]: each["images"] for each in seen["placements"]} == {
        "images": library("a"),
        OF_GPU: library("b", "d"),
        OF_DB: library("c"),
    }
    [of_gpu] = [each for each in seen["placements"] if each["name"] == OF_GPU]
    assert of_gpu["title"] == "nodes with pool=gpu, also if tainted nvidia.com/gpu:NoSchedule"
    assert of_gpu["node_selector"] == {"pool": "gpu"}
    assert of_gpu["tolerations"][0] == GPU["tolerations"][0]


def test_workloads_that_name_no_nodes_have_the_urns_of_a_single_component(engine: Engine) -> None:
    run(engine, lambda: pod("a", "a"))
    alone = Engine()
    alone.run(lambda: PrePullDaemonSet("images", {"images": ["a"]}) and None)
    ours = {(item.type, item.name, item.request.parent) for item in engine.recorder.registered}
    assert {(item.type, item.name, item.request.parent) for item in alone.recorder.registered} <= ours


def test_no_daemon_set_without_images(engine: Engine) -> None:
    def program() -> dict[str, Any]:
        with prepull_stack("images") as images:
            on(GPU, "train")
            on(DB, "empty", "")
        return {"name": images.daemon_set_name, "ready": images.ready_nodes, "desired": images.desired_nodes}

    assert engine.run(program) == {"name": f"{OF_GPU}-1a2b3c4d", "ready": 2, "desired": 3}
    assert set(daemon_sets(engine)) == {OF_GPU}
    assert waits(engine)["empty"] == set()


def test_a_further_placement_changes_no_other_one(engine: Engine) -> None:
    def declared(of: Engine) -> dict[str, Any]:
        return {item.name: item.inputs for item in of.recorder.registered if item.name.startswith("images-")}

    run(engine, lambda: [on(GPU, "train"), pod("web", "a")])
    other = Engine()
    run(other, lambda: [on(DB, "db"), pod("web", "a"), on(GPU, "train")])
    assert declared(engine).items() <= declared(other).items()


def test_listed_images_go_to_every_node(engine: Engine) -> None:
    def rest() -> None:
        pod("web", "a")
        on(EVERYWHERE.arguments() | {"tolerations": [{"operator": "Exists"}]}, "agent", "b")

    assert run(engine, rest, args={"images": ["z"]}) == library("z", "b", "a")
    made = daemon_sets(engine)
    assert {name: taints(spec) for name, spec in made.items()} == {"images": set(), "images-everywhere": {""}}
    assert waits(engine)["web"] == {"images-gate"}
    assert waits(engine)["agent"] == {"images-everywhere-gate"}


def test_a_placement_that_is_an_output_is_everywhere_and_the_screen_says_so(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(pulumi.log, "info", said.append)

    def rest() -> None:
        on({"nodeSelector": {"pool": pulumi.Output.from_input("gpu")}}, "one")
        spec: Any = pulumi.Output.from_input({"containers": [{"name": "app", "image": "two"}], **GPU})
        k8s.core.v1.Pod("two", spec=spec)
        on({**GPU, "env": pulumi.Output.from_input([])}, "three", pulumi.Output.from_input("three"))
        on({"nodeName": "node-1"}, "four")

    assert run(engine, rest) == library("four", "one", "two", "three")
    assert set(daemon_sets(engine)) == {"images-everywhere", OF_GPU}
    assert [line.partition(" its images")[0] for line in said] == [
        "prepull_stack 'images': Pod 'one':",
        "prepull_stack 'images': Pod 'two':",
    ]
    assert "go to every node, because an output says where its pods may run; to pull them" in said[0]


def test_a_preview_shows_the_same_daemon_sets(engine: Engine) -> None:
    def rest() -> None:
        on(GPU, "train", unknown())
        pod("web", "a")

    run(engine, rest, preview=True)
    assert {item.name for item in engine.find("DaemonSet")} == {"images", OF_GPU}
    assert waits(engine)["train"] == {f"{OF_GPU}-gate"}


def test_arguments_that_may_be_known_later_apply_to_every_placement(engine: Engine) -> None:
    more = k8s.core.v1.TolerationArgs(key="team", operator="Exists")
    term = {"match_expressions": [{"key": "arch", "operator": "Exists"}]}
    node: Any = {"required_during_scheduling_ignored_during_execution": {"node_selector_terms": [term]}}
    args: Any = {
        "node_selector": {"ours": pulumi.Output.from_input("yes")},
        "tolerations": pulumi.Output.from_input([more]),
        "affinity": {"node_affinity": node},
    }
    zone = {"matchExpressions": [{"key": "zone", "operator": "In", "values": ["a"]}]}
    affinity: Any = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [zone]}}}

    run(engine, lambda: [on({**GPU, "affinity": affinity}, "train"), pod("web", "a")], args=args)
    made = daemon_sets(engine)
    of_gpu = next(spec for name, spec in made.items() if name != "images")
    assert of_gpu["nodeSelector"] == {"kubernetes.io/os": "linux", "pool": "gpu", "ours": "yes"}
    assert taints(of_gpu) == {"nvidia.com/gpu", "team"}
    assert taints(made["images"]) == {"team"}
    [both] = of_gpu["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
    assert [each["key"] for each in both["matchExpressions"]][:2] == ["zone", "arch"]


def test_wrong_arguments_that_are_known_later_are_refused(engine: Engine) -> None:
    args: Any = {"node_selector": pulumi.Output.from_input({"a b": "c"})}
    with pytest.raises(pulumi.RunError, match=r"node_selector: 'a b' is not a key"):
        run(engine, lambda: pod("web", "a"), args=args)


def test_nodes_that_no_component_can_select_are_refused_with_the_workload(engine: Engine) -> None:
    with pytest.raises(pulumi.RunError, match=r"(?s)Pod 'web': .*node_selector\['pool'\]: 'a b' is not a label's"):
        run(engine, lambda: on({"nodeSelector": {"pool": "a b"}}, "web"))


def test_the_children_of_a_chart_have_their_own_placements(engine: Engine) -> None:
    result = rendered("a", "b")
    result["result"][1]["spec"].update(GPU)
    engine.recorder.answers = {"kubernetes:helm:template": result}

    def rest() -> None:
        k8s.helm.v3.Release("release", k8s.helm.v3.ReleaseArgs(chart="nginx"))
        on(GPU, "train", "c")

    assert run(engine, rest) == library("a", "b", "c")
    assert set(daemon_sets(engine)) == {"images", OF_GPU}
    assert waits(engine)["release"] == {"images-gate", f"{OF_GPU}-gate"}
    assert waits(engine)["train"] == {f"{OF_GPU}-gate"}


def test_a_runtime_class_of_the_program_says_where_its_pods_run(engine: Engine) -> None:
    scheduling: Any = {"node_selector": {"pool": "gpu"}, "tolerations": GPU["tolerations"]}

    def rest() -> None:
        k8s.node.v1.RuntimeClass("class", metadata={"name": "gpu"}, handler="runc", scheduling=scheduling)
        on({"runtimeClassName": "gpu"}, "train")
        on({"runtimeClassName": "unknown"}, "web")

    run(engine, rest)
    assert {"train": waits(engine)["train"], "web": waits(engine)["web"]} == {
        "train": {f"{OF_GPU}-gate"},
        "web": {"images-gate"},
    }


def test_what_depends_on_the_block_waits_for_every_placement(engine: Engine) -> None:
    def program() -> None:
        with prepull_stack("images") as images:
            on(GPU, "train")
            pod("web", "a")
        pod("after", "b", depends_on=[images])

    engine.run(program)
    assert waits(engine)["after"] == {"images-gate", f"{OF_GPU}-gate"}


def test_a_workload_of_a_new_placement_that_is_declared_too_late(engine: Engine) -> None:
    def program() -> None:
        with prepull_stack("images") as images:
            pod("a", "a")
            slow = k8s.core.v1.ConfigMap("slow", data={"x": "y"}, opts=pulumi.ResourceOptions(depends_on=[images]))
            slow.data.apply(lambda _: on(GPU, "late", "a"))

    with pytest.raises(pulumi.RunError, match=r"Pod 'late' was declared when the block's list of images was complete"):
        engine.run(program)


def test_a_list_of_pods_waits_for_all_its_placements(engine: Engine) -> None:
    pods: Any = [
        {"metadata": {"name": name}, "spec": {**where, "containers": [{"name": "app", "image": name}]}}
        for name, where in (("a", {}), ("b", GPU))
    ]
    run(engine, lambda: k8s.core.v1.PodList("pods", items=pods))
    assert waits(engine)["pods"] == {"images-gate", f"{OF_GPU}-gate"}
    assert UNTAINTED.slug not in str(set(daemon_sets(engine)))
