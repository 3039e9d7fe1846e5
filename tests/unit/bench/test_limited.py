"""Registries that are limited, and what is asked of an API server."""

from __future__ import annotations

import pytest

from bench.compared.forms import Cluster
from bench.instruments.limited import rules
from bench.instruments.simulation import answers
from bench.scenarios.slow import forms

LOG = """\
I1126 15:00:00.000000 1 loader.go:402] "Config loaded from file" logger="x" path="/tmp/kubeconfig"
I1126 15:00:01.000000 1 round_trippers.go:632] "Response" verb="GET" url="https://127.0.0.1/api/v1/pods" status="200 OK"
I1126 15:00:02.000000 1 round_trippers.go:632] "Response" verb="GET" url="https://127.0.0.1/api/v1/pods?watch=true"
"""


def test_each_node_has_a_rate_of_its_own() -> None:
    lines = rules(["10.0.0.2", "10.0.0.3"], 200).splitlines()

    rates = [line for line in lines if " class " in line]
    assert [line.split("classid ")[1].split()[0] for line in rates] == ["1:1", "1:2"]
    assert all("rate 200mbit" in line for line in rates)
    chosen = [line for line in lines if " filter " in line]
    assert [line.split("dst ")[1] for line in chosen] == ["10.0.0.2/32 flowid 1:1", "10.0.0.3/32 flowid 1:2"]
    # Who is no node is not limited: class 0 is none.
    assert lines[0].endswith("htb default 0")


@pytest.mark.parametrize(("number", "values"), [(1, []), (3, [1, 2, 4]), (8, [1, 2, 4, 8])])
def test_parallelism_is_compared_up_to_all_images_at_once(number: int, values: list[int]) -> None:
    cluster = Cluster("here", ["registry:5000/a:v1"], ["node-1"])
    made = forms(number)

    assert [int(name.rpartition(" ")[2]) for name in made if "parallelism" in name] == values
    assert len({str(form(cluster)) for form in made.values()}) == len(made)


def test_answers_are_counted_by_the_log_of_the_door() -> None:
    assert answers(LOG) == 2
