"""The images of other resources, through Pulumi's mocks."""

from __future__ import annotations

from typing import Any

import pulumi
import pulumi_kubernetes
import pytest
from prepull import PrePullArgumentError, images_of

from ..conftest import Engine

# Its types for mappings are unions within unions: to check one against them takes mypy gigabytes.
k8s: Any = pulumi_kubernetes
NGINX = "docker.io/library/nginx:1.27"
REDIS = "docker.io/library/redis:7.4"
POD = {"containers": [{"name": "app", "image": "nginx:1.27"}], "initContainers": [{"name": "i", "image": "redis:7.4"}]}
TEMPLATE = {"template": {"metadata": {"labels": {"a": "b"}}, "spec": POD}}
SELECTED = {"selector": {"matchLabels": {"a": "b"}}, **TEMPLATE}


def pod(image: Any) -> dict[str, Any]:
    return {"containers": [{"name": "app", "image": image}]}


def found(engine: Engine, declare: Any, **options: Any) -> list[str]:
    """What images_of makes of what a program declares."""

    def program() -> dict[str, Any]:
        declared = declare()
        return {"images": images_of(*declared) if isinstance(declared, tuple) else images_of(declared)}

    return list(engine.run(program, **options)["images"])


@pytest.mark.parametrize(
    "declare",
    [
        lambda: k8s.core.v1.Pod("web", spec=POD),
        lambda: k8s.apps.v1.Deployment("web", spec=SELECTED),
        lambda: k8s.apps.v1.StatefulSet("web", spec={"serviceName": "web", **SELECTED}),
        lambda: k8s.apps.v1.DaemonSet("web", spec=SELECTED),
        lambda: k8s.apps.v1.ReplicaSet("web", spec=SELECTED),
        lambda: k8s.batch.v1.Job("web", spec=TEMPLATE),
        lambda: k8s.batch.v1.CronJob("web", spec={"schedule": "* * * * *", "jobTemplate": {"spec": TEMPLATE}}),
        lambda: k8s.apps.v1.DeploymentPatch("web", metadata={"name": "web"}, spec=SELECTED),
        lambda: k8s.apps.v1.DeploymentList("web", items=[{"spec": SELECTED}]),
    ],
)
def test_every_kind_of_workload(engine: Engine, declare: Any) -> None:
    assert sorted(found(engine, declare)) == [NGINX, REDIS]


def test_a_spec_by_pulumis_classes_and_as_a_mapping(engine: Engine) -> None:
    containers = [k8s.core.v1.ContainerArgs(name="app", image="nginx:1.27")]
    spec = k8s.apps.v1.DeploymentSpecArgs(
        selector=k8s.meta.v1.LabelSelectorArgs(match_labels={"a": "b"}),
        template=k8s.core.v1.PodTemplateSpecArgs(
            spec=k8s.core.v1.PodSpecArgs(
                containers=containers,
                volumes=[k8s.core.v1.VolumeArgs(name="v", image={"reference": "redis:7.4"})],
            )
        ),
    )
    assert found(engine, lambda: (spec,)) == [NGINX, REDIS]
    assert found(engine, lambda: ({"job_template": {"spec": TEMPLATE}}, SELECTED, [POD])) == [REDIS, NGINX]


def test_outputs_at_every_depth(engine: Engine) -> None:
    def declare() -> tuple[Any, ...]:
        def later(value: Any) -> pulumi.Output[Any]:
            return pulumi.Output.from_input(value).apply(lambda known: known)

        async def even_later() -> str:
            return "b:1"

        return (
            later({"spec": later({"template": {"spec": {"containers": later([{"image": later("a:1")}])}}})}),
            {"containers": [{"image": even_later()}]},
        )

    assert found(engine, declare) == ["docker.io/library/a:1", "docker.io/library/b:1"]


def test_a_spec_waits_for_nothing_but_its_images(engine: Engine) -> None:
    dependencies: list[Any] = []

    def program() -> dict[str, Any]:
        database = k8s.core.v1.Service("database", spec={"ports": [{"port": 1}]})
        built = k8s.core.v1.ConfigMap("built", data={"image": "nginx:1.27"})
        address = {"name": "DATABASE", "value": database.metadata["name"]}
        spec = {"containers": [{"name": "app", "image": built.data["image"], "env": [address]}]}
        images = images_of(spec)

        async def remember() -> None:
            dependencies.extend(await images.resources())

        return {"images": images, "remembered": pulumi.Output.from_input(remember())}

    assert engine.run(program)["images"] == [NGINX]
    assert [each.pulumi_resource_name for each in dependencies] == ["built"]


def test_an_image_that_is_unknown_in_a_preview_makes_the_list_unknown(engine: Engine) -> None:
    async def value(what: Any) -> Any:
        return what

    def program() -> dict[str, Any]:
        unknown: pulumi.Output[str] = pulumi.Output(set(), value(None), value(False))
        images = images_of(pod("a"), pod(unknown))

        async def known() -> bool:
            return await images.is_known()

        return {"known": pulumi.Output.from_input(known())}

    assert engine.run(program, preview=True) == {"known": False}


class App(pulumi.ComponentResource):
    def __init__(self, name: str, **outputs: Any) -> None:
        super().__init__("test:index:App", name)
        made = [k8s.core.v1.Pod(each, spec=pod(each), opts=pulumi.ResourceOptions(parent=self)) for each in ("b", "a")]
        service = k8s.core.v1.Service(
            "service", spec={"ports": [{"port": 1}]}, opts=pulumi.ResourceOptions(parent=self)
        )
        for output, convert in outputs.items():
            setattr(self, output, pulumi.Output.from_input([*made, service]).apply(convert))


