"""The manifests as files: the same bytes, names that follow from content, and the order that GitOps needs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import kubernetes_validate  # type: ignore[import-untyped]
import pytest
import yaml
from prepull.arguments import stackfile
from prepull.arguments.check import InvalidArgumentError
from prepull.arguments.configuration import InvalidConfigurationError
from prepull.manifests import render

from ...schema.versions import NEWEST

ARGS: dict[str, Any] = {"images": ["nginx:1.27"]}
EVERYTHING = {**ARGS, "startup_taint": "example.com/images", "labels": {"build": "12e45"}, "annotations": {"a/b": "no"}}


@pytest.mark.parametrize("args", [ARGS, EVERYTHING, {**ARGS, "runtime": "kubelet"}, {**ARGS, "wait_for": "nothing"}])
def test_every_object_is_valid_and_survives_the_file(args: dict[str, Any]) -> None:
    rendered = render.manifests("images", args)
    assert list(yaml.safe_load_all(render.stream(rendered))) == list(rendered.values())
    for item in rendered.values():
        kubernetes_validate.validate(item, NEWEST, strict=True)


def test_the_same_input_gives_the_same_bytes_in_another_process() -> None:
    program = "import sys; from prepull.manifests.render import *; sys.stdout.write(stream(manifests('i', {})))"
    program = program.replace("{}", repr(EVERYTHING))
    runs = {
        subprocess.run(
            [sys.executable, "-c", program], check=True, capture_output=True, env={"PYTHONHASHSEED": seed}
        ).stdout
        for seed in "12"
    }
    assert runs == {render.stream(render.manifests("i", EVERYTHING)).encode()}


def test_objects_refer_to_each_other_by_their_fixed_names() -> None:
    rendered = render.manifests("images", EVERYTHING, "prod")

    spec = rendered["daemon-set"]["spec"]["template"]["spec"]
    scripts = {volume["configMap"]["name"] for volume in spec["volumes"] if "configMap" in volume}
    assert scripts == {rendered["scripts"]["metadata"]["name"]}
    assert spec["serviceAccountName"] == rendered["untaint"]["metadata"]["name"] == "images-untaint"
    binding = rendered["untaint-binding"]
    assert binding["metadata"]["name"] == binding["roleRef"]["name"] == "images-untaint-prod"
    assert binding["subjects"] == [{"kind": "ServiceAccount", "name": "images-untaint", "namespace": "prod"}]
    job = rendered["gate-job"]["spec"]["template"]["spec"]
    environment = {entry["name"]: entry.get("value") for entry in job["containers"][0]["env"]}
    assert environment["PREPULL_DAEMON_SET"] == rendered["daemon-set"]["metadata"]["name"] == "images"
    assert {item["metadata"].get("namespace") for item in rendered.values()} == {"prod", None}


def test_what_is_immutable_gets_a_new_name_with_new_content() -> None:
    one, two = (render.manifests("images", {"images": [image]}) for image in ("a:1", "a:2"))
    assert one["gate-job"]["metadata"]["name"] != two["gate-job"]["metadata"]["name"]
    assert one["scripts"]["metadata"]["name"] == two["scripts"]["metadata"]["name"]
    assert one["daemon-set"]["metadata"]["name"] == two["daemon-set"]["metadata"]["name"]
    assert one["daemon-set"]["spec"]["selector"] == two["daemon-set"]["spec"]["selector"]


def test_nothing_in_it_is_pulumis_own() -> None:
    assert "pulumi.com/" not in render.stream(render.manifests("images", EVERYTHING))


def test_the_gate_comes_before_the_workloads() -> None:
    rendered = render.manifests("images", ARGS)
    for item in rendered.values():
        assert item["metadata"]["annotations"]["argocd.argoproj.io/sync-wave"] == "-1"
    annotations = rendered["gate-job"]["metadata"]["annotations"]
    assert annotations["argocd.argoproj.io/hook"] == "Sync"
    assert annotations["kustomize.toolkit.fluxcd.io/force"] == "enabled"
    own = render.manifests("images", {**ARGS, "annotations": {"argocd.argoproj.io/sync-wave": "-7"}})
    assert own["gate-job"]["metadata"]["annotations"]["argocd.argoproj.io/sync-wave"] == "-7"


@pytest.mark.parametrize("text", ["12e45", "1_000", "0x1f", "no", "NO", "y", "", "~", "1:30", "- a", "a: b", "#", " a"])
def test_text_stays_text_for_every_reader(text: str) -> None:
    assert render.dump({"key": text}) == f'key: "{text}"\n'


def test_each_object_has_a_file_and_a_kustomization_lists_the_files() -> None:
    rendered = render.manifests("images", ARGS)
    objects = render.files(rendered, kustomization=False)
    assert {name: yaml.safe_load(text) for name, text in objects.items()} == {
        f"{key}.yaml": item for key, item in rendered.items()
    }
    assert "  puller.sh: |\n" in objects["scripts.yaml"]

    files = render.files(rendered, kustomization=True)
    kustomization = files.pop("kustomization.yaml")
    assert files == objects
    assert yaml.safe_load(kustomization) == {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": [f"{key}.yaml" for key in rendered],
    }
    for text in (kustomization, *objects.values()):
        assert text.startswith(render.HEADER)


@pytest.mark.parametrize("name", ["Images", "a.b", "-a", "a" * 60, ""])
def test_a_name_that_no_object_may_have_is_refused(name: str) -> None:
    with pytest.raises(InvalidArgumentError, match="cannot begin the names of objects"):
        render.manifests(name, ARGS)


# ---------------------------------------------------------------- stack files


@pytest.mark.parametrize("stack", ["dev", "staging", "prod"])
def test_the_stacks_of_the_checkout_render(stack: str) -> None:
    root = Path(__file__).parents[3]
    read = [yaml.safe_load((root / name).read_text()) for name in (f"Pulumi.{stack}.yaml", "Pulumi.yaml")]
    args = stackfile.arguments(*read)
    assert "images" in args
    assert render.manifests("images", args)


def test_a_projects_defaults_count_where_the_stack_says_nothing() -> None:
    project = {
        "name": "prepull",
        "config": {
            "runtime": {"type": "string", "default": "docker"},
            "prepull:parallelism": 8,
            "attempts": {"value": 2},
            "timeout": {"type": "string"},
            "other:images": ["x"],
        },
    }
    stack = {"config": {"prepull:images": ["a"], "prepull:runtime": "kubelet", "kubernetes:context": "c"}}
    assert stackfile.arguments(stack, project) == {
        "images": ["a"],
        "runtime": "kubelet",
        "parallelism": 8,
        "attempts": 2,
    }


def test_keys_without_a_namespace_are_the_projects() -> None:
    stack = {"config": {"images": ["a"], "kubernetes:context": "c"}}
    assert stackfile.arguments(stack, {"name": "prepull"}) == {"images": ["a"]}
    assert stackfile.arguments(stack, {"name": "apps", "config": "stacks"}) == {}


def test_what_is_wrong_is_said_as_in_a_program() -> None:
    stack = {"config": {"prepull:imges": ["a"], "prepull:labels": {"version": 1.3}, "prepull:hold": None}}
    with pytest.raises(InvalidConfigurationError) as wrong:
        stackfile.arguments(stack, name="prod")
    assert str(wrong.value).splitlines() == [
        "the configuration of stack 'prod' is wrong:",
        "  - prepull:hold: it has no value; write one, or leave the key out",
        "  - prepull:imges: there is no such argument; did you mean 'images'?",
        "  - prepull:labels['version']: 1.3 is not a text; write one in quotes",
    ]


def test_values_are_read_as_a_program_reads_them() -> None:
    stack = {"config": {"p:min_ready": "3", "p:hold": "true", "p:images": '["a"]', "p:timeout": "5m"}}
    assert stackfile.arguments(stack, None, "p") == {"min_ready": "3", "hold": True, "images": ["a"], "timeout": "5m"}


@pytest.mark.parametrize(
    ("stack", "message"),
    [
        ({"config": {"prepull:images": {"secure": "AAAB…"}}}, "prepull:images is encrypted, and only Pulumi can"),
        ({"config": {"prepull:images": [{"secure": "AAAB…"}]}}, "prepull:images is encrypted, and only Pulumi can"),
        ({"config": {"prepull:labels": {1: "a"}}}, "{1: 'a'} is not a mapping from names to values"),
        (["a"], r"\['a'\] is not a mapping"),
        ({"config": "a"}, "'a' is not a mapping"),
    ],
)
def test_what_cannot_be_read_is_said(stack: Any, message: str) -> None:
    with pytest.raises(stackfile.InvalidStackFileError, match=message):
        stackfile.arguments(stack)
