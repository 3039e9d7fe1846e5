"""`prepull discover`: the objects that it reads and leaves out, and the formats of its output."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml
from prepull.arguments import stackfile
from prepull.arguments.check import check

from ...blocks import ROOT
from ..cluster.fake_api import FakeApi
from ..cluster.objects import daemon_set
from ..cluster.pods import there
from .conftest import Prepull

ISTIO = "Istio puts one in when a pod starts; to pull that image, write it in images"
PLURALS = ("cronjobs", "daemonsets", "deployments", "jobs", "pods", "replicasets", "statefulsets")


def pod_spec(*images: str) -> dict[str, Any]:
    return {"containers": [{"name": f"c{index}", "image": image} for index, image in enumerate(images)]}


def named(name: str, owner: str | None = None, **metadata: Any) -> dict[str, Any]:
    owners = [{"kind": owner, "name": "owner", "controller": True}] if owner else []
    return {"name": name, "namespace": "here", "resourceVersion": "1", "ownerReferences": owners, **metadata}


def templated(name: str, *images: str, owner: str | None = None, **more: Any) -> dict[str, Any]:
    spec = {"template": {"spec": pod_spec(*images)}, **more.pop("spec", {})}
    return {"metadata": named(name, owner), "spec": spec, **more}


def pod(name: str, *images: str, owner: str | None = None, phase: str = "Running", **metadata: Any) -> dict[str, Any]:
    return {"metadata": named(name, owner, **metadata), "spec": pod_spec(*images), "status": {"phase": phase}}


def fill(api: FakeApi) -> None:
    api.items["deployments"] = [templated("web", "nginx:1.27", "quay.io/org/sidecar:1")]
    api.items["statefulsets"] = [templated("db", "postgres:17")]
    api.items["daemonsets"] = [templated("agent", "agent:1"), daemon_set()]
    api.items["cronjobs"] = [
        {
            "metadata": named("nightly"),
            "spec": {"jobTemplate": {"spec": {"template": {"spec": pod_spec("backup:1")}}}},
        }
    ]
    api.items["jobs"] = [templated("migrate", "migrate:1")]
    api.items["pods"] = [pod("bare", "docker.io/library/nginx:1.27")]


ALL = [
    "docker.io/library/agent:1",
    "docker.io/library/backup:1",
    "docker.io/library/migrate:1",
    "docker.io/library/nginx:1.27",
    "docker.io/library/postgres:17",
    "quay.io/org/sidecar:1",
]


def test_every_kind_as_configuration_that_can_be_used(api: FakeApi, prepull: Prepull, tmp_path: Path) -> None:
    fill(api)
    ran = prepull("discover")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("config:\n  prepull:images:\n  - docker.io/library/agent:1\n")
    args = stackfile.arguments(yaml.safe_load(ran.out))
    assert [str(image) for image in check("images", args).images] == ALL
    (tmp_path / "Pulumi.dev.yaml").write_text(ran.out)
    assert prepull("render", "--config", tmp_path / "Pulumi.dev.yaml").code == 0


def test_a_list_and_json_that_says_who_runs_what(api: FakeApi, prepull: Prepull) -> None:
    fill(api)
    assert prepull("discover", "--output", "list").out.splitlines() == ALL
    images = {each["name"]: each["usedBy"] for each in json.loads(prepull("discover", "-o", "json").out)["images"]}
    assert list(images) == ALL
    assert images["docker.io/library/nginx:1.27"] == ["here/bare (Pod)", "here/web (Deployment)"]


def test_other_keys(api: FakeApi, prepull: Prepull) -> None:
    fill(api)
    said = yaml.safe_load(prepull("discover", "--config-namespace", "platform").out)
    assert said["config"]["platform:images"] == ALL


def test_what_somebody_else_stands_for_and_what_is_over_is_left_out(api: FakeApi, prepull: Prepull) -> None:
    done = {"conditions": [{"type": "Complete", "status": "True"}]}
    api.items["replicasets"] = [
        templated("web-1", "old:1", owner="Deployment"),
        templated("canary", "canary:2", owner="Rollout"),
        templated("canary-1", "canary:1", owner="Rollout", spec={"replicas": 0}),
    ]
    api.items["jobs"] = [
        templated("nightly-1", "nightly:1", owner="CronJob"),
        templated("done", "done:1", status=done),
        templated("runs", "runs:1", status={"conditions": [{"type": "Complete", "status": "False"}]}),
    ]
    api.items["pods"] = [
        pod("web-1-x", "old:1", owner="ReplicaSet"),
        pod("custom", "custom:1", owner="StrimziPodSet"),
        pod("ended", "ended:1", phase="Succeeded"),
        pod("static", "kube:1", owner="Node", annotations={"kubernetes.io/config.mirror": "x"}),
        there("node-a"),
    ]
    images = [f"docker.io/library/{name}" for name in ("canary:2", "custom:1", "runs:1")]
    assert prepull("discover", "-o", "list").out.splitlines() == images


def test_in_pages_of_the_namespaces_it_is_asked_for(api: FakeApi, prepull: Prepull) -> None:
    api.items["pods"] = [pod(f"p{index}", f"app:{index % 3}") for index in range(1200)]
    assert prepull("discover", "-n", "one", "-n", "two", "-n", "one", "-o", "list").out.splitlines() == [
        f"docker.io/library/app:{index}" for index in range(3)
    ]
    assert api.times("/namespaces/one/pods?") == api.times("/namespaces/two/pods?") == 3
    for plural in PLURALS:
        assert api.times(f"/one/{plural}?") >= 1
    assert all("limit=500" in address and "watch" not in address for address in api.asked)


def test_the_whole_cluster_and_labels_as_kubectl_takes_them(api: FakeApi, prepull: Prepull) -> None:
    fill(api)
    selector = "app=web,tier!=test,release in (a,b),!old"
    assert prepull("discover", "--all-namespaces", "--selector", selector).code == 0
    assert len(api.asked) == len(PLURALS)
    for address in api.asked:
        assert "/namespaces/" not in address
        assert parse_qs(urlsplit(address).query)["labelSelector"] == [selector]


@pytest.mark.parametrize("plural", PLURALS)
def test_a_namespace_that_may_not_be_read(api: FakeApi, prepull: Prepull, plural: str) -> None:
    fill(api)
    said = f'{plural} is forbidden: User "me" cannot list resource "{plural}" in the namespace "secret"'
    api.refuse[plural] = (403, said)
    ran = prepull("discover", "-n", "here", "-n", "secret")
    assert (ran.code, ran.out, ran.err) == (4, "", f"prepull: permission denied: {said}\n")
    ran = prepull("discover", "-A")
    expected = f"prepull: permission denied: {said}; give --namespace for each that you may read\n"
    assert (ran.code, ran.out, ran.err) == (4, "", expected)


def test_nothing_there(api: FakeApi, prepull: Prepull) -> None:
    del api
    ran = prepull("discover")
    assert (ran.code, ran.err) == (4, "prepull: nothing that runs an image is in the namespace 'here'\n")
    ran = prepull("discover", "-A", "-l", "a=b")
    assert ran.err == "prepull: nothing that runs an image with the labels 'a=b' is in the cluster\n"


def test_what_is_no_image_is_left_out_and_named(api: FakeApi, prepull: Prepull) -> None:
    api.items["pods"] = [pod("broken", "UPPER/case", "fine:1")]
    api.items["deployments"] = [templated("web", "nginx:1.27")]
    ran = prepull("discover", "-o", "list")
    assert (ran.code, ran.out) == (0, "docker.io/library/fine:1\ndocker.io/library/nginx:1.27\n")
    assert ran.err.startswith("prepull: left out: here/broken (Pod): spec.containers[0].image: 'UPPER/case' is not an")


def test_what_no_linux_node_runs_is_left_out_and_named(api: FakeApi, prepull: Prepull) -> None:
    api.items["daemonsets"] = [templated("windows-exporter", "exporter:1")]
    api.items["daemonsets"][0]["spec"]["template"]["spec"]["nodeSelector"] = {"kubernetes.io/os": "windows"}
    api.items["cronjobs"] = [
        {
            "metadata": named("report"),
            "spec": {"jobTemplate": {"spec": {"template": {"spec": {**pod_spec("a:1"), "os": {"name": "windows"}}}}}},
        }
    ]
    gateway = templated("gateway", "auto", "fine:1")
    gateway["spec"]["template"]["spec"]["containers"][0]["name"] = "istio-proxy"
    api.items["deployments"] = [gateway, templated("also", "exporter:1")]
    ran = prepull("discover", "-o", "list")
    assert (ran.code, ran.out) == (0, "docker.io/library/exporter:1\ndocker.io/library/fine:1\n")
    template = "spec.template.spec"
    assert [line.removeprefix("prepull: left out: here/") for line in ran.err.splitlines()] == [
        f"gateway (Deployment): {template}.containers[0].image: 'auto' is no image: {ISTIO}",
        f"report (CronJob): spec.jobTemplate.{template}.os.name: windows: no Linux node runs it",
        f"windows-exporter (DaemonSet): {template}.nodeSelector: kubernetes.io/os=windows: no Linux node runs it",
    ]


def test_wrong_usage(api: FakeApi, prepull: Prepull) -> None:
    ran = prepull("discover", "-A", "-n", "x")
    assert ran.code == 2
    assert "give either --namespace or --all-namespaces" in ran.err
    assert api.asked == []


GPU: dict[str, Any] = {
    "nodeSelector": {"pool": "gpu"},
    "tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists"}],
}
REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"


def placed(item: dict[str, Any], **spec: Any) -> dict[str, Any]:
    """An object whose pods have more in their spec."""
    (item["spec"]["template"]["spec"] if "template" in item["spec"] else item["spec"]).update(spec)
    return item


def pinned(node: str) -> dict[str, Any]:
    """The affinity by which a controller of daemons chooses a pod's node."""
    name = {"key": "metadata.name", "operator": "In", "values": [node]}
    return {"nodeAffinity": {REQUIRED: {"nodeSelectorTerms": [{"matchFields": [name]}]}}}


