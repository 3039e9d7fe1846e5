"""A block has all of its images on every node before any of its workloads starts; and what a cluster runs."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import pulumi
import pulumi_kubernetes as k8s
import pytest
import yaml
from prepull import PrePullDaemonSet, PrePullDaemonSetArgs, images_of, prepull_stack
from prepull.program.stack import collection
from pulumi import automation as auto

from lab import Lab

from ..conftest import PULLER_IMAGE, Images, Stack, UpFailed
from ..times import at
from .pools import untainted

Kubectl = Callable[..., Any]
PREPULL = Path(sys.executable).with_name("prepull")
OURS = {"puller_image": PULLER_IMAGE, "gate_image": PULLER_IMAGE, "timeout": "5m"}
# Whatever is pulled here has no program in it, so that its pods never become ready.
SKIP_AWAIT = {"pulumi.com/skipAwait": "true"}


@contextmanager
def block(stack: Stack, **args: Any) -> Iterator[None]:
    given = cast(PrePullDaemonSetArgs, {**OURS, "namespace": stack.namespace, **args})
    with prepull_stack("images", given) as images:
        yield
    pulumi.export("images", images.images)
    pulumi.export("ready_nodes", images.ready_nodes)


def metadata(stack: Stack, name: str) -> Any:
    return {"name": name, "namespace": stack.namespace, "annotations": SKIP_AWAIT}


def pod_spec(image: Any) -> Any:
    return {"containers": [{"name": "app", "image": image}], "terminationGracePeriodSeconds": 0}


def deployment(stack: Stack, name: str, image: Any, opts: pulumi.ResourceOptions | None = None) -> Any:
    labels = {"app": name}
    template = {"metadata": {"labels": labels}, "spec": pod_spec(image)}
    spec: Any = {"selector": {"matchLabels": labels}, "template": template}
    return k8s.apps.v1.Deployment(name, metadata=metadata(stack, name), spec=spec, opts=opts)


def manifest(name: str, namespace: str, image: str) -> dict[str, Any]:
    annotated = {"name": name, "namespace": namespace, "annotations": SKIP_AWAIT}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": annotated, "spec": pod_spec(image)}


@pytest.fixture
def chart(tmp_path: Path, namespace: str) -> Path:
    """A chart with one pod, of the image that its values name."""
    directory = tmp_path / "chart"
    (directory / "templates").mkdir(parents=True)
    (directory / "Chart.yaml").write_text("apiVersion: v2\nname: chart\nversion: 1.0.0\n")
    text = yaml.safe_dump(manifest("{{ .Release.Name }}", namespace, "{{ .Values.image }}"))
    (directory / "templates" / "pod.yaml").write_text(text)
    return directory


def gate_was_passed(kubectl: Kubectl) -> datetime:
    [job] = [
        each
        for each in kubectl("get", "jobs", "--output=json")["items"]
        if each["metadata"]["name"].startswith("images-gate")
    ]
    return at(job["status"]["completionTime"])


def pods_of_workloads(kubectl: Kubectl) -> dict[str, datetime]:
    items = kubectl("get", "pods", "--selector=app.kubernetes.io/name notin (prepull,prepull-gate)", "--output=json")[
        "items"
    ]
    return {item["metadata"]["name"]: at(item["metadata"]["creationTimestamp"]) for item in items}


# The examples taint nodes.
@pytest.mark.xdist_group("examples")
def test_twenty_workloads_in_a_block(lab: Lab, stack: Stack, images: Images, kubectl: Kubectl) -> None:
    wanted = [images.push(f"app-{index:02}") for index in range(20)]

    def program() -> None:
        with block(stack):
            for index, image in enumerate(wanted):
                deployment(stack, f"web-{index:02}", image)

    stack.preview(program)
    assert not pods_of_workloads(kubectl)
    result = stack.up(program)

    assert result.outputs["images"] == wanted
    assert result.outputs["ready_nodes"] == len(untainted(lab))
    for image in wanted:
        assert images.nodes_with(image) == untainted(lab)
    passed, created = gate_was_passed(kubectl), pods_of_workloads(kubectl)
    assert len(created) == 20
    assert all(each >= passed for each in created.values())
    print(f"the gate was passed at {passed}, the first pod created at {min(created.values())}")

    assert set(stack.up(program).changes) == {"same"}


def test_whatever_runs_pods_waits_and_its_image_may_be_an_output(
    stack: Stack, images: Images, kubectl: Kubectl, chart: Path, tmp_path: Path
) -> None:
    names = ["deployment", "built", "chart-v3", "chart-v4", "release", "yaml-v1", "yaml-v2", "file"]
    wanted = {name: images.push(name) for name in names}
    (tmp_path / "file.yaml").write_text(yaml.safe_dump(manifest("file", stack.namespace, wanted["file"])))

    def program() -> None:
        with block(stack):
            first = deployment(stack, "deployment", wanted["deployment"])
            built = k8s.core.v1.ConfigMap(
                "built", metadata={"namespace": stack.namespace}, data={"image": wanted["built"]}
            )
            deployment(stack, "built", built.data["image"], pulumi.ResourceOptions(depends_on=[first]))
            values = {"image": wanted["chart-v3"]}
            k8s.helm.v3.Chart("chart-v3", k8s.helm.v3.LocalChartOpts(path=str(chart), values=values))
            k8s.helm.v4.Chart("chart-v4", chart=str(chart), values={"image": wanted["chart-v4"]})
            k8s.helm.v3.Release(
                "release",
                k8s.helm.v3.ReleaseArgs(
                    name="release",
                    chart=str(chart),
                    namespace=stack.namespace,
                    skip_await=True,
                    values={"image": wanted["release"]},
                ),
            )
            text = yaml.safe_dump(manifest("yaml-v1", stack.namespace, wanted["yaml-v1"]))
            k8s.yaml.ConfigGroup("yaml-v1", yaml=[text])
            k8s.yaml.v2.ConfigGroup("yaml-v2", objs=[manifest("yaml-v2", stack.namespace, wanted["yaml-v2"])])
            k8s.yaml.v2.ConfigFile("file", file=str(tmp_path / "file.yaml"))

    stack.preview(program)
    result = stack.up(program)

    assert result.outputs["images"] == sorted(wanted.values())
    passed, created = gate_was_passed(kubectl), pods_of_workloads(kubectl)
    assert len(created) == len(names)
    assert all(each >= passed for each in created.values())
    assert set(stack.up(program).changes) == {"same"}


@pytest.mark.parametrize("run", ["preview", "up"])
def test_a_circle_ends_with_its_name(
    stack: Stack, images: Images, run: str, monkeypatch: pytest.MonkeyPatch, kubectl: Kubectl
) -> None:
    monkeypatch.setattr(collection, "_PATIENCE_SECONDS", 3.0)
    image = images.push()

    def program() -> None:
        with block(stack, timeout="6s"):
            registry = deployment(stack, "registry", image)
            built = k8s.core.v1.ConfigMap(
                "built",
                metadata={"namespace": stack.namespace},
                data={"image": image},
                opts=pulumi.ResourceOptions(depends_on=[registry]),
            )
            deployment(stack, "web", built.data["image"])

    with pytest.raises((UpFailed, auto.CommandError)) as failure:
        getattr(stack, run)(program)
    assert (
        "not known after 6s: which images these run: Deployment 'web'; ConfigMap 'built' waits for Deployment"
        in str(failure.value)
    )
    assert "declare it outside the block" in str(failure.value)
    assert not pods_of_workloads(kubectl)


@pytest.mark.parametrize("run", ["preview", "up"])
@pytest.mark.parametrize(
    ("enters", "message"),
    [
        (False, "`with prepull_stack('images', …) as images:`> was never entered, and so nothing waits for its images"),
        (True, "the block has not ended after 6s; `with prepull_stack(…) as …:` ends it, unless what is awaited there"),
    ],
    ids=["never entered", "never left"],
)
def test_a_block_without_with_fails_the_program(
    stack: Stack, images: Images, run: str, monkeypatch: pytest.MonkeyPatch, *, enters: bool, message: str
) -> None:
    monkeypatch.setattr(collection, "_PATIENCE_SECONDS", 3.0)
    image = images.push()
    # As a module's variables do, it outlives the program.
    kept = []

    def program() -> None:
        args = cast(PrePullDaemonSetArgs, {**OURS, "namespace": stack.namespace, "timeout": "6s"})
        kept.append(prepull_stack("images", args))
        if enters:
            kept[0].__enter__()
        deployment(stack, "web", image)

    with pytest.raises((UpFailed, auto.CommandError)) as failure:
        getattr(stack, run)(program)
    assert message in str(failure.value)


@pytest.mark.parametrize("run", ["preview", "up"])
@pytest.mark.parametrize(
    ("images", "message"),
    [([], "at least one image is needed"), (["UPPER/case"], "images[0]: 'UPPER/case' is not an image reference")],
)
def test_a_list_that_turns_out_wrong_fails_with_the_components_name(
    stack: Stack, run: str, images: list[str], message: str
) -> None:
    def program() -> None:
        later = pulumi.Output.from_input(images).apply(lambda known: known)
        PrePullDaemonSet("mine", {"images": later, "namespace": stack.namespace})

    with pytest.raises((UpFailed, auto.CommandError)) as failure:
        getattr(stack, run)(program)
    print(failure.value)
    assert "PrePullDaemonSet 'mine' cannot be deployed as it is described" in str(failure.value)
    assert message in str(failure.value)


def test_an_error_in_the_block_is_what_the_user_sees(stack: Stack, images: Images, kubectl: Kubectl) -> None:
    image = images.push()

    def program() -> None:
        with block(stack):
            deployment(stack, "early", image)
            raise RuntimeError("the program's own mistake")

    with pytest.raises(UpFailed, match="RuntimeError: the program's own mistake"):
        stack.up(program)
    assert not pods_of_workloads(kubectl)


def test_images_of_what_is_there_already(lab: Lab, stack: Stack, images: Images, chart: Path) -> None:
    wanted = {name: images.push(name) for name in ("deployment", "chart", "release", "group")}

    def program() -> None:
        sources = [
            deployment(stack, "deployment", wanted["deployment"]),
            k8s.helm.v4.Chart("chart", chart=str(chart), values={"image": wanted["chart"]}),
            k8s.helm.v3.Release(
                "release",
                k8s.helm.v3.ReleaseArgs(
                    chart=str(chart), namespace=stack.namespace, skip_await=True, values={"image": wanted["release"]}
                ),
            ),
            k8s.yaml.v2.ConfigGroup("group", objs=[manifest("group", stack.namespace, wanted["group"])]),
        ]
        args = cast(PrePullDaemonSetArgs, {**OURS, "namespace": stack.namespace, "images": images_of(*sources)})
        pulumi.export("images", PrePullDaemonSet("images", args).images)

    stack.preview(program)
    assert stack.up(program).outputs["images"] == list(wanted.values())
    for image in wanted.values():
        assert images.nodes_with(image) == set(lab.cluster.base_nodes)


def test_what_a_cluster_runs(lab: Lab, namespace: str, images: Images) -> None:
    wanted = [images.push("bare"), images.push("templated")]
    labels = {"app": "templated"}
    template = {"metadata": {"labels": labels}, "spec": pod_spec(wanted[1])}
    objects = [
        manifest("bare", namespace, wanted[0]),
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "templated", "namespace": namespace, "labels": labels},
            "spec": {"replicas": 2, "selector": {"matchLabels": labels}, "template": template},
        },
    ]
    lab.cluster.kubectl(
        "apply", "--filename", "-", stdin=json.dumps({"kind": "List", "apiVersion": "v1", "items": objects}).encode()
    )

    def discover(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [str(PREPULL), "discover", *arguments]
        return subprocess.run(command, check=False, capture_output=True, text=True, timeout=120)

    there = discover("--namespace", namespace)
    assert (there.returncode, there.stderr) == (0, "")
    assert yaml.safe_load(there.stdout) == {"config": {"prepull:images": wanted}}
    assert discover("-n", namespace, "-l", "app in (templated)", "-o", "list").stdout == f"{wanted[1]}\n"
    assert set(wanted) < set(discover("-A", "-o", "list").stdout.splitlines())
    # The API server has added tolerations to the pod, and the scheduler has chosen its node.
    placed = discover("--namespace", namespace, "--placements")
    assert (placed.returncode, placed.stderr) == (0, "")
    config = yaml.safe_load(placed.stdout)["config"]
    assert {key.partition(":")[0] for key in config} == {"prepull-untainted"}
    assert config["prepull-untainted:images"] == wanted
    wrong = discover("-n", namespace, "-l", "a==b==c")
    assert wrong.returncode == 4
    assert wrong.stderr.count("\n") == 1
