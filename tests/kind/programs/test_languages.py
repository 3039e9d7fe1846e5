"""Programs in other languages, which run the component as a plugin: the examples first, then their mistakes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from pulumi import automation as auto

from lab import Lab
from lab.images.oci import Image, layer, program
from lab.process import run

from ..conftest import Images, Result, UpFailed, changed_by
from .conftest import refresh
from .in_languages import LANGUAGES, PROGRAMS, REFUSED, WITH_ENUMS, WRONG

pytestmark = pytest.mark.xdist_group("languages")

Kubectl = Callable[..., Any]
SCHEMA = Path(__file__).parents[2] / "schema" / "schema.json"


@dataclass
class Project:
    """A user's project and its stack, used as on the command line."""

    directory: Path
    program: Path
    stack: auto.Stack

    def write(self, program: str) -> None:
        self.program.write_text(program, "utf-8")

    def configure(self, key: str, value: str) -> None:
        self.stack.set_config(key, auto.ConfigValue(value))

    def up(self) -> Result:
        lines: list[str] = []
        try:
            done = self.stack.up(on_output=lines.append, on_error=lines.append, color="never")
        except auto.CommandError as error:
            raise UpFailed("\n".join([*lines, str(error)])) from None
        return Result("\n".join(lines), {key: output.value for key, output in done.outputs.items()})

    def preview(self) -> dict[str, int]:
        return changed_by(self.stack.preview(color="never").change_summary)


@pytest.fixture
def projects(checkout: Path, namespace: str, tmp_path: Path) -> Iterator[Callable[[str], Project]]:
    """Example projects with a stack of the test's own, whose default namespace is the test's."""
    made: list[Project] = []
    originals: dict[Path, bytes] = {}

    def project(language: str) -> Project:
        directory = checkout / "examples" / language
        program = directory / PROGRAMS[language]
        originals[program] = program.read_bytes()
        environ = {"PULUMI_BACKEND_URL": f"file://{tmp_path}"}
        stack = auto.create_stack("test", work_dir=str(directory), opts=auto.LocalWorkspaceOptions(env_vars=environ))
        made.append(Project(directory, program, stack))
        made[-1].configure("kubernetes:namespace", namespace)
        return made[-1]

    yield project
    for path, content in originals.items():
        path.write_bytes(content)
    for each in made:
        each.stack.destroy(color="never")
        (each.directory / "Pulumi.test.yaml").unlink()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_image_is_on_every_node_before_the_pods_of_the_example_start(
    language: str, lab: Lab, projects: Callable[[str], Project], images: Images, kubectl: Kubectl
) -> None:
    sleep = Image((layer({"/sleep": program(lab.busybox)}),), command=("/sleep", "infinity"))
    image = images.push(image=sleep)
    project = projects(language)
    project.configure("image", image)

    outputs = project.up().outputs

    assert images.nodes_with(image) == set(lab.cluster.base_nodes)
    assert outputs == {"images": [image], "readyNodes": 3, "desiredNodes": 3}
    events = kubectl("get", "events", "--field-selector=reason=Pulled", "--output=json")["items"]
    pulls = [event["message"] for event in events if event["involvedObject"]["name"].startswith("web-")]
    assert len(pulls) == 2
    assert all("already present on machine" in message for message in pulls)
    assert set(project.preview()) == {"same"}

    project.stack.destroy(color="never")
    kubectl("wait", "--for=delete", "pods", "--all", "--timeout=120s")
    assert kubectl("get", "daemonsets,deployments,jobs,configmaps,roles", "--output=name").split() == [
        "configmap/kube-root-ca.crt"
    ]


COMPLAINTS = """\
PrePullDaemonSet 'images' cannot be deployed as it is described:
      - images[0]: 'UPPER/case' is not an image reference: the repository must be in lower case: 'upper/case'
      - imageTimeout: 'soon' is not a duration; write a number with a unit (ms, s, m, h), such as '90s' or '10m'
      - tolerations[0]: a toleration with tolerationSeconds needs the effect NoExecute
"""


@pytest.mark.parametrize("language", LANGUAGES)
def test_wrong_arguments_are_told_in_the_names_of_the_language_and_without_a_traceback(
    language: str, projects: Callable[[str], Project], kubectl: Kubectl
) -> None:
    project = projects(language)
    project.write(WRONG[language])

    with pytest.raises(UpFailed) as failure:
        project.up()

    assert COMPLAINTS in str(failure.value)
    assert not re.search(r'Traceback|File "|\.py\b', str(failure.value).partition("CommandError")[0])
    assert kubectl("get", "daemonsets", "--output=name") == ""


