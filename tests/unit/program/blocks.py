"""Programs with a block of prepull_stack, and what of them waits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pulumi
import pulumi_kubernetes as k8s
from prepull import prepull_stack

from ..conftest import Engine


def pod(name: str, image: Any, namespace: Any = None, **options: Any) -> k8s.core.v1.Pod:
    metadata: Any = {"namespace": namespace} if namespace else None
    spec: Any = {"containers": [{"name": "app", "image": image}]}
    return k8s.core.v1.Pod(name, metadata=metadata, spec=spec, opts=pulumi.ResourceOptions(**options))


def library(*names: str) -> list[str]:
    return [f"docker.io/library/{name}:latest" for name in names]


def unknown() -> pulumi.Output[str]:
    """The values that a preview knows of resources that do not exist yet."""

    async def value(what: Any) -> Any:
        return what

    return pulumi.Output(set(), value(None), value(False))


def run(engine: Engine, rest: Callable[[], Any], *, preview: bool = False, args: Any = None, **options: Any) -> Any:
    """Run a program with one block and its content; return the list of images."""

    def program() -> dict[str, Any]:
        with prepull_stack("images", args, **options) as images:
            rest()
        return {"images": images.images}

    return engine.run(program, preview=preview).get("images")


def waiting(engine: Engine) -> set[str]:
    """The names of the resources that wait for a gate of the block `images`."""
    return {name for name, gates in waits(engine).items() if gates and not name.startswith("images-")}


def waits(engine: Engine) -> dict[str, set[str]]:
    """The gates that each resource waits for, by their names."""
    gates = {item.name for item in engine.find("Job") if item.name.endswith("-gate")}
    return {
        item.name: {urn.rpartition("::")[2] for urn in item.request.dependencies} & gates
        for item in engine.recorder.registered
    }


def order(engine: Engine, *names: str) -> list[str]:
    return [item.name for item in engine.recorder.registered if item.name in names]


def rendered(*names: str) -> dict[str, Any]:
    return {
        "result": [
            {
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": {"name": name, "namespace": name},
                "spec": {"containers": [{"name": "app", "image": name}]},
            }
            for name in names
        ]
    }