# What an API server and controllers write into pods, whatever their workload says.
ADDED = [
    {"key": f"node.kubernetes.io/{name}", "operator": "Exists", "effect": effect, **more}
    for name, effect, more in (
        ("not-ready", "NoExecute", {"tolerationSeconds": 300}),
        ("unreachable", "NoExecute", {"tolerationSeconds": 300}),
        ("disk-pressure", "NoSchedule", {}),
        ("memory-pressure", "NoSchedule", {}),
        ("pid-pressure", "NoSchedule", {}),
        ("unschedulable", "NoSchedule", {}),
        ("network-unavailable", "NoSchedule", {}),
    )
]


def test_a_block_for_each_placement_that_can_be_used_as_it_is(api: FakeApi, prepull: Prepull, tmp_path: Path) -> None:
    fill(api)
    api.items["jobs"].append(placed(templated("train", "cuda:12", "nginx:1.27"), **GPU))
    api.items["statefulsets"].append(placed(templated("infer", "cuda:12"), **GPU))
    ran = prepull("discover", "--placements")
    assert (ran.code, ran.err) == (0, "")
    config = yaml.safe_load(ran.out)["config"]
    spaces = list(dict.fromkeys(key.partition(":")[0] for key in config))
    assert len(spaces) == 2
    assert "\n  # nodes with pool=gpu, also if tainted nvidia.com/gpu\n  prepull-" in ran.out
    assert "\n  # untainted nodes\n  prepull-untainted:images:\n  - docker.io/library/agent:1\n" in ran.out
    [gpu] = [space for space in spaces if space != "prepull-untainted"]
    assert config["prepull-untainted:images"] == ALL
    assert config[f"{gpu}:images"] == ["docker.io/library/cuda:12", "docker.io/library/nginx:1.27"]
    assert config[f"{gpu}:node_selector"] == {"pool": "gpu"}
    assert GPU["tolerations"][0] in config[f"{gpu}:tolerations"]
    (tmp_path / "Pulumi.dev.yaml").write_text(ran.out)
    for space in spaces:
        rendered = prepull("render", "--config", tmp_path / "Pulumi.dev.yaml", "--config-namespace", space)
        assert rendered.code == 0
    [daemon] = [each for each in yaml.safe_load_all(rendered.out) if each["kind"] == "DaemonSet"]
    assert daemon["spec"]["template"]["spec"]["tolerations"] == config[f"{spaces[-1]}:tolerations"]


