"""Prepares nodes for a round: removes content that would speed up a pull, or provides required images."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from bench.instruments.api import NAMESPACE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lab import Lab

# The containers of a deleted pod stay for up to a minute, and layers that they use would not be pulled again. The
# kubelet may remove the same pod at the same time; then one of both removals fails.
_REMOVE_PODS = f"""
for _ in $(seq 100); do
    pods=$(crictl pods --quiet --namespace {NAMESPACE})
    [ -n "$pods" ] || break
    crictl rmp --force $pods >/dev/null 2>&1 || sleep 0.2
done"""
_PRUNE = "ctr --namespace k8s.io content prune references >/dev/null"


def clean(lab: Lab, images: Iterable[str], nodes: Sequence[str] | None = None) -> None:
    """Remove images from nodes, with their content.

    Args:
        lab: a lab that is up.
        images: their names.
        nodes: the nodes. Default: the base nodes of the lab.
    """
    _on_nodes(lab, f"{_REMOVE_PODS}; crictl rmi {' '.join(images)} >/dev/null 2>&1; {_PRUNE}; sync", nodes)


def fetch(lab: Lab, images: Iterable[str], nodes: Sequence[str] | None = None) -> None:
    """Provide images on nodes, as after an earlier pull. Default: the base nodes of the lab."""
    _on_nodes(lab, " ".join(f"crictl pull {image} >/dev/null;" for image in images), nodes)


def _on_nodes(lab: Lab, script: str, nodes: Sequence[str] | None = None) -> None:
    """Run a script on all nodes at the same time."""
    chosen = lab.cluster.base_nodes if nodes is None else nodes
    with ThreadPoolExecutor(len(chosen)) as pool:
        list(pool.map(lambda node: lab.nodes.exec(node, "sh", "-c", script), chosen))
