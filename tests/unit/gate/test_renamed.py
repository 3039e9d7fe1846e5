"""Rendered files whose objects kustomize gives other names, another namespace and other labels: all find each other.

What it changes and what it leaves is as `kubectl kustomize` of Kubernetes 1.32 does it: the names of objects, the
references that it knows, labels with `includeSelectors`; no text of a variable.
https://github.com/kubernetes-sigs/kustomize/blob/master/api/internal/konfig/builtinpluginconsts/namereference.go
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from prepull.manifests import render

from ..cluster.fake_api import FakeApi
from ..cluster.pods import there
from .gates import Gate, own_pod

ARGS = {"images": ["nginx:1.27", "quay.io/org/app:2"], "startup_taint": "example.com/images"}
PREFIX, SUFFIX, NAMESPACE, LABELS = "team-", "-x", "new", {"app.kubernetes.io/instance": "prod"}


def files() -> list[dict[str, Any]]:
    """What `prepull render` writes, read again."""
    written = render.files(render.manifests("images", ARGS, "old"), kustomization=False)
    return [yaml.safe_load(text) for text in written.values()]


def kustomized(items: list[dict[str, Any]], labels: dict[str, str]) -> dict[str, dict[str, Any]]:
    """The objects by kind after `namePrefix`, `nameSuffix`, `namespace` and labels in selectors."""
    known = {(item["kind"], item["metadata"]["name"]) for item in items}

    def renamed(kind: str, holder: dict[str, Any], field: str = "name") -> None:
        if (kind, holder.get(field)) in known:
            holder[field] = f"{PREFIX}{holder[field]}{SUFFIX}"

    for item in items:
        renamed(item["kind"], item["metadata"])
        item["metadata"]["labels"] |= labels
        if "namespace" in item["metadata"]:
            item["metadata"]["namespace"] = NAMESPACE
        if "roleRef" in item:
            renamed(item["roleRef"]["kind"], item["roleRef"])
            for subject in item["subjects"]:
                renamed(subject["kind"], subject)
                subject["namespace"] = NAMESPACE
        if template := item.get("spec", {}).get("template"):
            template["metadata"]["labels"] |= labels
            renamed("ServiceAccount", template["spec"], "serviceAccountName")
            for volume in template["spec"]["volumes"]:
                renamed("ConfigMap", volume.get("configMap", {}))
        if selector := item.get("spec", {}).get("selector"):
            selector["matchLabels"] |= labels
    return {f"{item['kind']}/{item['metadata']['name']}": item for item in items}


@pytest.fixture
def api() -> Iterator[FakeApi]:
    with FakeApi().running() as running_api:
        yield running_api


@pytest.mark.parametrize("labels", [{}, LABELS])
def test_the_gate_finds_its_daemon_set_after_kustomize(api: FakeApi, tmp_path: Path, labels: dict[str, str]) -> None:
    objects = kustomized(files(), labels)
    daemon_set = objects["DaemonSet/team-images-x"]
    daemon_set["metadata"] |= {"generation": 1, "resourceVersion": "7", "uid": "uid-of-images"}
    daemon_set["status"] = {"observedGeneration": 1, "desiredNumberScheduled": 2, "numberReady": 2}
    pods = [there("a"), there("b")]
    for pod in pods:
        pod["metadata"]["labels"] = daemon_set["spec"]["template"]["metadata"]["labels"]
    api.items |= {"daemonsets": [daemon_set], "pods": [*pods, own_pod()]}
    [job] = [item for item in objects.values() if item["kind"] == "Job"]
    variables = {each["name"]: each.get("value") for each in job["spec"]["template"]["spec"]["containers"][0]["env"]}
    told = {name: variables[name] for name in ("PREPULL_DAEMON_SET", "PREPULL_SELECTOR", "PREPULL_PLAN")}

    assert Gate.made(tmp_path / "gate").end(api, timeout_s=20, **told) == (0, "2 of 2 nodes have all 2 images\n")


def test_every_object_that_another_one_names_is_still_there() -> None:
    objects = kustomized(files(), {})
    named: set[str] = set()
    for item in objects.values():
        if "roleRef" in item:
            named |= {f"{each['kind']}/{each['name']}" for each in (item["roleRef"], *item["subjects"])}
        if template := item.get("spec", {}).get("template"):
            named.add(f"ServiceAccount/{template['spec']['serviceAccountName']}")
            maps = [volume["configMap"]["name"] for volume in template["spec"]["volumes"] if "configMap" in volume]
            named |= {f"ConfigMap/{name}" for name in maps}
    assert named <= set(objects)
    assert {name.partition("/")[0] for name in named} == {"ConfigMap", "ServiceAccount", "Role", "ClusterRole"}