def test_what_is_added_to_pods_makes_no_placement_of_its_own(api: FakeApi, prepull: Prepull) -> None:
    api.items["pods"] = [
        placed(pod("bare", "a:1"), tolerations=ADDED[:2], nodeName="node-a"),
        placed(pod("other", "a:2"), tolerations=ADDED[:2], nodeName="node-b"),
        *(
            placed(
                pod(f"daemon-{node}", "b:1", owner="AdvancedDaemonSet"),
                tolerations=ADDED,
                nodeName=node,
                affinity=pinned(node),
            )
            for node in ("node-a", "node-b")
        ),
        placed(pod("of-a-daemon-set", "c:1", owner="DaemonSet"), tolerations=ADDED, affinity=pinned("node-a")),
        placed(pod("of-a-job", "c:1", owner="Job"), tolerations=ADDED[:2], nodeName="node-a"),
    ]
    api.items["daemonsets"] = [templated("agent", "c:1")]
    api.items["jobs"] = [templated("migrate", "c:1")]
    [found] = json.loads(prepull("discover", "--placements", "-o", "json").out)["placements"]
    assert (found["name"], found["nodes"]) == ("untainted", "untainted nodes")
    assert {each["name"]: each["usedBy"] for each in found["images"]} == {
        "docker.io/library/a:1": ["here/bare (Pod)"],
        "docker.io/library/a:2": ["here/other (Pod)"],
        "docker.io/library/b:1": ["here/daemon-node-a (Pod)", "here/daemon-node-b (Pod)"],
        "docker.io/library/c:1": ["here/agent (DaemonSet)", "here/migrate (Job)"],
    }


