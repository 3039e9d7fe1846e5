"""Stacks of one program: what the engine hands over, what it says of a wrong stack, and how stacks go together."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pulumi
import pulumi_kubernetes as k8s
import pytest
import yaml
from prepull import PrePullDaemonSet
from prepull.arguments import stackfile
from prepull.cli import documents
from prepull.manifests import render
from pulumi import automation as auto

from lab import Lab

from ..conftest import PULLER_IMAGE, Images, Stack, UpFailed
from ..eventually import eventually
from .examples import Project

Kubectl = Callable[..., Any]
ROOT = Path(__file__).parents[3]
PREPULL = Path(sys.executable).with_name("prepull")

# ---------------------------------------------------------------- configuration

STACK_FILE = """\
config:
  prepull:images: [nginx:1.27, "b"]
  prepull:whole: 8
  prepull:fraction: 1.30
  prepull:quoted: "1.30"
  prepull:round: 3.0
  prepull:exponent: 1e3
  prepull:flag: True
  prepull:flag_as_text: "true"
  prepull:old_flag: yes
  prepull:octal: 010
  prepull:hexadecimal: 0x10
  prepull:sexagesimal: 1:30
  prepull:grouped: 1_000
  prepull:half: .5
  prepull:empty: ""
  prepull:list: []
  prepull:mapping: {}
  prepull:block: |
    a
    b
  prepull:structure: {text: "8", flag_as_text: "true", old_flag: off, fraction: 1.30, round: 3.0, none: , octal: 0o17}
  prepull:elements: [1:30, yes, "x", true, 2]
  prepull:merged:
    <<: {a: "1"}
    b: "2"
  without_namespace: x
  other:key: y
"""
PROJECT_FILE = """\
name: prepull
runtime:
  name: python
  options:
    toolchain: pip
    virtualenv: .venv
config:
  without_default:
    type: array
    items: {type: string}
    default: ["true", "1.30"]
  prepull:declared:
    type: object
    default: {gpu: "true", count: 3}
  short: 4
  flag_by_default: false
  list_by_default: [1, 1.5, "yes", no]
  kubernetes:namespace: x
"""
SHOW = """\
import pulumi
from pulumi.runtime.config import CONFIG

pulumi.export("given", dict(CONFIG.get()))
"""


def _as_data(text: str) -> Any:
    return json.loads(text) if text[:1] in {"[", "{"} else text


@pytest.fixture
def project(lab: Lab, tmp_path: Path) -> Iterator[Callable[..., Project]]:  # noqa: ARG001 - the lab's environment
    """A project in files: what its program, its Pulumi.yaml and its one stack's file say."""
    made: list[Project] = []

    def make(program: str, project_file: str, stack_file: str) -> Project:
        directory, backend = tmp_path / "project", tmp_path / "backend"
        for path in (directory, backend):
            path.mkdir()
        (directory / "__main__.py").write_text(program)
        (directory / "Pulumi.yaml").write_text(project_file)
        (directory / "Pulumi.prod.yaml").write_text(stack_file)
        made.append(Project(directory, backend))
        return made[-1]

    yield make
    for each in made:
        each.destroy()


def test_a_file_says_the_same_to_render_as_the_engine_says_to_a_program(project: Callable[..., Project]) -> None:
    values = stackfile.values(documents.load(STACK_FILE), documents.load(PROJECT_FILE))

    given = project(SHOW, PROJECT_FILE, STACK_FILE).up().outputs["given"].value

    assert {key: _as_data(text) for key, text in values.items()} == {key: _as_data(text) for key, text in given.items()}


