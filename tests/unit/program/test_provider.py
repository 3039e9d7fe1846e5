"""What programs in other languages hand over, and what comes back to them."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc  # type: ignore[import-untyped]
import pulumi
import pytest
import yaml
from prepull.arguments import check as validation
from prepull.arguments.table import ARGUMENTS
from prepull.program import deployment
from prepull.program.provider import PrePullProvider, _urn_once_checked, arguments, in_camel_case
from pulumi.errors import InputPropertiesError
from pulumi.provider import ConstructResult
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from ...plans import EACH
from ..conftest import Engine

ROOT = Path(__file__).parents[3]
COMPONENTS = ROOT / "components"
TOKEN = "prepull:index:PrePullDaemonSet"


def construct(inputs: dict[str, Any]) -> ConstructResult:
    return PrePullProvider().construct("images", TOKEN, inputs)


def on_the_wire(value: Any) -> Any:
    """Arguments as they arrive: names in camel case, and every number with a fraction."""
    if isinstance(value, dict):
        # The keys of labels are data, not names.
        kept = value.get("match_labels")
        return {in_camel(key): item if item is kept else on_the_wire(item) for key, item in value.items()}
    if isinstance(value, list):
        return [on_the_wire(item) for item in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def in_camel(name: str) -> str:
    return re.sub("_([a-z])", lambda found: found[1].upper(), name)


@pytest.mark.parametrize("argument", EACH)
def test_every_argument_has_the_same_effect_from_another_language(argument: str) -> None:
    args: Any = {"images": ["hello-world"], argument: EACH[argument]}

    assert validation.check("images", arguments(on_the_wire(args))) == validation.check("images", args)


def test_the_outputs_come_back_under_the_names_of_the_schema(engine: Engine) -> None:
    outputs = engine.run(lambda: dict(construct({"images": ["nginx"]}).state))

    assert outputs.keys() == {"daemonSetName", "namespace", "images", "readyNodes", "desiredNodes"}
    assert outputs["images"] == ["docker.io/library/nginx:latest"]


def test_numbers_and_whole_structures_may_be_outputs(engine: Engine) -> None:
    tolerations = [{"operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 60.0}]

    def program() -> None:
        later = {"images": ["nginx"], "parallelism": 9.0, "tolerations": tolerations}
        construct({key: pulumi.Output.from_input(value) for key, value in later.items()})

    engine.run(program)

    pod = engine.only("DaemonSet").inputs["spec"]["template"]["spec"]
    assert pod["tolerations"] == [{"operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 60}]
    assert {"name": "PREPULL_PARALLELISM", "value": "9"} in pod["initContainers"][0]["env"]


WRONG = {
    "images": ["UPPER/case"],
    "pullPolicy": "Sometimes",
    "pullPolcy": "Always",
    "tolerations": [{"operator": "Exists", "tolerationSeconds": 5.0}],
}
COMPLAINTS = """\
PrePullDaemonSet 'images' cannot be deployed as it is described:
  - pullPolcy: there is no such argument; did you mean 'pullPolicy'?
  - images[0]: 'UPPER/case' is not an image reference: the repository must be in lower case: 'upper/case'
  - pullPolicy: 'Sometimes' is not one of IfNotPresent, Always
  - tolerations[0]: a toleration with tolerationSeconds needs the effect NoExecute"""


def test_wrong_arguments_are_refused_in_the_names_of_the_user(engine: Engine) -> None:
    with pytest.raises(InputPropertiesError) as refusal:
        engine.run(lambda: construct(WRONG))

    assert str(refusal.value) == COMPLAINTS
    # None of which the SDK would send as a traceback instead.
    assert refusal.value.errors == []
    assert engine.find("DaemonSet") == []


def refused_late(args: dict[str, Any], *, known: bool = True) -> str:
    """What a program is told of arguments that were outputs; the component's URN if they are all right."""

    async def declared() -> str:
        later = pulumi.Output(set(), _done(args["images"]), _done(known))
        return await _urn_once_checked("images", {**args, "images": later}, "urn:of:it")

    return asyncio.run(declared())


async def _done(value: Any) -> Any:
    return value


