"""The example's rules and dashboard over what kube-state-metrics serves of components that work and that fail."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from lab import Lab
from lab.process import run

from ..conftest import PULLER_IMAGE, Images, Stack, failed_up
from ..eventually import eventually
from .metrics import Metrics, Prometheus, serving

# One process builds both programs, if they have to be built.
pytestmark = pytest.mark.xdist_group("monitoring")

Kubectl = Callable[..., Any]
EXAMPLE = Path(__file__).parents[3] / "examples" / "monitoring"
PREPULL = str(Path(sys.executable).with_name("prepull"))
HELD_MINUTES = 12
OURS = {"puller_image": PULLER_IMAGE, "gate_image": PULLER_IMAGE, "attempts": 1, "timeout": "10s"}
# What is not the component's: a DaemonSet and a Job that fail, with names and containers like its own.
OTHERS = """
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: theirs}
spec:
  selector: {matchLabels: {app: theirs}}
  template:
    metadata: {labels: {app: theirs}}
    spec:
      initContainers: [{name: pull, image: "IMAGE", command: ["/bin/sh", "-c", "exit 1"]}]
      containers: [{name: pause, image: "IMAGE", command: ["/bin/sh", "-c", "exit 1"]}]
---
apiVersion: batch/v1
kind: Job
metadata: {name: migration-gate}
spec:
  backoffLimit: 0
  template:
    spec:
      restartPolicy: Never
      containers: [{name: gate, image: "IMAGE", command: ["/bin/sh", "-c", "exit 1"]}]
"""


@pytest.fixture(scope="session")
def promtool(lab: Lab) -> Path:
    return lab.promtool


@pytest.fixture(scope="session")
def kube_state_metrics(lab: Lab) -> Path:
    return lab.kube_state_metrics


@pytest.fixture
def prometheus(promtool: Path, tmp_path: Path) -> Prometheus:
    """The example's rules."""
    return Prometheus(promtool, EXAMPLE / "rules.yaml", tmp_path)


@pytest.fixture
def metrics(kube_state_metrics: Path, lab: Lab, namespace: str) -> Iterator[Metrics]:
    """kube-state-metrics with its default settings."""
    with serving(kube_state_metrics, lab.kubeconfig, namespace) as running:
        yield running


@pytest.fixture
def apply(lab: Lab, namespace: str) -> Callable[..., None]:
    """Render a component of some name into the test's namespace, and apply it."""

    def render(name: str, **args: Any) -> None:
        command = [PREPULL, "render", "-", "--name", name, "--namespace", namespace]
        ran = subprocess.run(
            command, input=json.dumps({**OURS, **args}), check=True, capture_output=True, text=True, timeout=60
        )
        lab.cluster.kubectl("apply", "--filename", "-", stdin=ran.stdout.encode())

    return render


def pullers(kubectl: Kubectl, name: str) -> list[dict[str, Any]]:
    """The status of each puller of a component."""
    selector = f"--selector=app.kubernetes.io/name=prepull,app.kubernetes.io/instance={name}"
    pods = kubectl("get", "pods", selector, "--output=json")["items"]
    return [status for pod in pods for status in pod["status"].get("initContainerStatuses", [])]


def ended_gates(kubectl: Kubectl) -> list[str]:
    """The gates that have passed or failed."""
    jobs = kubectl("get", "jobs", "--selector=app.kubernetes.io/name=prepull-gate", "--output=json")["items"]
    over = {"Complete", "Failed"}
    return [
        job["metadata"]["name"]
        for job in jobs
        if any(each["type"] in over and each["status"] == "True" for each in job["status"].get("conditions", []))
    ]


def panels() -> Mapping[str, str]:
    """The queries of the dashboard by title and letter, with everything chosen that it lets choose."""
    found = {}
    for panel in json.loads((EXAMPLE / "dashboard.json").read_text("utf-8"))["panels"]:
        for target in panel["targets"]:
            query = target["expr"].removesuffix(" or vector(0)")
            for variable in ("cluster", "namespace", "component"):
                query = query.replace(f"${variable}", ".*")
            assert "$" not in query
            found[f"{panel['title']} {target['refId']}"] = query
    return found


