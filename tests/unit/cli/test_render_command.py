"""`prepull render`: its input, its files, and its complaints."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
import yaml
from prepull.manifests import render

from .conftest import Prepull

ROOT = Path(__file__).parents[3]
ARGS = "images: [nginx]\nwait_for: nothing\n"


def test_arguments_from_a_file_or_stdin(prepull: Prepull, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = render.stream(render.manifests("images", yaml.safe_load(ARGS), "apps"))
    (tmp_path / "args.yaml").write_text(ARGS)
    assert prepull("render", tmp_path / "args.yaml", "-n", "apps").out == expected
    monkeypatch.setattr("sys.stdin", io.StringIO('{"images": ["nginx"], "wait_for": "nothing"}'))
    assert prepull("render", "-", "--namespace", "apps").out == expected


def test_a_stacks_configuration_as_a_kustomization(prepull: Prepull, tmp_path: Path) -> None:
    command = ("render", "--config", ROOT / "Pulumi.prod.yaml", "--output-dir", tmp_path, "--format", "kustomize")
    assert prepull(*command).code == 0
    first = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    prepull(*command)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == first
    listed = yaml.safe_load(first["kustomization.yaml"])["resources"]
    assert listed == [
        "scripts.yaml",
        "daemon-set.yaml",
        "gate-program.yaml",
        "gate.yaml",
        "gate-role.yaml",
        "gate-binding.yaml",
        "gate-job.yaml",
    ]
    assert yaml.safe_load(first["daemon-set.yaml"])["metadata"]["namespace"] == "prepull"


def test_a_project_above_counts_and_what_only_pulumi_can_read_is_said(prepull: Prepull, tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: prepull\nstackConfigDir: stacks\nconfig: {runtime: {default: k3s}}\n")
    (tmp_path / "stacks").mkdir()
    stack = tmp_path / "stacks" / "Pulumi.prod.yaml"
    stack.write_text("environment: [shared]\nconfig: {images: [nginx], 'kubernetes:kubeconfig': {secure: AAAB}}\n")
    ran = prepull("render", "--config", stack)
    assert (ran.code, "/run/k3s/containerd/containerd.sock" in ran.out) == (0, True)
    assert (
        ran.err
        == f"prepull: {stack} imports environments, which only Pulumi can read: what they configure is missing here\n"
    )


def test_what_is_wrong_in_a_stack_is_said_with_its_name(prepull: Prepull, tmp_path: Path) -> None:
    (tmp_path / "Pulumi.prod.yaml").write_text("config:\n  prepull:imges: [nginx]\n")
    ran = prepull("render", "--config", tmp_path / "Pulumi.prod.yaml")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == (
        "prepull: the configuration of stack 'prod' is wrong:\n"
        "  - prepull:imges: there is no such argument; did you mean 'images'?\n"
    )


def test_files_that_are_no_longer_wanted_go_and_those_of_others_stay(prepull: Prepull, tmp_path: Path) -> None:
    (tmp_path / "args").write_text("images: [nginx]\n")
    out = tmp_path / "out"
    prepull("render", tmp_path / "args", "-d", out)
    (out / "mine.yaml").write_text("a: b\n")
    (tmp_path / "args").write_text(ARGS)
    prepull("render", tmp_path / "args", "-d", out)
    assert sorted(path.name for path in out.iterdir()) == ["daemon-set.yaml", "mine.yaml", "scripts.yaml"]


@pytest.mark.parametrize(
    ("content", "arguments", "message"),
    [
        ("images: []", (), "images: at least one image is needed"),
        ("images: [a]\nruntme: docker", (), "runtme: there is no such argument; did you mean 'runtime'?"),
        ("images: [a]", ("--name", "Images"), "'Images' cannot begin the names of objects"),
        ("images: [a]", ("-n", "No_Space"), "namespace: 'No_Space' is not a namespace"),
        ("[a]", (), "is not a mapping from arguments to values"),
        ("a: b\n  c: {", (), "is not YAML, line 2"),
        ("images: [a]", ("--format", "kustomize"), "give --output-dir"),
        ("images: [a]", ("--config", "x"), "give either ARGS_FILE or --config FILE"),
    ],
)
def test_input_that_is_wrong(
    prepull: Prepull, tmp_path: Path, content: str, arguments: tuple[str, ...], message: str
) -> None:
    (tmp_path / "args").write_text(content)
    ran = prepull("render", tmp_path / "args", *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert message in ran.err


def test_files_that_are_not_there_or_have_nothing_for_it(prepull: Prepull, tmp_path: Path) -> None:
    ran = prepull("render", "--config", tmp_path / "Pulumi.x.yaml")
    assert (ran.code, ran.err) == (2, f"prepull: cannot read {tmp_path}/Pulumi.x.yaml: No such file or directory\n")
    (tmp_path / "Pulumi.x.yaml").write_text("config:\n  aws:region: a\n")
    ran = prepull("render", "--config", tmp_path / "Pulumi.x.yaml")
    assert ran.err == f"prepull: {tmp_path}/Pulumi.x.yaml has no key that begins with 'prepull:'\n"
    (tmp_path / "a").write_text(ARGS)
    ran = prepull("render", tmp_path / "a", "-d", tmp_path / "a" / "b")
    assert (ran.code, ran.err.count("\n")) == (2, 1)
