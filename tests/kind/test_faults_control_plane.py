"""The API server goes away while nodes pull: they go on, and all is told when it is back."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from functools import partial
from typing import Any

import pytest

from lab import Lab
from lab.errors import LabError

from .conftest import Images, Stack
from .eventually import eventually
from .faulty_registry import Fault, FaultyRegistry
from .meanwhile import meanwhile

Kubectl = Callable[..., Any]
MANIFEST = "/etc/kubernetes/manifests/kube-apiserver.yaml"
ASIDE = "/etc/kubernetes/kube-apiserver.yaml"
LEADERS = ("kube-controller-manager", "kube-scheduler")
AWAY_SECONDS = 40


class ApiServer:
    """The API server of the lab, which a test may take away."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab

    def take_away(self) -> None:
        """Have the kubelet end it, and wait until it is gone."""
        self._lab.nodes.exec(self._lab.cluster.control_plane, "mv", MANIFEST, ASIDE)
        eventually("the API server is gone", lambda: not self._lab.cluster.answers(), 120)

    def bring_back(self) -> None:
        """Have the kubelet start it, and wait until everything that depends on it works."""
        put_back = f"[ ! -e {ASIDE} ] || mv {ASIDE} {MANIFEST}"
        self._lab.nodes.exec(self._lab.cluster.control_plane, "sh", "-c", put_back)
        since = datetime.now(timezone.utc)
        eventually("the API server answers", self._lab.cluster.answers, 240)
        self._lab.cluster.wait_until_ready()
        for name in LEADERS:
            eventually(f"{name} works", partial(self._is_renewed, name, since), 240)

    def _is_renewed(self, name: str, since: datetime) -> bool:
        try:
            printed = self._lab.cluster.kubectl(
                "get", "lease", name, "--namespace=kube-system", "--output=jsonpath={.spec.renewTime}"
            )
        except LabError:
            return False
        return datetime.fromisoformat(printed.replace("Z", "+00:00")) > since


@pytest.fixture
def api_server(lab: Lab) -> Iterator[ApiServer]:
    """The API server, which is back when the test is over, however it ends."""
    made = ApiServer(lab)
    yield made
    made.bring_back()


def test_nodes_pull_while_the_api_server_is_away_and_all_is_told_when_it_is_back(
    lab: Lab, stack: Stack, images: Images, registry: FaultyRegistry, kubectl: Kubectl, api_server: ApiServer
) -> None:
    image = images.push_faulty("held")
    registry.faults["held"] = Fault(silent=True)
    args = {"images": [image], "image_timeout": "2m", "timeout": "6m"}
    gone: list[bool] = []

    def go_away() -> None:
        registry.wait_until_met("held", 3)
        eventually("the gate looks", lambda: "Running" in gates(kubectl), 120)
        api_server.take_away()
        registry.faults.clear()
        everywhere = set(lab.cluster.base_nodes)
        eventually("the image is on every node", lambda: images.nodes_with(image) == everywhere, 120)
        time.sleep(AWAY_SECONDS)
        gone.append(not lab.cluster.answers())
        api_server.bring_back()

    with meanwhile(go_away):
        result = stack.up(args)

    assert gone == [True]
    assert result.outputs["ready_nodes"] == 3


def gates(kubectl: Kubectl) -> str:
    """The phases of the gate's pods."""
    selector = "--selector=app.kubernetes.io/name=prepull-gate"
    return str(kubectl("get", "pods", selector, "--output=jsonpath={.items[*].status.phase}"))