def test_promtool_accepts_the_rules_and_its_tests_of_them_pass(promtool: Path) -> None:
    # It counts recording rules that are named against the convention, and rules twice in the file, as errors.
    print(run(promtool, "check", "rules", "--lint=all", "--lint-fatal", EXAMPLE / "rules.yaml"))
    print(run(promtool, "test", "rules", EXAMPLE / "rules.test.yaml"))


def test_exactly_what_is_wrong_raises_an_alert_and_every_panel_has_data(
    lab: Lab,
    stack: Stack,
    images: Images,
    kubectl: Kubectl,
    apply: Callable[..., None],
    metrics: Metrics,
    prometheus: Prometheus,
) -> None:
    def have_restarted(found: list[dict[str, Any]]) -> bool:
        return len([each for each in found if each["restartCount"] >= 3]) >= len(lab.cluster.base_nodes)

    image, missing = images.push(), f"{lab.registry.address}/nobody/has-this:v1"
    with metrics.scraped():
        lab.cluster.kubectl(
            "--namespace", stack.namespace, "apply", "--filename", "-",
            stdin=OTHERS.replace("IMAGE", PULLER_IMAGE).encode(),
        )  # fmt: skip
        apply("works", images=[image], timeout="3m")
        apply("unplaced", images=[image], resources={"requests": {"cpu": "1000"}})
        apply("refused", images=[image], priority_class_name="nobody-made-this")
        failed_up(stack, {"images": [missing]})
        eventually("each gate has ended", lambda: len(ended_gates(kubectl)) == 4, 120)
        eventually("each puller has restarted three times", lambda: have_restarted(pullers(kubectl, "images")), 240)
        served = len(metrics.scrapes)
        eventually("that is served", lambda: len(metrics.scrapes) > served + 1)

    deployed = next(
        labels["daemonset"]
        for labels in metrics.labels("kube_daemonset_created")
        if labels["daemonset"].startswith("images-")
    )

    def alert(name: str, daemon_set: str, component: str, **more: str) -> dict[str, str]:
        state = {"__name__": "ALERTS", "alertname": name, "alertstate": "firing", "severity": "warning"}
        return {**state, "namespace": stack.namespace, "daemonset": daemon_set, "component": component, **more}

    def gate(component: str) -> dict[str, str]:
        [job] = [name for name in ended_gates(kubectl) if name.startswith(f"{component}-gate-")]
        labels = alert("PrepullGateFailed", "", component, job_name=job)
        del labels["daemonset"]
        return labels

    prometheus.check(
        metrics.scrapes,
        HELD_MINUTES,
        {
            "ALERTS": [
                alert("PrepullNodesWithoutImages", deployed, "images"),
                alert("PrepullPullerRestarts", deployed, "images", container="pull"),
                gate("images"),
                alert("PrepullNodesWithoutImages", "unplaced", "unplaced"),
                gate("unplaced"),
                alert("PrepullNodesWithoutPod", "refused", "refused"),
                gate("refused"),
            ],
            **{f"count({query}) > bool 0": [{}] for query in panels().values()},
        },
    )


def test_a_component_without_a_gate_is_found_by_its_label(
    lab: Lab,
    namespace: str,
    kubectl: Kubectl,
    apply: Callable[..., None],
    kube_state_metrics: Path,
    prometheus: Prometheus,
) -> None:
    found = {"namespace": namespace, "daemonset": "ungated", "component": "ungated"}
    recorded = {"__name__": "daemonset:prepull_component:info", **found}
    labels = "--metric-labels-allowlist=daemonsets=[app.kubernetes.io/name]"
    apply("ungated", images=[f"{lab.registry.address}/nobody/has-this:v1"], wait_for="nothing")
    eventually("its pods are there", lambda: len(pullers(kubectl, "ungated")) >= len(lab.cluster.base_nodes))
    for options, expected in (((), []), ((labels,), [recorded])):
        with serving(kube_state_metrics, lab.kubeconfig, namespace, *options) as metrics, metrics.scraped():
            eventually("it is served", lambda: metrics.labels("kube_daemonset_created") != [])
        assert metrics.labels("kube_daemonset_created") == [{"namespace": namespace, "daemonset": "ungated"}]

        prometheus.check(metrics.scrapes, HELD_MINUTES, {"daemonset:prepull_component:info": expected})
