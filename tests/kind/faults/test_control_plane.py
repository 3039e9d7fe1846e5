"""The API server goes away while nodes pull: they go on, and all is told when it is back."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from functools import partial
from typing import Any

import pytest

from lab import Lab
from lab.errors import LabError

from ..conftest import Images, Stack, UpFailed
from ..eventually import eventually
from ..faulty_registry import Fault, FaultyRegistry
from ..meanwhile import meanwhile
from ..times import at

pytestmark = pytest.mark.alone

Kubectl = Callable[..., Any]
MANIFESTS = "/etc/kubernetes/manifests"
ASIDE = "/etc/kubernetes"
LEADERS = ("kube-controller-manager", "kube-scheduler")
AWAY_SECONDS = 40
# Time for the gate to have looked.
LOOKS_SECONDS = 10
COUNT = "0 of 3 nodes have all images"
SILENT_SECONDS = 30
PATIENCE = {"image_timeout": "2m", "timeout": "6m"}


class ControlPlane:
    """The lab's control plane, of which a test may take parts away."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab

    def take_away(self, name: str) -> None:
        """Have the kubelet end a part of it, and wait until it is gone."""
        self._exec("mv", f"{MANIFESTS}/{name}.yaml", ASIDE)
        eventually(f"{name} is gone", lambda: not self._exec("crictl", "ps", "--quiet", "--name", name).strip(), 120)

    @contextmanager
    def silent(self, name: str) -> Iterator[None]:
        """A part of it takes what is sent to it, and says nothing."""
        container = self._exec("crictl", "ps", "--quiet", "--name", name).strip()
        process = self._exec("crictl", "inspect", "--output=go-template", "--template={{.info.pid}}", container).strip()
        self._exec("kill", "-STOP", process)
        try:
            yield
        finally:
            self._exec("kill", "-CONT", process)

    def bring_back(self) -> None:
        """Have the kubelet start what is away, and wait until everything works."""
        self._exec("find", ASIDE, "-maxdepth", "1", "-name", "kube-*.yaml", "-exec", "mv", "{}", MANIFESTS, ";")
        since = datetime.now(timezone.utc)
        eventually("the API server answers", self._lab.cluster.answers, 240)
        self._lab.cluster.wait_until_ready()
        for name in LEADERS:
            eventually(f"{name} works", partial(self._is_renewed, name, since), 240)

    def _exec(self, *command: str) -> str:
        return self._lab.nodes.exec(self._lab.cluster.control_plane, *command)

    def _is_renewed(self, name: str, since: datetime) -> bool:
        try:
            printed = self._lab.cluster.kubectl(
                "get", "lease", name, "--namespace=kube-system", "--output=jsonpath={.spec.renewTime}"
            )
        except LabError:
            return False
        return at(printed) > since


@pytest.fixture
def control_plane(lab: Lab) -> Iterator[ControlPlane]:
    """The control plane, all of which is back when the test is over, however it ends."""
    made = ControlPlane(lab)
    yield made
    made.bring_back()


@pytest.fixture
def held(images: Images, registry: FaultyRegistry) -> str:
    """An image that the registry says nothing of."""
    registry.faults["held"] = Fault(silent=True)
    return images.push_faulty("held")


@pytest.fixture
def lose(registry: FaultyRegistry, kubectl: Kubectl, control_plane: ControlPlane) -> Callable[[str], None]:
    """Take a part of the control plane away while every node asks for the image, which it then gets."""

    def run(name: str) -> None:
        registry.wait_until_met("held", 3)
        eventually("the gate looks", lambda: COUNT in told(kubectl), 120)
        control_plane.take_away(name)
        registry.faults.clear()

    return run


def test_nodes_pull_while_the_api_server_is_away_and_all_is_told_when_it_is_back(
    lab: Lab, stack: Stack, images: Images, held: str, control_plane: ControlPlane, lose: Callable[[str], None]
) -> None:
    gone: list[bool] = []

    def go_away() -> None:
        lose("kube-apiserver")
        everywhere = set(lab.cluster.base_nodes)
        eventually("the image is on every node", lambda: images.nodes_with(held) == everywhere, 120)
        time.sleep(AWAY_SECONDS)
        gone.append(not lab.cluster.answers())
        control_plane.bring_back()

    with meanwhile(go_away):
        result = stack.up({"images": [held], **PATIENCE})

    assert gone == [True]
    assert result.outputs["ready_nodes"] == 3


def test_the_gate_waits_until_the_nodes_are_counted(
    stack: Stack, held: str, kubectl: Kubectl, control_plane: ControlPlane, lose: Callable[[str], None]
) -> None:
    ready = "--output=jsonpath={.items[*].status.containerStatuses[*].ready}"
    seen: list[str] = []

    def go_away() -> None:
        lose("kube-controller-manager")
        pods = partial(kubectl, "get", "pods", "--selector=app.kubernetes.io/name=prepull", ready)
        eventually("every pod is ready", lambda: pods() == "true true true", 120)
        time.sleep(LOOKS_SECONDS)
        seen.append(gates(kubectl))
        control_plane.bring_back()

    with meanwhile(go_away):
        result = stack.up({"images": [held], **PATIENCE})

    assert seen == ["Running"]
    assert result.outputs["ready_nodes"] == 3


def test_the_gate_keeps_its_time_while_the_api_server_is_silent(
    stack: Stack, held: str, registry: FaultyRegistry, kubectl: Kubectl, control_plane: ControlPlane
) -> None:
    silence: list[datetime] = []

    def fall_silent() -> None:
        registry.wait_until_met("held", 3)
        # Before its first look, the gate would have no count to tell.
        eventually("the gate looks", lambda: COUNT in told(kubectl), 120)
        with control_plane.silent("kube-apiserver"):
            silence.append(datetime.now(timezone.utc))
            time.sleep(SILENT_SECONDS)
            silence.append(datetime.now(timezone.utc))
        control_plane.bring_back()

    with meanwhile(fall_silent), pytest.raises(UpFailed, match=f"timed out after 20 s: {COUNT}"):
        stack.up({"images": [held], "image_timeout": "2m", "timeout": "20s"})

    [gate] = kubectl("get", "pods", "--selector=app.kubernetes.io/name=prepull-gate", "--output=json")["items"]
    [status] = gate["status"]["containerStatuses"]
    assert silence[0] < at(status["state"]["terminated"]["finishedAt"]) < silence[1]


def told(kubectl: Kubectl) -> str:
    """What the gate has said so far; nothing while it has not started."""
    try:
        return str(kubectl("logs", "--selector=app.kubernetes.io/name=prepull-gate"))
    except LabError:
        return ""


def gates(kubectl: Kubectl) -> str:
    """The phases of the gate's pods."""
    selector = "--selector=app.kubernetes.io/name=prepull-gate"
    return str(kubectl("get", "pods", selector, "--output=jsonpath={.items[*].status.phase}"))
