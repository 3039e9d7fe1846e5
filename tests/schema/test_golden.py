"""The objects of each runtime and of each argument, as files, and each of them valid for the API server.

A file of a runtime has all objects, and any other those that differ from what golden/runtime-containerd.yaml has.
After a change that is meant: python -m pytest tests/schema --update-golden, and read the difference in git.
"""

from __future__ import annotations

import difflib
import json
from functools import cache
from pathlib import Path
from typing import Any

import kubernetes_validate  # type: ignore[import-untyped]
import pytest
import yaml
from prepull.arguments.table import ARGUMENTS

from ..plans import EACH, RUNTIMES, built, plan_of
from .versions import NEWEST, OLDEST, SINCE, versions_of

GOLDEN = Path(__file__).parent / "golden"
API_VERSIONS = {
    "ConfigMap": "v1",
    "ServiceAccount": "v1",
    "Role": "rbac.authorization.k8s.io/v1",
    "RoleBinding": "rbac.authorization.k8s.io/v1",
    "ClusterRole": "rbac.authorization.k8s.io/v1",
    "ClusterRoleBinding": "rbac.authorization.k8s.io/v1",
    "ValidatingAdmissionPolicy": "admissionregistration.k8s.io/v1",
    "ValidatingAdmissionPolicyBinding": "admissionregistration.k8s.io/v1",
    "DaemonSet": "apps/v1",
    "Job": "batch/v1",
}
# What stands for values that would otherwise change every file.
FINGERPRINT = "the-plan"
SCRIPT, PROGRAM = "(the script)", "dGhlIHByb2dyYW0="

CASES: dict[str, dict[str, Any]] = {
    **{f"runtime-{runtime}": {"runtime": runtime} for runtime in RUNTIMES},
    **{f"argument-{argument}": {argument: value} for argument, value in EACH.items()},
    # What differs from the sum of its parts.
    "wait-for-nothing": {"wait_for": "nothing"},
    "kubelet-hold": {"runtime": "kubelet", "hold": True, "pull_policy": "Always", "stagger": "90s"},
    "kubelet-startup-taint": {"runtime": "kubelet", "startup_taint": "example.com/images", "wait_for": "nothing"},
    "kubelet-hold-startup-taint": {"runtime": "kubelet", "hold": True, "startup_taint": "example.com/images"},
    "image-volume-startup-taint": {"runtime": "image-volume", "startup_taint": "example.com/images"},
    "image-volume-nothing-else": {"runtime": "image-volume", "wait_for": "nothing"},
    "service-account-startup-taint": {"service_account_name": "ours", "startup_taint": "example.com/images"},
    "hold-refresh": {"hold": True, "refresh": "6h", "image_pull_secrets": ["registry-example-com"]},
    "puller-image-hold": {"puller_image": "registry.example.com/puller:1", "hold": True},
    "no-tolerations": {"tolerations": []},
}


def manifests(args: dict[str, Any]) -> list[dict[str, Any]]:
    """The objects as the API server gets them."""
    plan = plan_of(**args)
    objects = []
    for body in built(plan).values():
        manifest = {"apiVersion": API_VERSIONS[body["kind"]], **body}
        for field, stand_in in (("data", SCRIPT), ("binaryData", PROGRAM)):
            if field in manifest:
                assert all(text.strip() for text in manifest[field].values())
                manifest[field] = dict.fromkeys(manifest[field], stand_in)
        objects.append(manifest)
    return objects


class _Dumper(yaml.SafeDumper):
    """Without anchors, and with texts of several lines as they read."""

    def ignore_aliases(self, data: Any) -> bool:
        del data
        return True


def _text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)


def printed(args: dict[str, Any]) -> str:
    shown = _with_marker(args)
    if "runtime" not in args:
        plain = _with_marker({})
        shown = [manifest for manifest in shown if manifest not in plain]
    return yaml.dump_all(shown, Dumper=_Dumper, sort_keys=False, width=120)


