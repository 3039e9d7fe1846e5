"""When what depends on the images goes on, from what a watch of the API server tells."""

from __future__ import annotations

import ast
from datetime import datetime, timezone

import pytest
from lightkube.models.apps_v1 import DaemonSetSpec, DaemonSetStatus
from lightkube.models.core_v1 import PodTemplateSpec
from lightkube.models.meta_v1 import LabelSelector, ObjectMeta
from lightkube.resources.apps_v1 import DaemonSet
from lightkube.resources.core_v1 import ConfigMap

from bench.compared.waits import GATE, HOOK, PODS, programs
from bench.instruments.changes import Changes
from bench.scenarios.dependents import times

IMAGES = ["registry:5000/a:v1", "registry:5000/b:v1"]


def daemon_set(generation: int = 1, observed: int = 1, ready: int = 0, uid: str = "1") -> DaemonSet:
    return DaemonSet(
        metadata=ObjectMeta(name="images", uid=uid, generation=generation),
        spec=DaemonSetSpec(selector=LabelSelector(), template=PodTemplateSpec()),
        status=DaemonSetStatus(
            currentNumberScheduled=3, desiredNumberScheduled=3, numberMisscheduled=0, numberReady=ready,
            observedGeneration=observed, updatedNumberScheduled=3,
        ),
    )  # fmt: skip


def config_map(name: str, images: str, uid: str = "1") -> ConfigMap:
    return ConfigMap(metadata=ObjectMeta(name=name, uid=uid), data={"images": images})


def heard_of_first() -> Changes:
    heard = Changes("workload")
    heard.note("ADDED", config_map("kube-root-ca.crt", "none"))
    assert heard.first is None
    heard.note("ADDED", config_map("scripts", "none"))
    heard.note("ADDED", daemon_set())
    return heard


def test_the_clock_starts_with_the_first_object_of_a_form() -> None:
    heard = heard_of_first()
    first = heard.first
    heard.note("MODIFIED", daemon_set(ready=3))
    heard.note("ADDED", config_map("workload", "a"))

    heard.wait(0)
    total, beyond = times(heard)
    assert heard.first == first
    assert total >= beyond >= 0


def test_a_workload_that_comes_before_the_daemon_set_is_ready_counts_below_zero() -> None:
    heard = heard_of_first()
    heard.note("ADDED", config_map("workload", "a"))
    with pytest.raises(TimeoutError, match="ready None"):
        heard.wait(0)
    heard.note("MODIFIED", daemon_set(ready=3))

    assert times(heard)[1] <= 0


def test_in_the_next_run_only_what_changes_counts() -> None:
    heard = heard_of_first()
    heard.note("MODIFIED", daemon_set(ready=3))
    heard.note("ADDED", config_map("workload", "a"))
    heard.forget()

    # The same again, as after a lost connection, and a status.
    heard.note("ADDED", config_map("scripts", "none"))
    heard.note("MODIFIED", daemon_set(ready=3))
    heard.note("MODIFIED", config_map("workload", "a"))
    assert (heard.first, heard.ready, heard.workload) == (None, None, None)

    heard.note("MODIFIED", daemon_set(generation=2, observed=1, ready=3))
    assert heard.first
    assert heard.ready is None, "its status is of the generation before"
    heard.note("MODIFIED", daemon_set(generation=2, observed=2, ready=3))
    heard.note("MODIFIED", config_map("workload", "b"))
    heard.wait(0)


def test_a_daemon_set_that_is_made_anew_is_a_change() -> None:
    heard = heard_of_first()
    heard.forget()
    heard.note("DELETED", daemon_set())
    assert heard.first is None

    heard.note("ADDED", daemon_set(uid="2"))
    assert heard.first


def test_a_daemon_set_that_goes_takes_nothing_from_the_one_that_comes() -> None:
    heard = heard_of_first()
    heard.forget()
    heard.note("ADDED", daemon_set(uid="2", ready=3))
    ready = heard.ready
    assert ready

    going = daemon_set(generation=2, ready=3)
    assert going.metadata
    going.metadata.deletionTimestamp = datetime.now(timezone.utc)
    heard.note("MODIFIED", going)
    assert heard.ready == ready


def test_each_form_has_a_program_with_every_image_and_the_workload() -> None:
    made = programs("here", IMAGES)

    assert set(made) == {GATE, PODS, HOOK}
    for text in made.values():
        ast.parse(text)
        assert all(image in text for image in IMAGES)
        assert text.rstrip().endswith("depends_on=waited_for),\n)")