def test_a_component_that_lists_what_it_has_made(engine: Engine) -> None:
    def by_name(made: list[Any]) -> dict[str, Any]:
        return {each.pulumi_resource_name: each for each in made}

    for convert in (list, by_name):
        assert found(engine, lambda: App("app", resources=convert)) == [  # noqa: B023 - it is called at once
            "docker.io/library/b:latest",
            "docker.io/library/a:latest",
        ]


def test_a_component_that_lists_nothing_is_an_error_with_the_way_out(engine: Engine) -> None:
    expected = r"images_of: App 'app' does not list its children in an output 'resources'; .* in a block of prepull_st"
    with pytest.raises(PrePullArgumentError, match=expected):
        found(engine, lambda: App("app", others=list))


YAML = """
apiVersion: v1
kind: List
items:
  - apiVersion: v1
    kind: Pod
    metadata: {name: x, namespace: apps}
    spec: {containers: [{name: app, image: nginx:1.27}]}
  - apiVersion: v1
    kind: Service
    metadata: {name: y}
    spec: {ports: [{port: 1}]}
"""


def test_a_chart_and_yaml_whose_children_this_program_declares(engine: Engine) -> None:
    pods = [
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "apps"}, "spec": pod(name)}
        for name in ("a", "b")
    ]
    engine.recorder.answers = {
        "kubernetes:helm:template": {"result": pods},
        "kubernetes:yaml:decode": {"result": pods[:1]},
    }

    def declare() -> tuple[Any, ...]:
        return (
            k8s.helm.v3.Chart("chart", k8s.helm.v3.LocalChartOpts(path="./nowhere")),
            k8s.yaml.ConfigGroup("group", yaml=["a: b"]),
        )

    assert found(engine, declare) == ["docker.io/library/a:latest", "docker.io/library/b:latest"]


def test_a_release_is_rendered_from_its_inputs(engine: Engine) -> None:
    engine.recorder.answers = {
        "kubernetes:helm:template": {
            "result": [{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "spec": pod("nginx:1.27")}]
        }
    }
    args = k8s.helm.v3.ReleaseArgs(chart="nginx", version="1.2.3", values={"a": {"b": 1}})

    assert found(engine, lambda: k8s.helm.v3.Release("web", args)) == [NGINX]

    [(token, asked)] = engine.recorder.calls
    assert token == "kubernetes:helm:template"
    assert '"values": {"a": {"b": 1' in asked["jsonOpts"]
    assert '"version": "1.2.3"' in asked["jsonOpts"]


def test_what_runs_no_pods_is_an_error_at_once(engine: Engine) -> None:
    service = {"ports": [{"port": 1}]}
    with pytest.raises(PrePullArgumentError, match=r"images_of: Service 'web' runs no pods"):
        found(engine, lambda: k8s.core.v1.Service("web", spec=service))
    with pytest.raises(PrePullArgumentError, match=r"argument 2\[0\]: 'nginx' is neither a workload nor a part of one"):
        images_of({"containers": []}, ["nginx"])
    with pytest.raises(PrePullArgumentError, match="there is nothing to look into"):
        images_of()


@pytest.mark.parametrize(
    ("placement", "reason"),
    [
        ({"node_selector": {"kubernetes.io/os": "windows"}}, "nodeSelector: kubernetes.io/os=windows"),
        ({"os": k8s.core.v1.PodOSArgs(name="windows")}, "os.name: windows"),
        (
            {
                "affinity": k8s.core.v1.AffinityArgs(
                    node_affinity=k8s.core.v1.NodeAffinityArgs(
                        required_during_scheduling_ignored_during_execution=k8s.core.v1.NodeSelectorArgs(
                            node_selector_terms=[
                                {"match_expressions": [{"key": "kubernetes.io/os", "operator": "In", "values": ["x"]}]}
                            ]
                        )
                    )
                )
            },
            "affinity: no term of the required node affinity matches Linux",
        ),
    ],
)
def test_what_no_linux_node_runs_is_left_out_and_said(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, placement: Any, reason: str
) -> None:
    said: list[str] = []
    monkeypatch.setattr(pulumi.log, "warn", said.append)
    windows = k8s.core.v1.PodSpecArgs(containers=[k8s.core.v1.ContainerArgs(name="app", image="win:1")], **placement)
    assert found(engine, lambda: (windows, POD)) == [REDIS, NGINX]
    assert said == [f"left out: images_of: argument 1: {reason}: no Linux node runs it"]


def test_where_pods_run_may_be_an_output(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(pulumi.log, "warn", said.append)

    def declare() -> Any:
        system = pulumi.Output.from_input("windows").apply(lambda known: known)
        windows = {"node_selector": {"kubernetes.io/os": system, "a": "b"}, **pod("win:1")}
        return k8s.core.v1.Pod("windows", spec=windows), k8s.core.v1.Pod("linux", spec=POD)

    assert found(engine, declare) == [REDIS, NGINX]
    assert said == ["left out: Pod 'windows': spec.nodeSelector: kubernetes.io/os=windows: no Linux node runs it"]


def test_where_a_pod_runs_alone_is_not_a_part_of_a_workload() -> None:
    with pytest.raises(PrePullArgumentError, match="neither a workload nor a part of one"):
        images_of({"nodeSelector": {"kubernetes.io/os": "linux"}})


def test_an_image_that_is_none_is_an_error_with_the_resources_name(engine: Engine) -> None:
    with pytest.raises(
        pulumi.RunError, match=r"Pod 'web': spec\.containers\[0\]\.image: 'UPPER/case' is not an image ref"
    ):
        found(engine, lambda: k8s.core.v1.Pod("web", spec=pod("UPPER/case")))
