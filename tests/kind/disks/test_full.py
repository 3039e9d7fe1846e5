"""What a node does when a pull fills its image disk, with the guard and without: docs/image-collection.md."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, cast

import pytest
from prepull import PrePullDaemonSet, PrePullDaemonSetArgs

from lab import Lab
from lab.images.node_files import REGISTRY_PORT, certs_path, hosts_toml

from ..conftest import PULLER_IMAGE, Images, Stack
from ..eventually import eventually
from .disk import THRESHOLDS, Disk
from .watched import Watched, watch

pytestmark = pytest.mark.alone

Kubectl = Callable[..., Any]
MIB = 1 << 20
DISK_MIB = 2000
FORMER = 20 * MIB
# The kubelet evicts below 15 %. It collects images below 16 %: it rounds what is free down to whole percents.
KEEP = "16%"
PULLERS = "--selector=app.kubernetes.io/name=prepull"


@dataclass(frozen=True)
class Case:
    """How full a disk is in percent, before the image is pulled and with it."""

    before: int
    after: int
    hold: bool = False

    @property
    def name(self) -> str:
        return f"disk-{self.before}-{self.after}{'-held' if self.hold else ''}"


Machines = dict[Case, Watched]
SHORT = (Case(78, 83), Case(78, 86), Case(78, 96))
# For the table: what only the kubelet's round every five minutes shows, an image that is held, a disk that others fill.
ALL = (*SHORT, Case(78, 84), Case(78, 96, hold=True), Case(86, 90))


@pytest.fixture
def machines(lab: Lab, images: Images, request: pytest.FixtureRequest) -> Iterator[Machines]:
    """A node for each case, whose kubelet collects and evicts as it does by default."""
    # A name for the registry that this machine has too, which asks it for digests and sizes.
    host = lab.registry.client.address
    upstream = hosts_toml(f"http://{lab.registry.alias}:{REGISTRY_PORT}").encode()
    former = images.push("former", size=FORMER)
    made: Machines = {}
    with ExitStack() as nodes:
        for case in request.param:
            disk = Disk(lab, lab.nodes.join(case.name, image_disk=DISK_MIB))
            nodes.callback(lab.nodes.remove, disk.node)
            lab.nodes.write(disk.node, {certs_path(host): upstream})
            disk.keep_layers()
            disk.configure_kubelet(**THRESHOLDS)
            # The layers, and what is unpacked of them.
            size = disk.figures()[0] * 1024 * (case.after - case.before) // 100 // 2
            image = images.push(case.name, size=size).replace(lab.registry.address, host, 1)
            made[case] = Watched(disk, image, f"{images.prefix}/{case.name}", size, former)
        for each in made.values():
            each.disk.remove_unused()
        yield made


def application(node: str) -> dict[str, Any]:
    """A workload on a node that has nothing to do with the component."""
    labels = {"app": node}
    container = {"name": "app", "image": PULLER_IMAGE, "command": ["sleep", "infinity"]}
    pod = {
        "nodeSelector": {"kubernetes.io/hostname": node},
        "terminationGracePeriodSeconds": 0,
        "containers": [container],
    }
    template = {"metadata": {"labels": labels}, "spec": pod}
    spec = {"selector": {"matchLabels": labels}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": node}, "spec": spec}


def start_afresh(machines: Machines, stack: Stack, kubectl: Kubectl) -> None:
    """Bring each disk to where its case begins, with an application and an image that nothing uses any longer."""
    for machine in machines.values():
        lab, node = machine.disk.lab, machine.disk.node
        machine.disk.clear()
        lab.nodes.remove_image(node, machine.image)
        machine.disk.prune()
        for image in (machine.former, PULLER_IMAGE):
            lab.nodes.exec(node, "crictl", "pull", image)
        # A kubelet that has just started has no recent pressure. It has known all images for no time, though.
        lab.nodes.exec(node, "systemctl", "restart", "kubelet")
        manifest = json.dumps(application(node)).encode()
        lab.cluster.kubectl("--namespace", stack.namespace, "apply", "--filename=-", stdin=manifest)
    for machine in machines.values():
        kubectl("rollout", "status", f"deployment/{machine.disk.node}", "--timeout=110s")
        machine.disk.wait_until_relieved()
    # First what the kubelet does nothing about.
    for case in sorted(machines, key=lambda case: case.before):
        machines[case].begin(kubectl)
        machines[case].disk.fill(case.before)


def program(machines: Machines, stack: Stack, **guard: str) -> Callable[[], None]:
    """A component for each node."""

    def declare() -> None:
        for case, machine in machines.items():
            args = {
                "namespace": stack.namespace,
                "images": [machine.image],
                "pin_digests": True,
                "hold": case.hold,
                "puller_image": PULLER_IMAGE,
                "gate_image": PULLER_IMAGE,
                "node_selector": {"kubernetes.io/hostname": machine.disk.node},
                "wait_for": "nothing",
                **guard,
            }
            PrePullDaemonSet(case.name, cast(PrePullDaemonSetArgs, args))

    return declare


def said(kubectl: Kubectl, case: Case) -> str:
    """The log of a node's puller."""
    return str(kubectl("logs", f"--selector=app.kubernetes.io/instance={case.name}", "--container=pull", "--tail=-1"))


def report(title: str, machines: Machines) -> None:
    print("\n".join([title, *(machine.told() for machine in machines.values())]))


@pytest.mark.timeout(1800, func_only=True)
@pytest.mark.parametrize(
    ("machines", "minutes"),
    [
        pytest.param(SHORT, (1, 2), id="at once"),
        pytest.param(
            ALL,
            (2, 9),
            id="for some minutes",
            marks=pytest.mark.skipif(
                "PREPULL_SLOW_TESTS" not in os.environ,
                reason="watches for ten minutes, for the table in docs/image-collection.md: set PREPULL_SLOW_TESTS=1",
            ),
        ),
    ],
    indirect=["machines"],
)
def test_what_a_node_does_whose_disk_a_pull_fills(
    machines: Machines, minutes: tuple[int, int], stack: Stack, kubectl: Kubectl
) -> None:
    fits, over, full = (machines[case] for case in SHORT)
    small = {case: machine for case, machine in machines.items() if machine is not fits}

    start_afresh(machines, stack, kubectl)
    stack.up(program(machines, stack, min_free_disk=KEEP))
    watch(machines.values(), kubectl, minutes[0])
    report(f"with min_free_disk: {KEEP}", machines)
    touched = [machine.told() for case, machine in machines.items() if case.before < 85 and not machine.left_alone]
    pulled = {case for case, machine in machines.items() if machine.has_image or machine.megabytes}
    guarded = fits.highest
    reasons = {case: said(kubectl, case) for case in small if case.before < 85}

    stack.destroy()
    eventually("the pods are gone", lambda: not kubectl("get", "pods", PULLERS, "--output=json")["items"])
    start_afresh(machines, stack, kubectl)
    stack.up(program(machines, stack))
    watch(machines.values(), kubectl, minutes[1])
    report("without a guard", machines)

    assert touched == []
    assert pulled == {SHORT[0]}
    assert 82 < guarded < 84
    for case, reason in reasons.items():
        assert "16 % are to stay free" in reason, case
    assert fits.left_alone, fits.told()
    assert fits.has_image
    for machine in (over, full):
        assert machine.pressure, machine.told()
    # Whatever is not critical has to go, the puller among it.
    for owner in (SHORT[-1].name, full.disk.node):
        assert any(pod.startswith(f"{owner}-") for pod in full.evicted), full.told()
