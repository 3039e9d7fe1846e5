"""What `make test-clusters` says, without a cluster."""

import sys

import pytest

from lab import Lab, LabError

from ... import clusters

# In place of the tests: it passes on one cluster alone.
PROGRAM = "import os, sys; sys.exit(os.environ['KUBERNETES'] != '1.37')"


@pytest.fixture
def downs(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A machine without a lab, and how often a lab was taken down."""
    down: list[str] = []
    monkeypatch.setattr(clusters, "demand", lambda *_, **__: None)
    monkeypatch.setattr(Lab, "is_up", lambda _: False)
    monkeypatch.setattr(Lab, "down", lambda _: down.append("down"))
    monkeypatch.setattr(clusters, "command", lambda: [sys.executable, "-c", PROGRAM])
    return down


def test_each_cluster_is_named_with_its_outcome(downs: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert clusters.main([]) == 1

    printed = capsys.readouterr().out
    assert "  Kubernetes 1.37  passed\n  Kubernetes 1.34  FAILED\n" in printed
    assert len(downs) == 2


def test_one_can_be_chosen(downs: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert clusters.main(["1.37"]) == 0
    assert "1.34" not in capsys.readouterr().out
    assert len(downs) == 1


def test_an_unknown_one_is_refused_with_the_choices(downs: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert clusters.main(["1.33"]) == 2
    assert capsys.readouterr().err == "CLUSTERS: 1.33: write some of 1.37, 1.34\n"
    assert downs == []


def test_a_lab_that_is_up_is_left_alone(
    downs: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Lab, "is_up", lambda _: True)
    assert clusters.main([]) == 1
    assert "run `make down` first" in capsys.readouterr().err
    assert downs == []


def test_what_the_machine_lacks_is_said(
    downs: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def lacking(*_: object, **__: object) -> None:
        raise LabError("This machine lacks it.")

    monkeypatch.setattr(clusters, "demand", lacking)
    assert clusters.main([]) == 1
    assert capsys.readouterr().err == "This machine lacks it.\n"
    assert downs == []


def test_its_tests_are_there() -> None:
    assert [path for path in clusters.TESTS if not (clusters.ROOT / path).is_file()] == []
