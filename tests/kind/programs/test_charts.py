"""What a chart deploys is pulled, wherever the chart comes from, and nothing else that it names."""

from __future__ import annotations

import shutil
import tarfile
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, cast

import pulumi
import pulumi_kubernetes as k8s
import pytest
import yaml
from prepull import PrePullDaemonSetArgs, prepull_stack
from pulumi import automation as auto

from lab import Lab

from ..conftest import PULLER_IMAGE, Images, Stack, UpFailed
from .pools import untainted

# Nobody has it: the gate would never open if it were pulled.
NOWHERE = "registry.invalid/nowhere:1"


def workload(kind: str, name: str, image: str, *, hook: str | None = None, **pod: Any) -> dict[str, Any]:
    """A workload of a chart, of which no pod ever runs."""
    labels = {"app": f"{{{{ .Release.Name }}}}-{name}"}
    metadata = {
        "name": labels["app"],
        "namespace": "{{ .Values.namespace }}",
        "annotations": {
            "pulumi.com/skipAwait": "true",
            **({"helm.sh/hook": hook, "helm.sh/hook-delete-policy": "hook-succeeded"} if hook else {}),
        },
    }
    spec = {"containers": [{"name": pod.pop("container", "app"), "image": image}], **pod}
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": metadata,
        "spec": {
            **({"replicas": 0} if kind == "Deployment" else {}),
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": spec},
        },
    }


def write_chart(directory: Path, *manifests: Any, needs: str = "") -> Path:
    (directory / "templates").mkdir(parents=True)
    (directory / "Chart.yaml").write_text(f"apiVersion: v2\nname: {directory.name}\nversion: 1.0.0\n{needs}")
    (directory / "templates" / "all.yaml").write_text(yaml.safe_dump_all(manifests))
    return directory


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """A server of the test's directory."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name that the server calls
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path)))
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def args_of(stack: Stack) -> PrePullDaemonSetArgs:
    given = {"namespace": stack.namespace, "puller_image": PULLER_IMAGE, "gate_image": PULLER_IMAGE, "timeout": "5m"}
    return cast(PrePullDaemonSetArgs, given)


def release(stack: Stack, chart: str, image: str, **inputs: Any) -> None:
    given = {"namespace": stack.namespace, "skip_await": True, **inputs}
    values = {"image": image, "namespace": stack.namespace}
    k8s.helm.v3.Release("release", k8s.helm.v3.ReleaseArgs(name="release", chart=chart, values=values, **given))


# The examples taint nodes.
@pytest.mark.xdist_group("examples")
def test_of_a_chart_at_a_url_what_is_deployed(lab: Lab, stack: Stack, images: Images, tmp_path: Path, url: str) -> None:
    wanted = {name: images.push(name) for name in ("release", "chart", "hook")}
    directory = write_chart(
        tmp_path / "my-chart",
        workload("Deployment", "web", "{{ .Values.image }}"),
        workload("Deployment", "installs", wanted["hook"], hook="pre-install,post-delete"),
        workload("Deployment", "deletes", NOWHERE, hook="pre-delete"),
        workload("Deployment", "tests", NOWHERE, hook="test"),
        workload("DaemonSet", "windows", NOWHERE, nodeSelector={"kubernetes.io/os": "windows"}),
        workload("Deployment", "gateway", "auto", container="istio-proxy"),
    )
    with tarfile.open(tmp_path / "my-chart-1.0.0.tgz", "w:gz") as archive:
        archive.add(directory, "my-chart")
    address = f"{url}/my-chart-1.0.0.tgz"

    def program() -> None:
        with prepull_stack("images", args_of(stack)) as block:
            release(stack, address, wanted["release"])
            values = {"image": wanted["chart"], "namespace": stack.namespace}
            k8s.helm.v4.Chart("chart", chart=address, values=values)
        pulumi.export("images", block.images)

    stack.preview(program)
    result = stack.up(program)

    assert result.outputs["images"] == sorted(wanted.values())
    assert "Deployment 'release-gateway': spec.template.spec.containers[0].image: 'auto' is no image" in result.screen
    assert "DaemonSet 'chart-windows': spec.template.spec.nodeSelector: kubernetes.io/os=windows" in result.screen
    for image in wanted.values():
        assert images.nodes_with(image) == untainted(lab)


def test_a_subchart_that_is_not_there_is_named_and_one_that_is_there_is_pulled(
    stack: Stack, images: Images, tmp_path: Path
) -> None:
    wanted = {name: images.push(name) for name in ("web", "sub")}
    sub = workload("Deployment", "sub", wanted["sub"])
    sub["metadata"]["namespace"] = stack.namespace
    needs = "dependencies:\n- {name: sub, version: 1.0.0, repository: 'file://../sub'}\n"
    chart = write_chart(tmp_path / "my-chart", workload("Deployment", "web", "{{ .Values.image }}"), needs=needs)
    write_chart(tmp_path / "sub", sub)

    def program() -> None:
        with prepull_stack("images", args_of(stack)) as block:
            release(stack, str(chart), wanted["web"], dependency_update=True)
        pulumi.export("images", block.images)

    with pytest.raises((UpFailed, auto.CommandError)) as failure:
        stack.preview(program)
    assert "Release 'release': its images cannot be known in advance" in str(failure.value)
    assert "has no subchart sub in its folder charts" in str(failure.value)

    shutil.copytree(tmp_path / "sub", chart / "charts" / "sub")
    assert stack.up(program).outputs["images"] == sorted(wanted.values())