def test_a_node_that_a_user_names_is_a_placement(api: FakeApi, prepull: Prepull) -> None:
    api.items["pods"] = [placed(pod("bare", "a:1"), affinity=pinned("node-a"))]
    [found] = json.loads(prepull("discover", "--placements", "-o", "json").out)["placements"]
    assert found["arguments"]["affinity"] == pinned("node-a")


def test_runtime_classes_decide_too_if_they_may_be_read(api: FakeApi, prepull: Prepull) -> None:
    api.items["deployments"] = [placed(templated("web", "nginx:1.27"), runtimeClassName="gvisor")]
    scheduling = {"nodeSelector": {"sandbox": "gvisor"}}
    api.items["runtimeclasses"] = [{"metadata": {"name": "gvisor"}, "handler": "runsc", "scheduling": scheduling}]
    assert "prepull-gvisor" not in prepull("discover").out
    assert api.times("runtimeclasses") == 0
    ran = prepull("discover", "--placements", "--config-namespace", "platform")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("config:\n  # untainted nodes with sandbox=gvisor\n  platform-sandbox-gvisor-")
    said = 'runtimeclasses.node.k8s.io is forbidden: User "me" cannot list resource "runtimeclasses"'
    api.refuse["runtimeclasses"] = (403, said)
    ran = prepull("discover", "--placements")
    assert (ran.code, ran.err) == (0, f"prepull: the nodes of RuntimeClasses are not known: {said}\n")
    assert ran.out.startswith("config:\n  # untainted nodes\n  prepull-untainted:images:\n")


def test_placements_are_no_list(api: FakeApi, prepull: Prepull) -> None:
    ran = prepull("discover", "--placements", "-o", "list")
    assert ran.code == 2
    assert "--placements has no form as a list; give --output config or json" in ran.err
    assert api.asked == []


def test_the_blocks_of_the_page(api: FakeApi, prepull: Prepull) -> None:
    api.items["deployments"] = [templated("web", "nginx:1.27")]
    api.items["jobs"] = [placed(templated("train", "quay.io/org/cuda:12"), **GPU)]
    printed = prepull("discover", "--placements").out.splitlines()
    page = (ROOT / "docs" / "discovery.md").read_text("utf-8")
    [text] = re.findall(r"```yaml\n(config:.+?)```", page, re.DOTALL)
    kept = [line for line in text.splitlines() if "…" not in line]
    # In this order, with what the page leaves out among them.
    rest = iter(printed)
    assert [line for line in kept if line not in rest] == []
    [names] = re.findall(r"for name in (\(.+?\)):\n    PrePullDaemonSet\(name, args_from_config\(name\)\)", page)
    spaces = {line.strip().partition(":")[0] for line in printed if line.startswith("  prepull-")}
    assert set(ast.literal_eval(names)) == spaces
