"""What the objects are known by."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prepull.labels import label_value, selector

from ...plans import EACH, built, plan_of
from .parts import TAINT, environment


def test_the_selector_follows_from_the_name_alone() -> None:
    wanted = {"app.kubernetes.io/name": "prepull", "app.kubernetes.io/instance": "images"}
    for argument, value in EACH.items():
        daemon_set = built(plan_of(**{argument: value}))["daemon-set"]
        assert daemon_set["spec"]["selector"] == {"matchLabels": wanted}
        assert daemon_set["spec"]["template"]["metadata"]["labels"].items() >= wanted.items()


def test_no_label_of_the_user_hides_one_of_the_component() -> None:
    taken = {"app.kubernetes.io/name": "x", "app.kubernetes.io/instance": "y", "prepull.dev/plan": "z", "team": "t"}
    plan = plan_of(labels=taken, startup_taint=TAINT)
    found = built(plan)
    for key, body in found.items():
        name = "prepull-gate" if key == "gate-job" else "prepull"
        assert body["metadata"]["labels"].items() >= {"app.kubernetes.io/name": name, "team": "t"}.items()
        assert body["metadata"]["labels"]["app.kubernetes.io/instance"] == "images"
    template = found["daemon-set"]["spec"]["template"]["metadata"]["labels"]
    assert template["prepull.dev/plan"] == plan.fingerprint


def test_the_gate_waits_for_the_pods_of_its_own_plan_and_is_none_of_them() -> None:
    plan = plan_of()
    found = built(plan)
    labels = found["daemon-set"]["spec"]["template"]["metadata"]["labels"]
    job = found["gate-job"]["spec"]["template"]
    told = environment(job["spec"]["containers"][0])
    wanted = dict(pair.split("=") for pair in told["PREPULL_SELECTOR"].split(","))
    assert labels.items() >= wanted.items()
    assert found["daemon-set"]["metadata"]["labels"].items() >= wanted.items()
    assert told["PREPULL_PLAN"] == f"prepull.dev/plan={plan.fingerprint}"
    assert labels["prepull.dev/plan"] == plan.fingerprint
    assert not job["metadata"]["labels"].items() >= selector("images").items()


def test_sidecars_are_told_to_keep_out_unless_the_user_says_otherwise() -> None:
    for key in ("daemon-set", "gate-job"):
        made = built(plan_of())[key]["spec"]["template"]["metadata"]
        assert made["annotations"] == {
            "linkerd.io/inject": "disabled",
            "sidecar.istio.io/inject": "false",
            "consul.hashicorp.com/connect-inject": "false",
        }
        assert made["labels"]["sidecar.istio.io/inject"] == "false"
        assert made["labels"]["kuma.io/sidecar-injection"] == "disabled"
        other = built(plan_of(annotations={"linkerd.io/inject": "enabled", "a": "b"}))[key]["spec"]["template"][
            "metadata"
        ]
        assert other["annotations"]["linkerd.io/inject"] == "enabled"
        assert other["annotations"]["a"] == "b"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("images", "images"),
        ("a.B_c-1", "a.B_c-1"),
        ("0", "0"),
        ("a" * 63, "a" * 63),
        ("a" * 64, "a" * 54 + "-ffe054fe"),
        ("my images", "my-images-0999b277"),
        ("-a", "a-c2748917"),
        ("\u2713", "1dabba21"),
        ("\u2713a_" * 30, "a_-" * 17 + "a-10b3075a"),
    ],
)
def test_a_name_becomes_a_label(name: str, value: str) -> None:
    assert label_value(name) == value


@given(st.text(min_size=1, max_size=80), st.text(min_size=1, max_size=80))
def test_different_names_are_different_labels(one: str, other: str) -> None:
    first, second = label_value(one), label_value(other)
    assert (first == second) == (one == other)
    for label in (first, second):
        assert len(label) <= 63
        assert label.isascii()
        assert label[0].isalnum()
        assert label[-1].isalnum()
