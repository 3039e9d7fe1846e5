"""The verdict on objects: the same from the gate in the cluster and from `prepull wait`."""

from __future__ import annotations

from pathlib import Path

import pytest
from prepull.status import verdict

from ..cluster.fake_api import FakeApi
from ..cluster.objects import daemon_set
from ..cluster.verdicts import CASES, Case
from ..gate.gates import Gate, own_pod
from .conftest import Prepull

TIMEOUT_S = 1
every_case = pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())


@pytest.fixture
def found(api: FakeApi, case: Case) -> FakeApi:
    """The cluster of a case."""
    api.items["daemonsets"] = [daemon_set(case.args, desired=case.desired, **case.more)]
    api.items["pods"] = [*case.pods, own_pod()]
    api.items["events"] = list(case.events)
    return api


def lines_of(case: Case) -> list[str]:
    first, *rest = case.lines
    return [f"timed out after {TIMEOUT_S} s: {first}" if case.late else first, *rest]


@every_case
def test_the_gate_decides(case: Case, found: FakeApi, tmp_path: Path) -> None:
    plan = found.items["daemonsets"][0]["spec"]["template"]["metadata"]["labels"]["prepull.dev/plan"]
    gate = Gate.made(tmp_path / "gate")
    timeout_s = TIMEOUT_S if case.late else 60

    code, message = gate.end(
        found, min_ready=case.min_ready, timeout_s=timeout_s, PREPULL_PLAN=f"prepull.dev/plan={plan}"
    )

    assert (code, message.splitlines()) == (case.code, lines_of(case))


@every_case
def test_wait_decides_the_same(case: Case, found: FakeApi, prepull: Prepull, monkeypatch: pytest.MonkeyPatch) -> None:
    assert found.items["daemonsets"]
    for name in ("SETTLE_SECONDS", "SECOND_LOOK_SECONDS", "COUNT_SECONDS"):
        monkeypatch.setattr(verdict, name, 0)

    ran = prepull("wait", "--min-ready", case.min_ready, "--timeout", f"{TIMEOUT_S}s" if case.late else "60s")

    told = ran.out + ran.err if case.code == 0 else ran.err
    assert told.splitlines()[-len(case.lines) :] == lines_of(case)
    if case.code == 0:
        assert ran.out.splitlines() == lines_of(case)[:1]
    assert ran.code == (3 if case.late else case.code)
