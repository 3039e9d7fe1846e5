"""Finds the dependencies that a chart names and does not bring along.

Helm itself renders such a chart without a word, and without its subcharts
(https://github.com/pulumi/pulumi-kubernetes/issues/702); only `helm install` checks them, as does the provider.
"""

from __future__ import annotations

import io
import re
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

_ABOUT = "Chart.yaml"
# Charts of version v1 have their dependencies in a file of its own. Helm skips what begins with a dot or an underscore.
_ABOUT_V1 = "requirements.yaml"
_READ = re.compile(rf"{re.escape(_ABOUT)}|{re.escape(_ABOUT_V1)}|charts/[^_./][^/]*(?:\.tgz|/{re.escape(_ABOUT)})")


def missing(chart: Path) -> list[str]:
    """The names of the dependencies that are not in the chart's folder `charts`, as Helm looks for them.

    Args:
        chart: the chart, a directory or an archive.

    Raises:
        OSError: it cannot be read.
        tarfile.TarError: it is not an archive.
        yaml.YAMLError: what describes it is not YAML.
    """
    files = _of_directory(chart) if chart.is_dir() else _of_archive(chart.read_bytes())
    there = {_name(content, path) for path, content in files.items() if path.startswith("charts/")}
    about = {**_parsed(files.get(_ABOUT)), **_parsed(files.get(_ABOUT_V1))}
    wanted = [str(each.get("name")) for each in about.get("dependencies") or [] if isinstance(each, Mapping)]
    return [name for name in dict.fromkeys(wanted) if name not in there]


def _name(content: bytes, path: str) -> str:
    about = _of_archive(content).get(_ABOUT) if path.endswith(".tgz") else content
    return str(_parsed(about).get("name"))


def _of_directory(chart: Path) -> dict[str, bytes]:
    paths = [*chart.glob("*.yaml"), *chart.glob("charts/*.tgz"), *chart.glob("charts/*/*.yaml")]
    named = {path.relative_to(chart).as_posix(): path for path in paths}
    return {name: path.read_bytes() for name, path in named.items() if _READ.fullmatch(name)}


def _of_archive(content: bytes) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        for member in archive:
            # Everything is in one folder, which has the chart's name.
            name = member.name.removeprefix("./").partition("/")[2]
            reader = archive.extractfile(member) if _READ.fullmatch(name) else None
            if reader:
                files[name] = reader.read()
    return files


def _parsed(content: bytes | None) -> dict[str, Any]:
    found = yaml.safe_load(content or b"")
    return found if isinstance(found, dict) else {}
