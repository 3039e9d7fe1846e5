"""Rendered files that kustomize gives other names and labels: the gate and `prepull wait` find their DaemonSet."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lab import Lab

from ..conftest import PULLER_IMAGE, Images

Kubectl = Callable[..., Any]
PREPULL = str(Path(sys.executable).with_name("prepull"))
LABELS = [{"pairs": {"app.kubernetes.io/instance": "theirs"}, "includeSelectors": True}]


@pytest.mark.parametrize("more", [{}, {"labels": LABELS}], ids=["names", "names and labels"])
def test_under_other_names_the_gate_passes_and_wait_finds_the_component(
    lab: Lab, namespace: str, images: Images, kubectl: Kubectl, tmp_path: Path, more: dict[str, Any]
) -> None:
    base, source = tmp_path / "base", tmp_path / "args.json"
    args = {"images": [images.push()], "puller_image": PULLER_IMAGE, "gate_image": PULLER_IMAGE, "timeout": "3m"}
    source.write_text(json.dumps(args))
    command = [PREPULL, "render", str(source), "--namespace=old", f"--output-dir={base}", "--format=kustomize"]
    subprocess.run(command, check=True, timeout=60)
    overlay = {"resources": ["base"], "namePrefix": "team-", "nameSuffix": "-x", "namespace": namespace, **more}
    (tmp_path / "kustomization.yaml").write_text(json.dumps(overlay))

    lab.cluster.kubectl("apply", "--kustomize", str(tmp_path))
    kubectl("wait", "--for=condition=Complete", "jobs", "--all", "--timeout=110s")

    assert kubectl("get", "daemonsets", "--output=name").split() == ["daemonset.apps/team-images-x"]
    waited = [PREPULL, "wait", "team-images-x", "--namespace", namespace, "--timeout=1m"]
    ran = subprocess.run(waited, check=False, capture_output=True, text=True, timeout=90)
    assert (ran.returncode, ran.stdout) == (0, "3 of 3 nodes have the image\n"), ran.stderr