def test_an_output_that_turns_out_wrong_is_refused_in_the_same_words() -> None:
    with pytest.raises(InputPropertiesError) as refusal:
        refused_late(arguments(WRONG))

    assert str(refusal.value) == COMPLAINTS


def test_an_output_that_is_right_or_not_known_yet_lets_the_component_pass() -> None:
    assert refused_late({"images": ["nginx"]}) == "urn:of:it"
    assert refused_late({"images": ["UPPER/case"]}, known=False) == "urn:of:it"


def test_an_error_of_the_component_itself_stays_one(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: Any) -> Any:
        raise RuntimeError("broken")

    monkeypatch.setattr(deployment, "objects_of", broken)

    with pytest.raises(RuntimeError, match="broken"):
        engine.run(lambda: construct({"images": ["nginx"]}))


def test_another_type_is_none_of_its_own(engine: Engine) -> None:
    with pytest.raises(ValueError, match="prepull:index:Other: there is no such component; there is prepull:index:Pre"):
        engine.run(lambda: PrePullProvider().construct("images", "prepull:index:Other", {}))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("hold: not with on_failure 'continue'", "hold: not with onFailure 'continue'"),
        ("wait_for: 'no' is wrong", "waitFor: 'no' is wrong"),
        ("did you mean 'pull_policy'?", "did you mean 'pullPolicy'?"),
        ("the arguments are gate_image, hold, image_timeout", "the arguments are gateImage, hold, imageTimeout"),
        ("image example.com/wait_for:1", "image example.com/wait_for:1"),
        ("image wait_for:1 or a.wait_for or wait_for/b", "image wait_for:1 or a.wait_for or wait_for/b"),
        ("label on_failure_x", "label on_failure_x"),
    ],
)
def test_arguments_are_named_as_the_user_writes_them_and_the_users_texts_stay(text: str, shown: str) -> None:
    assert in_camel_case(text) == shown


def test_every_argument_of_more_than_one_word_is_named_so() -> None:
    assert in_camel_case(", ".join(ARGUMENTS)) == ", ".join(map(in_camel, ARGUMENTS))


@pytest.fixture
def plugin() -> Iterator[provider_pb2_grpc.ResourceProviderStub]:
    """The plugin as the engine starts it, which it has to find at an address; here it is never asked for anything."""
    command = [sys.executable, str(COMPONENTS), "127.0.0.1:1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        try:
            with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
                yield provider_pb2_grpc.ResourceProviderStub(channel)
        finally:
            process.terminate()


def test_the_plugin_says_what_it_is(plugin: provider_pb2_grpc.ResourceProviderStub) -> None:
    answer = plugin.GetSchema(provider_pb2.GetSchemaRequest())

    assert json.loads(answer.schema) == json.loads(PrePullProvider().schema or "")
    assert TOKEN in json.loads(answer.schema)["resources"]


def test_the_plugin_runs_with_the_versions_that_are_tested() -> None:
    lines = (COMPONENTS / "requirements.txt").read_text("utf-8").splitlines()
    pinned = dict(line.split("==") for line in lines if line and not line.startswith("#"))
    lock = dict(re.findall(r'^name = "(.+)"\nversion = "(.+)"$', (ROOT / "uv.lock").read_text("utf-8"), re.MULTILINE))
    assert pinned == {package: lock[package] for package in pinned}


def test_the_plugin_can_do_all_that_the_arguments_say() -> None:
    lines = (COMPONENTS / "requirements.txt").read_text("utf-8").splitlines()
    project = (COMPONENTS / "pyproject.toml").read_text("utf-8")
    [extra] = re.findall(r"^digests = \[(.*)\]$", project, re.MULTILINE)
    assert set(re.findall(r'"(\w+)>=', extra)) <= {line.partition("==")[0] for line in lines}


def test_the_plugin_has_an_environment_of_its_own() -> None:
    project = yaml.safe_load((COMPONENTS / "PulumiPlugin.yaml").read_text("utf-8"))
    assert project["runtime"]["options"] == {"toolchain": "pip", "virtualenv": ".venv"}
    assert ".venv/" in (ROOT / ".gitignore").read_text("utf-8").splitlines()
