"""Providers that work in another way than by default."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import pulumi
import pulumi_kubernetes as k8s
import pytest
from prepull import PrePullDaemonSet, PrePullDaemonSetArgs

from lab import Lab

from ..conftest import PULLER_IMAGE, Images, Stack

Kubectl = Callable[..., Any]


@pytest.mark.parametrize("how", ["argument", "environment"])
def test_a_provider_without_server_side_apply(
    lab: Lab, stack: Stack, images: Images, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    if how == "environment":
        monkeypatch.setenv("PULUMI_K8S_ENABLE_SERVER_SIDE_APPLY", "false")

    def program(listed: list[str]) -> Callable[[], None]:
        def declare() -> None:
            provider = k8s.Provider("plain", enable_server_side_apply=False if how == "argument" else None)
            ours = {"namespace": stack.namespace, "puller_image": PULLER_IMAGE, "gate_image": PULLER_IMAGE}
            args = cast(PrePullDaemonSetArgs, {**ours, "images": listed, "timeout": "3m"})
            component = PrePullDaemonSet("images", args, pulumi.ResourceOptions(provider=provider))
            pulumi.export("ready_nodes", component.ready_nodes)

        return declare

    wanted = [images.push("one"), images.push("two")]
    everywhere = set(lab.cluster.base_nodes)

    # A list that is made and one that is changed: the provider creates and updates in ways of their own.
    for listed in (wanted[:1], wanted):
        assert stack.up(program(listed)).outputs["ready_nodes"] == len(everywhere)
        assert images.nodes_with(listed[-1]) == everywhere
    assert set(stack.up(program(wanted)).changes) == {"same"}
