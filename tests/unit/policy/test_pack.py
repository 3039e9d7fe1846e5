"""The wiring of the pack to Pulumi: what a policy is given, and what it reports."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import Any

import pytest
from prepull_policy import pack, settings
from pulumi_policy import EnforcementLevel, PolicyProviderResource, PolicyResource, StackValidationArgs
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE, unknown_checking_proxy

from ...blocks import ROOT
from .stacks import pod_spec

DEPLOYMENT = "kubernetes:apps/v1:Deployment"
POLICIES: dict[str, Any] = {policy.name: policy for policy in pack.policies()}


def resource(props: dict[str, Any], name: str = "web", **provider: Any) -> PolicyResource:
    options: Any = None
    of = PolicyProviderResource("pulumi:providers:kubernetes", unknown_checking_proxy(provider), "urn:provider", "k8s")
    return PolicyResource(DEPLOYMENT, unknown_checking_proxy(props), f"urn:{name}", name, options, of, None, [], {})


def deployment(image: str, **metadata: Any) -> dict[str, Any]:
    return {"metadata": metadata, "spec": {"template": {"spec": pod_spec(image)}}}


def reported(policy: str, config: dict[str, Any], *resources: PolicyResource) -> list[tuple[str, str | None]]:
    said: list[tuple[str, str | None]] = []
    POLICIES[policy].validate(StackValidationArgs(list(resources), config), lambda *each: said.append(each))
    return said


def test_a_policy_reports_at_the_resource_and_prints_what_it_cannot_judge(capfd: pytest.CaptureFixture[str]) -> None:
    known, later = resource(deployment("nginx:1.27")), resource(deployment(UNKNOWN_STRING_VALUE), "later")
    [(text, urn)] = reported("by-digest", {}, known, later)
    assert urn == "urn:web"
    assert text.startswith("Deployment 'web': runs docker.io/library/nginx:1.27")
    assert capfd.readouterr().out == (
        "by-digest: Deployment 'later': spec.template.spec.containers.0.image is not known yet; `pulumi up` judges it\n"
    )


def test_exceptions_and_registries_are_configured() -> None:
    web = resource(deployment("nginx:1.27", namespace="kube-system"))
    assert len(reported("pre-pulled", {}, web)) == 1
    assert reported("pre-pulled", {"exceptNamespaces": ["kube-*"]}, web) == []
    assert reported("pre-pulled", {"exceptNames": ["web"]}, web) == []
    assert len(reported("registries", {"registries": ["quay.io"]}, web)) == 1
    assert reported("registries", {"registries": ["index.docker.io"]}, web) == []


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ({}, "registries: this policy's configuration lists none; write those that images may come from, such as"),
        ({"registries": ["quay.io", "quay"]}, "registries[1]: 'quay' is not a registry; write a host name with a dot"),
        (
            {"registeries": ["quay.io"]},
            "'registeries' is no key of this policy's configuration; they are registries, exceptNamespaces,",
        ),
    ],
)
def test_a_wrong_configuration_is_a_violation_of_the_stack(config: dict[str, Any], says: str) -> None:
    [(text, urn)] = reported("registries", config, resource(deployment("nginx:1.27")))
    assert text.startswith(says)
    assert urn is None


def test_what_the_policies_are_by_default() -> None:
    levels = {name: policy.enforcement_level for name, policy in POLICIES.items()}
    assert levels == {"pre-pulled": None, "by-digest": None, "registries": EnforcementLevel.DISABLED}


def test_clusters_are_told_apart_by_how_providers_connect() -> None:
    def cluster(**props: Any) -> str:
        [found] = pack.stack_of([resource(deployment("nginx:1.27"), **props)])
        return found.cluster

    assert cluster() == cluster(namespace="apps") == cluster(version="4.28.0")
    assert cluster(kubeconfig="a") == cluster(kubeconfig="a", namespace="apps")
    assert len({cluster(), cluster(kubeconfig="a"), cluster(kubeconfig="b"), cluster(context="a")}) == 4
    assert cluster(kubeconfig=UNKNOWN_STRING_VALUE) == "urn:provider"


def test_unknown_values_are_left_out_and_named() -> None:
    props = {"a": [1, UNKNOWN_STRING_VALUE, {"b": UNKNOWN_STRING_VALUE, "c": None}], "d": {"e.f/g": "h"}}
    known, unknown = pack.plain(unknown_checking_proxy(props))
    assert known == {"a": [1, None, {"c": None}], "d": {"e.f/g": "h"}}
    assert unknown == [("a", "1"), ("a", "2", "b")]


def test_the_configuration_of_the_page_is_taken() -> None:
    page = (ROOT / "docs" / "policy.md").read_text("utf-8")
    [text] = re.findall(r"```json\n(.+?)```", page, re.DOTALL)
    for name, config in json.loads(text).items():
        keys = {} if isinstance(config, str) else {key: config[key] for key in config if key != "enforcementLevel"}
        assert (config if isinstance(config, str) else config["enforcementLevel"]) in {"mandatory", "disabled"}
        settings.read(keys, POLICIES[name].config_schema.properties)
    for key in POLICIES["registries"].config_schema.properties:
        assert f"| `{key}` |" in page
    for name in POLICIES:
        assert f"| `{name}` |" in page


def test_the_rules_know_nothing_of_pulumi() -> None:
    program = "import sys, prepull_policy.rules; print(*(name for name in sys.modules if name.startswith('pulumi')))"
    ran = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT / "policy", check=True, capture_output=True, text=True
    )
    assert ran.stdout == "\n"
