"""The rules about what images are called: by digest, and from which registries."""

from __future__ import annotations

from typing import Any

import pytest
from prepull_policy.resources import Exceptions, Resource
from prepull_policy.rules import Findings, by_digest, from_registries

from ...plans import HEX
from .stacks import component, workload

DIGEST = f"sha256:{HEX}"
OWN = {name: f"registry.example.com/{name}@{DIGEST}" for name in ("puller_image", "pause_image", "gate_image")}


def texts(findings: Findings) -> list[str]:
    assert findings.undecided == []
    return [finding.text for finding in findings.violations]


def test_what_has_a_digest_is_right() -> None:
    stack = [*component(f"nginx@{DIGEST}", **OWN), workload("web", f"quay.io/org/app:1@{DIGEST}")]
    assert texts(by_digest(stack)) == []


@pytest.mark.parametrize(
    ("runtime", "own"),
    [
        ("containerd", ["puller_image", "pause_image", "gate_image"]),
        ("kubelet", ["puller_image", "pause_image", "gate_image"]),
        ("image-volume", ["pause_image", "gate_image"]),
    ],
)
def test_the_message_says_what_to_write_for_the_list_and_for_the_components_own_images(
    runtime: str, own: list[str]
) -> None:
    findings = by_digest(component("nginx:1.27", runtime=runtime))
    assert {finding.urn for finding in findings.violations} == {"urn:images"}
    found = [text.removeprefix("PrePullDaemonSet 'images': ") for text in texts(findings)]
    listed = (
        "lists docker.io/library/nginx:1.27, and a tag may move; write pin_digests: true, or images: "
        "['docker.io/library/nginx:1.27@sha256:…']"
    )
    assert listed in found
    written = [text.partition("; write ")[2].partition(":")[0] for text in found if text != listed]
    assert sorted(written) == sorted(own)


def test_a_workloads_digest_is_in_the_message_where_a_component_has_it() -> None:
    web = workload("web", "nginx:1.27")
    assert texts(by_digest([web])) == [
        (
            "Deployment 'web': runs docker.io/library/nginx:1.27, and a tag may move; write image: "
            "'docker.io/library/nginx:1.27@sha256:…', which a component with pin_digests has in its output images"
        )
    ]
    assert texts(by_digest([*component("nginx:1.27", pin_digests=True, **OWN), web])) == [
        (
            "Deployment 'web': runs docker.io/library/nginx:1.27, and a tag may move; write image: "
            f"'docker.io/library/nginx:1.27@sha256:{HEX[::-1]}', as in the output images of the component that pins it"
        )
    ]


@pytest.mark.parametrize(
    ("image", "allowed"),
    [
        ("quay.io/org/app:1", True),
        ("quay.io/org/team/app:1", True),
        ("quay.io/organisation/app:1", False),
        ("quay.io/other/app:1", False),
        ("nginx", True),
        ("registry.example.com:5000/app:1", True),
        ("registry.example.com/app:1", False),
    ],
)
def test_a_registry_is_a_host_or_a_path_within_it(image: str, allowed: bool) -> None:
    registries = ["quay.io/org", "docker.io", "registry.example.com:5000"]
    found = texts(from_registries([workload("web", image)], registries))
    assert bool(found) is not allowed


def test_the_message_says_where_to_copy_an_image_to_and_where_to_write_it() -> None:
    stack = [*component("nginx:1.27", **OWN), workload("web", "quay.io/org/app:1")]
    none = "which is from none of registry.example.com, ghcr.io/org; copy the image there and write"
    assert texts(from_registries(stack, ["registry.example.com", "ghcr.io/org"])) == [
        (
            f"PrePullDaemonSet 'images': lists docker.io/library/nginx:1.27, {none} images: "
            "['registry.example.com/library/nginx:1.27'], or add 'docker.io' to registries"
        ),
        (
            f"Deployment 'web': runs quay.io/org/app:1, {none} image: 'registry.example.com/org/app:1', or add "
            "'quay.io' to registries"
        ),
    ]


def test_a_components_own_images_count_too() -> None:
    found = texts(from_registries(component("registry.example.com/app:1"), ["registry.example.com"]))
    assert [text.partition("write ")[2].partition(":")[0] for text in found] == [
        "puller_image",
        "pause_image",
        "gate_image",
    ]


@pytest.mark.parametrize("rule", [by_digest, lambda *given: from_registries(given[0], ["quay.io"], *given[1:])])
def test_exceptions_and_what_cannot_be_judged(rule: Any) -> None:
    excepted = workload("web", "nginx:1.27", namespace="kube-system")
    assert texts(rule([excepted, *component("nginx:1.27")], Exceptions(["kube-system"], ["images"]))) == []
    [text] = texts(rule([workload("web", "UPPER/case")]))
    assert "'UPPER/case' is not an image reference" in text
    path = ("spec", "template", "spec", "containers", "1", "image")
    later = rule(
        [workload("web", f"quay.io/app@{DIGEST}", unknown=[path]), Resource("kubernetes:helm.sh/v3:Release", "r", {})]
    )
    assert later.violations == []
    assert [line.partition(":")[0] for line in later.undecided] == ["Deployment 'web'", "Release 'r'"]
