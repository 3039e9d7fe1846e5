"""The command on a real cluster: `status` during, afterwards and on failure, `wait`, and what `render` writes."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from lab import Lab

from ...programs import heeding_interrupts
from ..conftest import PULLER_IMAGE, Images, Stack
from ..eventually import eventually

Kubectl = Callable[..., Any]
PREPULL = Path(sys.executable).with_name("prepull")
OURS = {"puller_image": PULLER_IMAGE, "gate_image": PULLER_IMAGE}


def prepull(*arguments: str) -> subprocess.CompletedProcess[str]:
    ran = subprocess.run([PREPULL, *arguments], check=False, capture_output=True, text=True, timeout=240)
    assert "Traceback" not in ran.stderr
    return ran


@pytest.fixture
def apply(lab: Lab, namespace: str, tmp_path: Path) -> Callable[..., Path]:
    """Render a component into the test's namespace and apply the files."""

    def render(args: dict[str, Any]) -> Path:
        source, directory = tmp_path / "args.json", tmp_path / "rendered"
        source.write_text(json.dumps({**OURS, **args}))
        arguments = ("--namespace", namespace, "--output-dir", str(directory), "--format", "kustomize")
        assert prepull("render", str(source), *arguments).returncode == 0
        lab.cluster.kubectl("apply", "--kustomize", str(directory))
        return directory

    return render


def component(namespace: str) -> dict[str, Any]:
    ran = prepull("status", "--namespace", namespace, "--output", "json")
    assert ran.returncode == 0, ran.stderr
    [found] = json.loads(ran.stdout)["components"]
    return dict(found)


def states(found: dict[str, Any]) -> dict[str, list[str]]:
    return {node["name"]: [image["state"] for image in node["images"]] for node in found["nodes"]}


def assert_names_nodes(lab: Lab, reason: str) -> None:
    """It ends as soon as one node is lost for certain; those that are lost a moment later may be named or not."""
    match = re.search(r"\(([1-3]) of 3 nodes: (.+)\)$", reason)
    assert match, reason
    named = match[2].split(", ")
    assert len(named) == int(match[1])
    assert set(named) <= set(lab.cluster.base_nodes)


@heeding_interrupts()
def test_status_while_it_pulls_and_afterwards(
    lab: Lab, namespace: str, images: Images, apply: Callable[..., Path]
) -> None:
    wanted = [images.push("small"), images.push("large", size=200_000_000)]
    apply({"images": wanted[:1]})
    assert prepull("wait", "-n", namespace, "--timeout", "3m").returncode == 0

    command = [str(PREPULL), "status", "-n", namespace, "--watch", "-o", "json"]
    watching = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert watching.stdout is not None
    first = watching.stdout.readline()
    apply({"images": wanted, "parallelism": 1})
    waited = prepull("wait", "images", "-n", namespace, "--timeout", "3m")
    eventually("status has all nodes", lambda: component(namespace)["readyNodes"] == 3)
    watching.send_signal(signal.SIGINT)
    lines, _ = watching.communicate(timeout=30)

    assert (waited.returncode, waited.stdout) == (0, "3 of 3 nodes have all 2 images\n")
    assert json.loads(first)["components"][0]["totals"]["present"] == 3
    assert watching.returncode == 130
    seen = [json.loads(line)["components"][0] for line in lines.splitlines()]
    assert any("pulling" in each for found in seen for each in states(found).values())
    after = component(namespace)
    assert states(after) == {node: ["present", "present"] for node in lab.cluster.base_nodes}
    for node in after["nodes"]:
        for image, name in zip(node["images"], wanted, strict=True):
            there = [each for each in lab.nodes.images(node["name"]) if name in each.references]
            assert any(digest.endswith(image["digest"]) for digest in there[0].digests)
        small, large = node["images"]
        assert (small["attempts"], large["attempts"]) == (0, 1)
        assert large["seconds"] > 0


def test_the_screen_afterwards(lab: Lab, namespace: str, images: Images, apply: Callable[..., Path]) -> None:
    image = images.push()
    apply({"images": [image]})
    assert prepull("wait", "-n", namespace, "--timeout", "3m").returncode == 0

    screen = prepull("status", "-n", namespace).stdout

    headline, header, *rows = [" ".join(line.split()) for line in screen.splitlines()]
    assert headline == f"{namespace}/images 3 of 3 nodes have the image: 3 present"
    assert header == "NODE IMAGE STATE DIGEST SIZE SECONDS NOTE"
    for node, row in zip(sorted(lab.cluster.base_nodes), rows, strict=True):
        assert re.fullmatch(rf"{node} {re.escape(image)} present sha256:[0-9a-f]{{12}} 0\.0 MB [0-9]+\.[0-9]", row)