@pytest.mark.parametrize("language", LANGUAGES)
def test_members_of_enums_and_texts_arrive(
    language: str, projects: Callable[[str], Project], images: Images, kubectl: Kubectl
) -> None:
    project = projects(language)
    project.write(WITH_ENUMS[language].replace("IMAGE", images.push()))
    project.configure("onFailure", "continue")
    project.up()

    [daemon_set] = kubectl("get", "daemonsets", "--output=json")["items"]
    pod = daemon_set["spec"]["template"]["spec"]
    assert pod["tolerations"] == [{"operator": "Exists", "effect": "NoSchedule"}]
    variables = {each["name"]: each.get("value") for each in pod["initContainers"][0]["env"]}
    assert [variables["PREPULL_PULL_POLICY"], variables["PREPULL_ON_FAILURE"]] == ["Always", "continue"]


# In Java, a text becomes a member only where the program says how.
@pytest.mark.parametrize("language", ["yaml", "typescript", "go"])
def test_a_text_of_the_configuration_that_an_enum_does_not_have_is_told_with_the_right_ones(
    language: str, projects: Callable[[str], Project], kubectl: Kubectl
) -> None:
    project = projects(language)
    project.write(WITH_ENUMS[language].replace("IMAGE", "nginx"))
    project.configure("onFailure", "sometimes")

    with pytest.raises(UpFailed, match="onFailure: 'sometimes' is not one of retry, continue"):
        project.up()

    assert kubectl("get", "daemonsets", "--output=name") == ""


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_itself_refuses_a_text_that_an_enum_does_not_have(
    language: str, projects: Callable[[str], Project], kubectl: Kubectl
) -> None:
    text, complaint = REFUSED[language]
    project = projects(language)
    project.write(text)

    with pytest.raises(UpFailed, match=complaint):
        project.up()

    assert kubectl("get", "daemonsets", "--output=name") == ""


# What another resource says, through a provider that is not the default one.
DEPENDENT = """\
name: prepull-yaml
runtime: yaml
packages:
  prepull: ../../components
resources:
  cluster:
    type: pulumi:providers:kubernetes
    properties:
      namespace: NAMESPACE
  settings:
    type: kubernetes:core/v1:ConfigMap
    properties:
      data:
        image: IMAGE
        parallelism: "3"
    options:
      provider: ${cluster}
  images:
    type: prepull:PrePullDaemonSet
    properties:
      images:
        - ${settings.data["image"]}
      attempts: 2
      backoff: 100ms
      timeout: 3m
      labels:
        parallelism: ${settings.data["parallelism"]}
    options:
      providers:
        - ${cluster}
outputs:
  namespace: ${images.namespace}
  readyNodes: ${images.readyNodes}
"""


def test_what_other_resources_say_is_checked_once_it_is_known_and_the_gate_gives_its_reasons(
    lab: Lab, projects: Callable[[str], Project], images: Images, namespace: str, kubectl: Kubectl
) -> None:
    project = projects("yaml")
    # Whatever goes the default provider's way instead has nowhere to go.
    project.configure("kubernetes:namespace", "no-such-namespace")

    def up(image: str) -> dict[str, Any]:
        text = DEPENDENT.replace("NAMESPACE", namespace).replace("IMAGE", image)
        project.write(text)
        return project.up().outputs

    with pytest.raises(UpFailed) as wrong:
        up("UPPER/case")
    assert "".join(COMPLAINTS.splitlines(keepends=True)[:2]) in str(wrong.value)

    missing = f"{lab.registry.address}/nobody/has-this:v1"
    with pytest.raises(UpFailed) as absent:
        up(missing)
    assert f"image {missing}: manifest unknown (3 of 3 nodes: " in str(absent.value)

    image = images.push()
    assert up(image) == {"namespace": namespace, "readyNodes": 3}
    assert images.nodes_with(image) == set(lab.cluster.base_nodes)
    [daemon_set] = kubectl("get", "daemonsets", "--output=json")["items"]
    assert daemon_set["metadata"]["labels"]["parallelism"] == "3"


def test_the_package_is_added_to_a_project_by_its_path(checkout: Path) -> None:
    project = checkout / "examples" / "new"
    refresh(checkout / "examples" / "yaml", project)
    written = yaml.safe_load((project / "Pulumi.yaml").read_text("utf-8"))
    del written["packages"]
    (project / "Pulumi.yaml").write_text(yaml.safe_dump(written), "utf-8")

    run("pulumi", "package", "add", "../../components", cwd=project)

    assert yaml.safe_load((project / "Pulumi.yaml").read_text("utf-8"))["packages"] == {"prepull": "../../components"}
    schema = json.loads(run("pulumi", "package", "get-schema", "../../components", cwd=project))
    wanted = json.loads(SCHEMA.read_text("utf-8"))
    assert (schema["version"], schema["resources"], schema["types"]) == (
        wanted["version"],
        wanted["resources"],
        wanted["types"],
    )
