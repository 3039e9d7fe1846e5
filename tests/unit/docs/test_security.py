"""The NetworkPolicy of the page on security is for the gate's pods alone, whatever the component is like."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import yaml

from ...blocks import blocks
from ...plans import RUNTIMES, built, plan_of


@pytest.fixture
def policy() -> dict[str, Any]:
    texts = [block.text for block in blocks() if block.page == "docs/security.md" and block.language == "yaml"]
    [found] = [document for text in texts for document in yaml.safe_load_all(text)]
    assert found["kind"] == "NetworkPolicy"
    return dict(found["spec"])


def selects(policy: Mapping[str, Any], body: Mapping[str, Any]) -> bool:
    """Whether the pods of a DaemonSet or Job are selected."""
    wanted = policy["podSelector"]["matchLabels"]
    return bool(wanted.items() <= body["spec"]["template"]["metadata"]["labels"].items())


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_it_selects_the_pods_of_the_gate_and_no_puller(policy: dict[str, Any], runtime: str) -> None:
    objects = built(plan_of(runtime=runtime, startup_taint="example.com/images", labels={"team": "a"}))

    assert selects(policy, objects["gate-job"])
    assert not selects(policy, objects["daemon-set"])


def test_it_lets_nothing_in_and_out_only_to_single_addresses_by_tcp(policy: dict[str, Any]) -> None:
    assert policy["policyTypes"] == ["Ingress", "Egress"]
    assert "ingress" not in policy
    for rule in policy["egress"]:
        assert [peer["ipBlock"]["cidr"].rpartition("/")[2] for peer in rule["to"]] == ["32"]
        assert [port["protocol"] for port in rule["ports"]] == ["TCP"]
