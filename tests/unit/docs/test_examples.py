"""The examples as programs, through Pulumi's mocks; tests/kind/programs/test_examples.py runs them."""

from __future__ import annotations

import json
import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml
from prepull.arguments import stackfile
from prepull.cli import documents
from prepull.status import report
from pulumi.runtime import rpc
from pulumi.runtime.config import CONFIG

from ...projects import language
from ..conftest import Engine, Recorder

EXAMPLES = Path(__file__).parents[3] / "examples"
PROJECTS = sorted(path.parent for path in EXAMPLES.rglob("Pulumi.yaml") if language(path.parent) == "python")


class _Answers(Recorder):
    """Answers as a cluster and another stack do."""

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        if args.typ == "pulumi:pulumi:StackReference":
            return args.name, {
                "name": args.inputs["name"],
                "outputs": {"kubeconfig": "{}", "namespace": "apps"},
                "secretOutputNames": ["kubeconfig"],
            }
        identity, outputs = super().new_resource(args)
        if args.inputs.get("type") == "kubernetes.io/service-account-token":
            outputs["data"] = {"token": "c2VjcmV0"}
        return identity, outputs


@pytest.fixture
def kubeconfig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A kubeconfig with one context."""
    path = tmp_path / "kubeconfig"
    cluster = {"server": "https://cluster.example.com", "certificate-authority-data": "Q0E="}
    content = {
        "current-context": "here",
        "contexts": [{"name": "here", "context": {"cluster": "there", "user": "me"}}],
        "clusters": [{"name": "there", "cluster": cluster}],
    }
    path.write_text(yaml.safe_dump(content))
    monkeypatch.setenv("KUBECONFIG", str(path))


def run(engine: Engine, project: Path, read: Callable[[pulumi.Output[Any]], Any] = lambda output: output) -> Any:
    """Run a program; return its outputs, or what is read from each."""
    engine.recorder = _Answers()
    [stack] = project.glob("Pulumi.*.yaml")
    declared = documents.load((project / "Pulumi.yaml").read_text("utf-8"))
    values = stackfile.values(documents.load(stack.read_text("utf-8")), declared)
    hidden = [key for key, value in (declared.get("config") or {}).items() if value.get("secret")]
    secrets = {f"{declared['name']}:{key}": "hunter2" for key in hidden}

    def program() -> dict[str, Any]:
        # As the engine does; and what a program asks for without a namespace is the project's.
        named = {key.replace(f"{declared['name']}:", "project:"): text for key, text in {**values, **secrets}.items()}
        pulumi.runtime.set_all_config(named, [key.replace(f"{declared['name']}:", "project:") for key in secrets])
        runpy.run_path(str(project / "__main__.py"))
        outputs = pulumi.runtime.get_root_resource().outputs  # type: ignore[union-attr]
        return {name: read(pulumi.Output.from_input(output)) for name, output in outputs.items()}

    before = CONFIG.get()
    try:
        return engine.run(program)
    finally:
        CONFIG.set(before)


@pytest.mark.usefixtures("kubeconfig")
@pytest.mark.parametrize("project", PROJECTS, ids=lambda path: path.relative_to(EXAMPLES).as_posix())
def test_an_example_is_a_program_that_runs(engine: Engine, project: Path) -> None:
    run(engine, project)

    assert engine.recorder.registered
    assert bool(engine.find("PrePullDaemonSet")) == (project.name != "cluster")


def test_the_apps_stack_has_nothing_but_what_the_cluster_stack_hands_out(engine: Engine) -> None:
    run(engine, EXAMPLES / "cluster-and-apps" / "apps")

    [provider] = [item for item in engine.recorder.registered if item.type == "pulumi:providers:kubernetes"]
    assert rpc.is_rpc_secret(dict(provider.request.object["kubeconfig"]))
    made = [item for item in engine.recorder.registered if item.type.startswith("kubernetes:")]
    assert len(made) > 5
    for child in made:
        assert "::cluster::" in child.request.provider, child.type


@pytest.mark.usefixtures("kubeconfig")
def test_the_cluster_stack_keeps_its_kubeconfig_secret(engine: Engine) -> None:
    secret = run(engine, EXAMPLES / "cluster-and-apps" / "cluster", read=lambda output: output.is_secret())

    assert secret == {"kubeconfig": True, "namespace": False}


def test_the_air_gapped_login_is_secret(engine: Engine) -> None:
    run(engine, EXAMPLES / "air-gapped")

    login = engine.only("Secret")
    assert rpc.is_rpc_secret(dict(login.request.object["stringData"]))
    assert "hunter2" not in json.dumps([item.inputs for item in engine.find("DaemonSet")])


def images_by_label(engine: Engine) -> dict[str, set[str]]:
    """The images that the program pulls, by the value of the label that their nodes have."""
    found = {}
    for each in engine.find("DaemonSet"):
        pod = each.inputs["spec"]["template"]["spec"]
        [label] = [value for key, value in pod.get("nodeSelector", {"": ""}).items() if key != "kubernetes.io/os"] or [
            ""
        ]
        found[label] = set(report.images_of_pod({"spec": pod}))
    return found


def test_jupyterhub_pulls_what_its_chart_runs_where_it_runs(engine: Engine) -> None:
    values = run(engine, EXAMPLES / "jupyterhub")["helm_values"]

    def image(of: dict[str, Any]) -> str:
        return f"{of['image']['name']}:{of['image']['tag']}"

    user = values["singleuser"]
    profiles = [profile["kubespawner_override"]["image"] for profile in user["profileList"]]
    assert len(profiles) > 1
    assert images_by_label(engine) == {
        "user": {*profiles, image(user["networkTools"])},
        "core": {image(values["hub"]), image(values["proxy"]["chp"])},
    }
    for pods in ("userPods", "corePods"):
        assert values["scheduling"][pods]["nodeAffinity"]["matchNodePurpose"] == "require"


def test_images_for_gpus_go_to_gpu_nodes_alone(engine: Engine) -> None:
    placements = run(engine, EXAMPLES / "gpu")["placements"]
    config = documents.load((EXAMPLES / "gpu" / "Pulumi.prod.yaml").read_text("utf-8"))["config"]

    server, job, gateway = (config[f"gpu:{name}_image"] for name in ("server", "job", "gateway"))
    assert {json.dumps(each["node_selector"]): each["images"] for each in placements} == {
        "{}": [gateway],
        '{"nvidia.com/gpu.present": "true"}': [server, job],
    }
    assert all(each["tolerations"] != [{"operator": "Exists"}] for each in placements)
