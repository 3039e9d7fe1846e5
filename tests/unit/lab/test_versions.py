import re

import pytest

from lab.checkout import Checkout
from lab.errors import LabError
from lab.tools import programs
from lab.versions import KUBE_STATE_METRICS, PROMETHEUS, SYSTEMS, System, chosen

OF_SYSTEM = [programs.kubernetes, programs.etcd, programs.containerd, programs.crictl]


def required(module: str) -> dict[str, str]:
    """What one of the modules under `lab/go` requires, with its own version of each."""
    text = (Checkout.of_this_file().go / module / "go.mod").read_text()
    return dict(re.findall(r"^(?:require |\t)(\S+) v(\S+)(?: // indirect)?$", text, re.MULTILINE))


def test_without_a_setting_it_is_the_newest() -> None:
    assert chosen({}).name == max(SYSTEMS, key=lambda name: int(name.partition(".")[2]))
    assert chosen({"KUBERNETES": ""}) == chosen({})


@pytest.mark.parametrize("name", SYSTEMS)
def test_the_environment_chooses_it(name: str) -> None:
    assert chosen({"KUBERNETES": name}).kubernetes.startswith(f"v{name}.")


@pytest.mark.parametrize("wrong", ["1.33", "v1.37", "1.37.2", "newest"])
def test_another_value_is_refused_with_the_choices(wrong: str) -> None:
    with pytest.raises(LabError, match=rf"^KUBERNETES={wrong}: the lab has Kubernetes 1\.37 and 1\.34\. Write one"):
        chosen({"KUBERNETES": wrong})


@pytest.mark.parametrize("system", SYSTEMS.values(), ids=SYSTEMS)
def test_what_is_built_is_what_the_table_says(system: System) -> None:
    kubernetes, etcd, containerd, crictl = (required(program(system).module) for program in OF_SYSTEM)

    assert f"v{kubernetes['k8s.io/kubernetes']}" == system.kubernetes
    assert f"{etcd['go.etcd.io/etcd/server/v3']}-0" == system.etcd
    assert f"v{containerd['github.com/containerd/containerd/v2']}" == system.containerd
    assert f"v{crictl['sigs.k8s.io/cri-tools']}" == system.crictl


def test_the_metrics_and_promtool_are_built_in_the_versions_of_their_releases() -> None:
    metrics, prometheus = (required(program.module) for program in (programs.KUBE_STATE_METRICS, programs.PROMTOOL))
    major, minor, patch = PROMETHEUS.split(".")

    assert metrics["k8s.io/kube-state-metrics/v2"] == KUBE_STATE_METRICS
    assert prometheus["github.com/prometheus/prometheus"] == f"0.{major}{minor:0>2}.{patch}"


@pytest.mark.parametrize("system", SYSTEMS.values(), ids=SYSTEMS)
def test_kinds_image_has_the_same_minor_version_and_a_digest(system: System) -> None:
    assert re.fullmatch(rf"kindest/node:v{re.escape(system.name)}\.\d+@sha256:[0-9a-f]{{64}}", system.node_image)
