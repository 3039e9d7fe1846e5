"""The policy pack, run by the engine: what it says in a preview, and what its levels do."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import pulumi
import pulumi_kubernetes as k8s
import pytest
from prepull import PrePullDaemonSet, prepull_stack
from pulumi import automation as auto

from lab import Lab

from ..conftest import PULLER_IMAGE, Images, Stack

PACK = Path(__file__).parents[3] / "policy"
ALL_OFF = {"all": "disabled"}
PRE_PULLED = {**ALL_OFF, "pre-pulled": "mandatory"}
GPU = {"nodeSelector": {"pool": "gpu"}, "tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists"}]}


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """A copy of the pack with an environment that is there already; `pulumi install` would make one."""
    copy = tmp_path / "policy"
    shutil.copytree(PACK, copy, ignore=shutil.ignore_patterns("__pycache__", ".venv"))
    (copy / ".venv").symlink_to(sys.prefix)
    return copy


class Judged:
    """A stack and the pack: previews, and what they print."""

    def __init__(self, stack: Stack, pack: Path) -> None:
        self.stack = stack
        self.options: dict[str, Any] = {"policy_packs": [str(pack)]}
        self._config = pack.parent / "config.json"

    def configured(self, config: Any) -> dict[str, Any]:
        self._config.write_text(json.dumps(config))
        return {**self.options, "policy_pack_configs": [str(self._config)]}

    def passes(self, program: Any, config: Any) -> str:
        screen = self.stack.preview(program, **self.configured(config)).screen
        print(screen)
        return screen

    def fails(self, program: Any, config: Any) -> str:
        with pytest.raises(auto.CommandError) as failure:
            self.stack.preview(program, **self.configured(config))
        print(failure.value)
        return str(failure.value)


@pytest.fixture
def judged(stack: Stack, pack: Path) -> Judged:
    return Judged(stack, pack)


def component(stack: Stack, *images: Any, **args: Any) -> PrePullDaemonSet:
    ours = {"puller_image": PULLER_IMAGE, "gate_image": PULLER_IMAGE, "namespace": stack.namespace}
    given: Any = {**ours, "images": list(images), **args}
    return PrePullDaemonSet("images", given)


def deployment(stack: Stack, name: str, *images: Any, **spec: Any) -> k8s.apps.v1.Deployment:
    labels = {"app": name}
    containers = [{"name": f"c{index}", "image": image} for index, image in enumerate(images)]
    # Without the annotations, a type checker tries each of the SDK's nested unions, for hours.
    metadata: Any = {"namespace": stack.namespace, "annotations": {"pulumi.com/skipAwait": "true"}}
    template: Any = {"metadata": {"labels": labels}, "spec": {"containers": containers, **spec}}
    replicas: Any = {"replicas": 0, "selector": {"matchLabels": labels}, "template": template}
    return k8s.apps.v1.Deployment(name, metadata=metadata, spec=replicas)


def test_a_preview_says_what_to_write(stack: Stack, judged: Judged) -> None:
    def program() -> None:
        component(stack, "nginx:1.27", node_selector={"pool": "cpu"})
        deployment(stack, "train", "quay.io/org/cuda:12", **GPU)

    screen = judged.fails(program, {"pre-pulled": "mandatory"})
    assert "- [mandatory]  pre-pulled  (kubernetes:apps/v1:Deployment: train)" in screen
    assert (
        "Deployment 'train': runs quay.io/org/cuda:12 on nodes with pool=gpu, also if tainted nvidia.com/gpu, where no "
        "PrePullDaemonSet pulls it; declare the workload in a block of prepull_stack, or a PrePullDaemonSet with "
        'images: ["quay.io/org/cuda:12"], node_selector: {"pool": "gpu"}'
    ) in screen
    assert "- [advisory]  by-digest  (prepull:index:PrePullDaemonSet: images)" in screen
    assert (
        "PrePullDaemonSet 'images': lists docker.io/library/nginx:1.27, and a tag may move; write pin_digests: true, "
        "or images: ['docker.io/library/nginx:1.27@sha256:…']"
    ) in screen


def test_what_is_written_as_the_message_says_passes(stack: Stack, judged: Judged) -> None:
    def program() -> None:
        component(stack, "quay.io/org/cuda:12", node_selector={"pool": "gpu"})
        deployment(stack, "train", "quay.io/org/cuda:12", **GPU)

    def block() -> None:
        args: Any = {"puller_image": PULLER_IMAGE, "gate_image": PULLER_IMAGE, "namespace": stack.namespace}
        with prepull_stack("images", args):
            deployment(stack, "train", "quay.io/org/cuda:12", **GPU)

    assert "pre-pulled" not in judged.passes(program, PRE_PULLED)
    assert "pre-pulled" not in judged.passes(block, PRE_PULLED)


@pytest.mark.parametrize("runtime", ["containerd", "kubelet", "image-volume"])
def test_each_runtime_is_read(stack: Stack, judged: Judged, runtime: str) -> None:
    own = {} if runtime == "containerd" else {"puller_image": None}

    def program() -> None:
        component(stack, "nginx:1.27", runtime=runtime, **own)
        deployment(stack, "web", "nginx:1.27")
        deployment(stack, "other", "redis:7")

    screen = judged.fails(program, PRE_PULLED)
    assert "Deployment 'web'" not in screen
    assert "add to images of PrePullDaemonSet 'images': [\"docker.io/library/redis:7\"]" in screen


def test_levels_exceptions_and_registries(stack: Stack, judged: Judged) -> None:
    def program() -> None:
        deployment(stack, "web", "nginx:1.27")

    assert "[advisory]  pre-pulled" in judged.passes(program, {})
    assert "nginx:1.27" not in judged.passes(program, ALL_OFF)
    assert "nginx:1.27" not in judged.passes(
        program, {**ALL_OFF, "pre-pulled": {"enforcementLevel": "mandatory", "exceptNames": ["web"]}}
    )
    assert "nginx:1.27" not in judged.passes(
        program,
        {**ALL_OFF, "pre-pulled": {"enforcementLevel": "mandatory", "exceptNamespaces": [stack.namespace[:8] + "*"]}},
    )
    registries = {"enforcementLevel": "mandatory", "registries": ["registry.example.com"]}
    assert "write image: 'registry.example.com/library/nginx:1.27'" in judged.fails(
        program, {**ALL_OFF, "registries": registries}
    )
    assert "'quay' is not a registry" in judged.fails(
        program, {**ALL_OFF, "registries": {**registries, "registries": ["quay"]}}
    )
    assert "Expected: array, given: string" in judged.fails(
        program, {**ALL_OFF, "registries": {**registries, "registries": "quay.io"}}
    )


def test_what_only_up_knows_is_named_in_the_preview_and_judged_by_up(
    stack: Stack, judged: Judged, images: Images
) -> None:
    listed, unlisted = images.push("listed"), images.push("unlisted")

    def program(image: str) -> None:
        # An ID is not known before its object exists.
        made = k8s.core.v1.ConfigMap("made", metadata={"namespace": stack.namespace})
        component(stack, listed)
        deployment(stack, "web", made.id.apply(lambda _: image))

    screen = judged.passes(lambda: program(unlisted), PRE_PULLED)
    assert "pre-pulled: Deployment 'web': spec.template.spec.containers.0.image is not known yet; `pulumi up`" in screen
    assert "[mandatory]" not in screen
    up = stack.up(lambda: program(listed), **judged.configured(PRE_PULLED))
    assert "[mandatory]" not in up.screen
    assert "runs" not in judged.passes(lambda: program(listed), PRE_PULLED)
    assert f"add to images of PrePullDaemonSet 'images': [\"{unlisted}\"]" in judged.fails(
        lambda: program(unlisted), PRE_PULLED
    )


def test_pinned_digests_are_in_the_message(lab: Lab, stack: Stack, judged: Judged, images: Images) -> None:
    # A preview asks the registry from this machine; no node needs the image.
    image = images.push("app").replace(lab.registry.address, lab.registry.client.address, 1)

    def program() -> None:
        made = component(stack, image, pin_digests=True)
        deployment(stack, "web", image)
        deployment(stack, "pinned", made.images[0])

    config = {**ALL_OFF, "by-digest": "mandatory", "pre-pulled": "mandatory"}
    screen = judged.fails(program, config)
    assert f"Deployment 'web': runs {image}, and a tag may move; write image: '{image}@sha256:" in screen
    assert "Deployment 'pinned'" not in screen
    assert "pre-pulled" not in screen


def test_a_provider_of_another_cluster(stack: Stack, judged: Judged) -> None:
    def program() -> None:
        # It leads to the same cluster, but nobody can tell.
        other = k8s.Provider("other", kubeconfig=Path(os.environ["KUBECONFIG"]).read_text("utf-8"))
        component(stack, "nginx:1.27")
        same = k8s.Provider("same", namespace=stack.namespace)
        for name, provider in (("here", same), ("there", other)):
            spec: Any = {"containers": [{"name": "a", "image": "nginx:1.27"}]}
            k8s.core.v1.Pod(name, spec=spec, opts=pulumi.ResourceOptions(provider=provider))

    screen = judged.fails(program, PRE_PULLED)
    assert "Pod 'here'" not in screen
    assert "Pod 'there': runs docker.io/library/nginx:1.27 on untainted nodes" in screen