def test_on_failure_both_say_what_failed_where_and_why(
    lab: Lab, namespace: str, images: Images, apply: Callable[..., Path]
) -> None:
    image, missing = images.push(), f"{lab.registry.address}/nobody/has-this:v1"
    apply({"images": [image, missing], "attempts": 2, "backoff": "500ms", "wait_for": "nothing"})

    waited = prepull("wait", "-n", namespace, "--timeout", "3m")

    assert (waited.returncode, waited.stdout) == (1, "")
    summary, reason = waited.stderr.splitlines()[-2:]
    assert summary == "0 of 3 nodes have all images, and 3 are needed"
    assert reason.startswith(f"image {missing}: manifest unknown (")
    assert_names_nodes(lab, reason)
    eventually("every node has failed", lambda: component(namespace)["totals"]["present"] == 3)

    def reasons() -> list[str]:
        images = [image for node in component(namespace)["nodes"] for image in node["images"]]
        return [image["reason"] for image in images if image["name"] == missing and image["state"] == "failed"]

    eventually("status says why, on every node at once", lambda: reasons() == ["manifest unknown"] * 3)


@pytest.mark.parametrize("runtime", ["kubelet", "image-volume"])
def test_the_kubelets_runtimes(lab: Lab, namespace: str, images: Images, kubectl: Kubectl, runtime: str) -> None:
    wanted, missing = images.push(), f"{lab.registry.address}/nobody/has-this:v1"
    helper = {"puller_image": PULLER_IMAGE} if runtime == "kubelet" else {}
    for listed, code in (([wanted], 0), ([wanted, missing], 1)):
        args = json.dumps({"images": listed, "runtime": runtime, "wait_for": "nothing", **helper})
        rendered = subprocess.run(
            [PREPULL, "render", "-", "-n", namespace], input=args, check=True, capture_output=True, text=True
        ).stdout
        lab.cluster.kubectl("apply", "--filename", "-", stdin=rendered.encode())
        waited = prepull("wait", "-n", namespace, "--timeout", "3m")
        assert waited.returncode == code, waited.stderr
    [reason] = [line for line in waited.stderr.splitlines() if line.startswith(f"image {missing}: manifest unknown (")]
    assert_names_nodes(lab, reason)
    assert kubectl("get", "jobs", "--output=json")["items"] == []


def test_what_is_rendered_gives_the_same_pods_as_pulumi_up(
    lab: Lab, stack: Stack, images: Images, kubectl: Kubectl, apply: Callable[..., Path]
) -> None:
    args = {"images": [images.push()], "timeout": "3m"}

    def template() -> dict[str, Any]:
        [item] = kubectl("get", "daemonsets", "--output=json")["items"]
        text = json.dumps(item["spec"]["template"])
        [scripts] = {
            volume["configMap"]["name"]
            for volume in item["spec"]["template"]["spec"]["volumes"]
            if "configMap" in volume
        }
        return dict(json.loads(text.replace(scripts, "SCRIPTS")))

    stack.up({**args, "namespace": stack.namespace})
    of_pulumi = template()
    stack.destroy()

    directory = apply(args)
    kubectl("wait", "--for=condition=Complete", "jobs", "--all", "--timeout=180s")
    assert template() == of_pulumi
    assert component(stack.namespace)["readyNodes"] == 3

    def generations() -> dict[str, int]:
        items = kubectl("get", "daemonsets,jobs,pods,configmaps", "--output=json")["items"]
        return {item["metadata"]["uid"]: item["metadata"].get("generation", 0) for item in items}

    before = generations()
    lab.cluster.kubectl("apply", "--kustomize", str(directory))
    assert generations() == before


def test_it_works_with_read_rights_on_one_namespace(
    lab: Lab, namespace: str, images: Images, kubectl: Kubectl, apply: Callable[..., Path], tmp_path: Path
) -> None:
    apply({"images": [images.push()]})
    kubectl("create", "serviceaccount", "reader")
    config = yaml.safe_load(lab.kubeconfig.read_text())
    config["users"][0]["user"] = {"token": kubectl("create", "token", "reader").strip()}
    config["contexts"][0]["context"]["namespace"] = namespace
    limited = tmp_path / "kubeconfig"
    limited.write_text(yaml.safe_dump(config))

    denied = prepull("status", "--kubeconfig", str(limited))
    assert (denied.returncode, denied.stdout) == (4, "")
    assert re.fullmatch(r"prepull: permission denied: daemonsets.apps is forbidden: [^\n]+\n", denied.stderr)

    kubectl("create", "role", "reader", "--verb=get,list,watch", "--resource=pods,daemonsets.apps")
    kubectl("create", "rolebinding", "reader", "--role=reader", f"--serviceaccount={namespace}:reader")
    waited = prepull("wait", "--kubeconfig", str(limited), "--timeout", "3m")
    assert (waited.returncode, waited.stdout) == (0, "3 of 3 nodes have the image\n"), waited.stderr
    assert "3 present" in prepull("status", "--kubeconfig", str(limited)).stdout
