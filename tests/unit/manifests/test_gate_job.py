"""The gate's Job: how long it waits, for what, and with which program."""

from __future__ import annotations

from typing import Any

import pytest
from prepull.defaults import K3S_IMAGE, PYTHON_IMAGE
from prepull.manifests import gate_job as gate

from ...plans import built, plan_of
from .parts import TAINT, environment


@pytest.mark.parametrize(("timeout", "seconds"), [("30m", 1800), ("90s", 90), ("1500ms", 1), ("1ms", 1)])
def test_the_gate_waits_as_long_as_it_is_told(timeout: str, seconds: int) -> None:
    assert gate.seconds(timeout) == seconds
    assert environment(_gate(timeout=timeout)["containers"][0])["PREPULL_TIMEOUT_S"] == str(seconds)


@pytest.mark.parametrize("timeout", ["1ms", "90s", "30m", "8760h"])
def test_whatever_keeps_the_gate_from_running_the_job_ends_after_the_gate_and_before_pulumi(timeout: str) -> None:
    deadline = built(plan_of(timeout=timeout))["gate-job"]["spec"]["activeDeadlineSeconds"]
    waits = gate.seconds(timeout)
    assert waits + 20 <= deadline <= waits + 60
    assert deadline + 60 <= waits + gate.MARGIN_SECONDS


def _gate(**args: Any) -> dict[str, Any]:
    spec: dict[str, Any] = built(plan_of(**args))["gate-job"]["spec"]["template"]["spec"]
    return spec


def test_the_gate_ends_with_its_first_verdict() -> None:
    job = built(plan_of())["gate-job"]["spec"]
    assert job["backoffLimit"] == 0
    [rule] = job["podFailurePolicy"]["rules"]
    assert rule == {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]}
    assert job["template"]["spec"]["restartPolicy"] == "Never"


def test_the_gate_is_told_what_to_wait_for_and_where_to_say_what_came_of_it() -> None:
    spec = _gate(min_ready="90%")
    [container] = spec["containers"]
    found = environment(container)
    assert found["PREPULL_MIN_READY"] == "90%"
    assert found["PREPULL_MESSAGE"] == "/dev/termination-log"
    assert {"name": "token", "mountPath": found["PREPULL_CREDENTIALS"], "readOnly": True} in container["volumeMounts"]
    assert spec["nodeSelector"] == {"kubernetes.io/os": "linux"}


def test_the_gate_has_its_program_where_its_command_looks_for_it() -> None:
    found = built(plan_of())
    spec = found["gate-job"]["spec"]["template"]["spec"]
    [container] = spec["containers"]
    [program] = [volume for volume in spec["volumes"] if "configMap" in volume]
    assert set(program["configMap"]) == {"name"}
    assert {"name": program["name"], "mountPath": "/etc/prepull/gate", "readOnly": True} in container["volumeMounts"]
    assert container["command"] == ["python3", "-B", "-S", "-u", "/etc/prepull/gate/start.py"]
    assert set(found["gate-program"]["data"]) == {"start.py"}
    assert set(found["gate-program"]["binaryData"]) == {"program.json.bz2"}
    assert found["gate-program"]["immutable"] is True


@pytest.mark.parametrize(
    ("gate_image", "gates", "untaints"),
    [(None, PYTHON_IMAGE, K3S_IMAGE), ("host:5000/gate:1", "host:5000/gate:1", "host:5000/gate:1")],
)
def test_the_gates_image_and_what_removes_a_taint(gate_image: str | None, gates: str, untaints: str) -> None:
    found = built(plan_of(gate_image=gate_image, startup_taint=TAINT))
    [container] = found["gate-job"]["spec"]["template"]["spec"]["containers"]
    untaint = found["daemon-set"]["spec"]["template"]["spec"]["initContainers"][-1]
    assert (container["image"], untaint["image"]) == (gates, untaints)
