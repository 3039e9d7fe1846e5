"""Releases and charts in programs, and a provider that renders them."""

from __future__ import annotations

import io
import json
import tarfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pulumi
import pulumi_kubernetes
import pytest

from ...conftest import Engine, Recorder
from ..blocks import rendered

# Its types for mappings are unions within unions: to check one against them takes mypy gigabytes.
k8s: Any = pulumi_kubernetes
TEMPLATE = "kubernetes:helm:template"


def release(**inputs: Any) -> Any:
    return k8s.helm.v3.Release("web", k8s.helm.v3.ReleaseArgs(**{"chart": "nginx", **inputs}))


def chart(**inputs: Any) -> Any:
    return k8s.helm.v4.Chart("web", **{"chart": "nginx", **inputs})


@dataclass
class Renderer(Recorder):
    """Answers with one pod, and keeps the files that it is told of, which are gone afterwards."""

    files: dict[str, bytes] = field(default_factory=dict)

    def call(self, args: pulumi.runtime.MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]]]:
        asked = json.loads(args.args["jsonOpts"])
        for key, value in {**asked, **asked.get("fetch_opts", {})}.items():
            if isinstance(value, str) and Path(value).is_file():
                self.files[key] = Path(value).read_bytes()
        return super().call(args)

    @property
    def asked(self) -> dict[str, Any]:
        [(token, arguments)] = self.calls
        assert token == TEMPLATE
        asked: dict[str, Any] = json.loads(arguments["jsonOpts"])
        return asked


def archive(*names: str, **files: str) -> bytes:
    """A chart as an archive, with more files in it."""
    content = {"Chart.yaml": "apiVersion: v2\nname: my-chart\nversion: 1.2.3\n", **files}
    content |= dict.fromkeys(names, "")
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as tar:
        for name, text in content.items():
            entry = tarfile.TarInfo(f"my-chart/{name}")
            entry.size = len(text.encode())
            tar.addfile(entry, io.BytesIO(text.encode()))
    return stream.getvalue()


@pytest.fixture
def renderer(engine: Engine) -> Renderer:
    recorder = Renderer(answers={TEMPLATE: rendered("a")})
    engine.recorder = recorder
    return recorder