def _with_marker(args: dict[str, Any]) -> list[dict[str, Any]]:
    text = json.dumps(manifests(args)).replace(plan_of(**args).fingerprint, FINGERPRINT)
    found: list[dict[str, Any]] = json.loads(text)
    return found


@cache
def _validated_as(text: str, version: str) -> str:
    return str(kubernetes_validate.validate(json.loads(text), version, strict=True))


@pytest.mark.parametrize("case", CASES)
def test_the_manifest_is_as_it_was(case: str, request: pytest.FixtureRequest) -> None:
    file = GOLDEN / f"{case}.yaml"
    found = printed(CASES[case])
    if request.config.getoption("--update-golden"):
        file.write_text(found, "utf-8")
    wanted = file.read_text("utf-8") if file.exists() else ""
    difference = difflib.unified_diff(
        wanted.splitlines(), found.splitlines(), f"golden/{file.name}", "as it is now", lineterm=""
    )
    if lines := list(difference):
        pytest.fail(
            "\n".join([*lines, "", "If this is meant: python -m pytest tests/schema --update-golden"]), pytrace=False
        )


def test_no_golden_file_is_left_over(request: pytest.FixtureRequest) -> None:
    left = {file.stem for file in GOLDEN.iterdir()} - CASES.keys()
    if request.config.getoption("--update-golden"):
        for name in left:
            (GOLDEN / f"{name}.yaml").unlink()
        left = set()
    assert not left


@pytest.mark.parametrize("case", CASES)
def test_the_manifest_is_valid_in_the_oldest_and_the_newest_version(case: str) -> None:
    args = CASES[case]
    plan = plan_of(**args)
    for version in versions_of(args.get("runtime", "containerd")):
        for manifest in manifests(args):
            # Another version's schema would be taken where there is none of this one.
            assert _validated_as(json.dumps(manifest).replace(plan.fingerprint, FINGERPRINT), version) == version


def test_every_argument_has_a_case() -> None:
    assert EACH.keys() == ARGUMENTS.keys() - {"images", "runtime"}
    assert all(read(EACH[argument]) != read(None) for argument, read in ARGUMENTS.items() if argument in EACH)


def test_every_argument_shows_in_its_manifest() -> None:
    same = {argument for argument, value in EACH.items() if _with_marker({argument: value}) == _with_marker({})}
    # It is about what comes before there are objects.
    assert same == {"on_pin_failure"}


def _daemon_set(runtime: str = "containerd") -> dict[str, Any]:
    [found] = [manifest for manifest in manifests({"runtime": runtime}) if manifest["kind"] == "DaemonSet"]
    return found


@pytest.mark.parametrize("version", [OLDEST, NEWEST])
def test_a_misspelt_key_is_found(version: str) -> None:
    daemon_set = _daemon_set()
    container = daemon_set["spec"]["template"]["spec"]["initContainers"][0]
    container["imagePulPolicy"] = container.pop("imagePullPolicy")
    with pytest.raises(kubernetes_validate.ValidationError, match="'imagePulPolicy' was unexpected"):
        kubernetes_validate.validate(daemon_set, version, strict=True)


@pytest.mark.parametrize("version", [OLDEST, NEWEST])
def test_a_value_of_the_wrong_type_is_found(version: str) -> None:
    daemon_set = _daemon_set()
    daemon_set["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] = "0"
    with pytest.raises(kubernetes_validate.ValidationError, match="'0' is not of type"):
        kubernetes_validate.validate(daemon_set, version, strict=True)


@pytest.mark.parametrize("runtime", SINCE)
def test_a_runtime_that_needs_a_later_version_is_invalid_before_it(runtime: str) -> None:
    major, minor = SINCE[runtime].split(".")
    with pytest.raises(kubernetes_validate.ValidationError, match=r"(was|were) unexpected"):
        kubernetes_validate.validate(_daemon_set(runtime), f"{major}.{int(minor) - 1}", strict=True)