@pytest.mark.parametrize(
    ("configured", "said"),
    [
        ("prepull:imges: [nginx]", ["Stack 'prod' is missing configuration value 'prepull:images'"]),
        ("prepull:images: nginx", ["Stack 'prod' with configuration key 'prepull:images' must be of type 'array<"]),
        (
            "prepull:images: [nginx]\n  prepull:parallelism: many",
            ["Stack 'prod' with configuration key 'prepull:parallelism' must be of type 'integer'"],
        ),
        (
            "prepull:images: []",
            [
                "the configuration of stack 'prod' is wrong:",
                "- prepull:images: at least one image is needed, such as ['hello-world']",
            ],
        ),
        (
            "prepull:images: [nginx]\n  prepull:imges: [redis]\n  prepull:backoff: 5",
            [
                "the configuration of stack 'prod' is wrong:",
                "- prepull:imges: there is no such argument; did you mean 'images'?",
                "- prepull:backoff: '5' is not a duration; write a number with a unit",
            ],
        ),
        (
            "prepull:images: [nginx]\n  prepull:node_selector: {gpu: true}",
            ["- prepull:node_selector['gpu']: True is not a text; write one in quotes"],
        ),
        (
            "prepull:images: [nginx]\n  prepull:hold: true\n  prepull:on_failure: continue",
            ["PrePullDaemonSet 'images' cannot be deployed", "- hold: not with on_failure 'continue'"],
        ),
    ],
)
def test_what_is_wrong_in_a_stack_is_on_the_screen(
    project: Callable[..., Project], configured: str, said: list[str]
) -> None:
    wrong = project(
        (ROOT / "__main__.py").read_text(), (ROOT / "Pulumi.yaml").read_text(), f"config:\n  {configured}\n"
    )

    with pytest.raises(auto.CommandError) as failure:
        wrong.stack().preview(color="never")

    screen = str(failure.value)
    for line in said:
        assert line in screen
    assert "Traceback" not in screen


# ---------------------------------------------------------------- what is known only later


@pytest.mark.parametrize(
    ("late", "said"),
    [
        ([], "images: at least one image is needed"),
        (["UPPER/case"], "images[0]: 'UPPER/case' is not an image reference"),
        ("nginx", "images: 'nginx' is not a list; write ['nginx']"),
    ],
)
@pytest.mark.parametrize("known_at", ["preview", "up"])
def test_a_list_that_turns_out_wrong_fails_with_the_components_name(
    stack: Stack, late: Any, said: str, known_at: str
) -> None:
    def program() -> None:
        # The API server is asked at the preview already; only what a resource is called by is not known then.
        source = k8s.core.v1.ConfigMap("source", metadata={"namespace": stack.namespace}, data={"a": "b"})
        known: pulumi.Output[Any] = source.data if known_at == "preview" else source.id
        args: Any = {"images": known.apply(lambda _: late), "namespace": stack.namespace}
        PrePullDaemonSet("late-images", args)

    if known_at == "up":
        stack.preview(program)
    with pytest.raises((UpFailed, auto.CommandError)) as failure:
        (stack.preview if known_at == "preview" else stack.up)(program)

    screen = str(failure.value)
    assert "PrePullDaemonSet 'late-images' cannot be deployed as it is described:" in screen
    assert said in screen
    assert "Traceback" not in screen


# ---------------------------------------------------------------- several components and stacks


def test_two_components_of_one_name_in_one_stack_are_pulumis_to_refuse(stack: Stack) -> None:
    def program() -> None:
        for _ in range(2):
            PrePullDaemonSet("images", {"images": ["nginx"], "namespace": stack.namespace, "wait_for": "nothing"})

    with pytest.raises(UpFailed, match=r"Duplicate resource URN '[^']+prepull:index:PrePullDaemonSet::images'"):
        stack.up(program)


@pytest.fixture
def other_stack(stack: Stack, tmp_path: Path) -> Iterator[Stack]:
    """A stack that knows nothing of the first, in the same namespace."""
    directory = tmp_path / "other"
    directory.mkdir()
    made = Stack("other", stack.namespace, directory)
    yield made
    made.close()


def _pods(kubectl: Kubectl) -> dict[str, set[str]]:
    """The pods of each DaemonSet that are ready, by their identities."""
    found: dict[str, set[str]] = {}
    for item in kubectl("get", "pods", "--selector=app.kubernetes.io/name=prepull", "--output=json")["items"]:
        conditions = {each["type"]: each["status"] for each in item["status"].get("conditions", [])}
        if conditions.get("Ready") == "True":
            [owner] = item["metadata"]["ownerReferences"]
            found.setdefault(owner["name"], set()).add(item["metadata"]["uid"])
    return found


def test_components_of_one_name_in_two_stacks_leave_each_other_alone(
    stack: Stack, other_stack: Stack, images: Images, kubectl: Kubectl
) -> None:
    args = {"images": [images.push()]}
    first = stack.up(args).outputs["daemon_set_name"]
    eventually("the first has three pods", lambda: len(_pods(kubectl).get(first, ())) == 3)
    before = _pods(kubectl)[first]

    second = other_stack.up(args).outputs["daemon_set_name"]
    eventually("the second has three pods", lambda: len(_pods(kubectl).get(second, ())) == 3)
    assert _pods(kubectl)[first] == before
    other_stack.destroy()

    eventually("only the first is left", lambda: _pods(kubectl) == {first: before})


def test_a_gate_is_not_let_through_by_another_stacks_pods(
    lab: Lab, stack: Stack, other_stack: Stack, images: Images, kubectl: Kubectl
) -> None:
    image = images.push("gone")
    args = {"images": [image], "attempts": 1, "timeout": "3m"}
    first = stack.up(args).outputs["daemon_set_name"]
    repository, _, tag = image.removeprefix(f"{lab.registry.address}/").partition(":")
    digest = lab.registry.client.digest(repository, tag)
    assert digest
    lab.registry.client.delete(repository, digest)
    images.remove()

    with pytest.raises(UpFailed) as failure:
        other_stack.up(args)

    assert "0 of 3 nodes have all images, and 3 are needed" in str(failure.value)
    assert f"image {image}: manifest unknown" in str(failure.value)
    assert set(_pods(kubectl)) == {first}
    told = subprocess.run(
        [PREPULL, "status", "-n", stack.namespace, "-o", "json"], check=True, capture_output=True, text=True, timeout=60
    )
    assert sorted(each["readyNodes"] for each in json.loads(told.stdout)["components"]) == [0, 3], told.stdout


# ---------------------------------------------------------------- files from Pulumi's own provider


def test_the_providers_files_say_what_render_says(
    lab: Lab, stack: Stack, images: Images, kubectl: Kubectl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The SDK takes it for an argument of every provider, and this one has no cluster.
    monkeypatch.delenv("KUBECONFIG")
    wanted = [images.push("one"), images.push("two")]
    directory = tmp_path / "files"
    args: Any = {"puller_image": PULLER_IMAGE, "gate_image": PULLER_IMAGE, "namespace": stack.namespace}

    def program(listed: list[str]) -> Callable[[], None]:
        def declare() -> None:
            provider = k8s.Provider("files", render_yaml_to_directory=str(directory))
            declared: Any = {**args, "images": listed}
            PrePullDaemonSet("images", declared, pulumi.ResourceOptions(provider=provider))

        return declare

    for listed in (wanted[:1], wanted):
        stack.up(program(listed))
        written = [yaml.safe_load(path.read_text()) for path in directory.glob("*/*.yaml")]
        assert _comparable(written) == _comparable(render.manifests("images", {**args, "images": listed}).values())

        assert {item["kind"] for item in written} == {
            "ConfigMap", "DaemonSet", "Job", "Role", "RoleBinding", "ServiceAccount",
        }  # fmt: skip

    lab.cluster.kubectl("apply", "--recursive", "--filename", str(directory))
    kubectl("wait", "--for=condition=Complete", "jobs", "--all", "--timeout=180s")
    for image in wanted:
        assert images.nodes_with(image) == set(lab.cluster.base_nodes)
    lab.cluster.kubectl("delete", "--recursive", "--filename", str(directory))


def test_files_need_a_namespace(stack: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KUBECONFIG")

    def program() -> None:
        provider = k8s.Provider("files", render_yaml_to_directory=str(tmp_path / "files"))
        PrePullDaemonSet("images", {"images": ["nginx"]}, pulumi.ResourceOptions(provider=provider))

    with pytest.raises(UpFailed) as failure:
        stack.up(program)

    assert "namespace: the provider renders files, and has no cluster to ask for one; write the argument" in str(
        failure.value
    )


def _comparable(objects: Any) -> dict[str, Any]:
    """Objects by kind and name, without what chance or a hash adds to names, and without notes to who deploys them."""
    text = json.dumps(list(objects))
    found = json.loads(
        re.sub(r'"(images(?:-scripts|-gate-program|-gate)?)-(?:[0-9a-f]{10}|[0-9a-f]{8})"', r'"\1"', text)
    )
    for item in found:
        item["metadata"].pop("annotations", None)
    return {f"{item['kind']}/{item['metadata']['name']}": item for item in found}
