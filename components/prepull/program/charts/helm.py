"""The manifests of Helm's charts and releases.

The provider's function `kubernetes:helm:template` renders them, as for `kubernetes.helm.v3.Chart`
(https://github.com/pulumi/pulumi-kubernetes/blob/master/provider/pkg/provider/invoke_helm_template.go). A release and a
`helm.v4.Chart` find their charts in other ways, and deploy other hooks
(`helm_release.go` and `helm/v4/chart.go` beside it). This module makes up for the difference.
"""

from __future__ import annotations

import asyncio
import base64
import json
import tarfile
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

import pulumi
import yaml

from . import dependencies
from .ask import CannotRenderError, Inputs, answer
from .files import WEB, fetched, path_of, text_of
from .plain import plain

RELEASE = "kubernetes:helm.sh/v3:Release"
CHART = "kubernetes:helm.sh/v4:Chart"

OUTPUTS_OF_RELEASE = (
    "chart",
    "disable_crd_hooks",
    "disable_webhooks",
    "name",
    "namespace",
    "postrender",
    "repository_opts",
    "skip_crds",
    "values",
    "version",
)

_OCI = "oci://"
# https://helm.sh/docs/topics/charts_hooks/
_HOOK = "helm.sh/hook"
_OF_INSTALL = ("pre-install", "post-install")
_OF_UPGRADE = ("pre-upgrade", "post-upgrade")
_TLS_FILES = ("ca_file", "cert_file", "key_file")


@dataclass(frozen=True)
class _Source:
    """Where a chart is: at a path, or under a name in a repository, or at an address of its own."""

    chart: str
    repo: str | None
    path: Path | None


async def of_release(name: str, inputs: Inputs, opts: pulumi.InvokeOptions) -> pulumi.Output[Any]:
    """The manifests of a `helm.v3.Release`, with the hooks that an installation or an upgrade runs."""
    if inputs.get("reuse_values") and not inputs.get("reset_values"):
        raise CannotRenderError("reuse_values takes values from the release that is there")
    chart, repo = str(inputs["chart"]).strip(), plain(inputs.get("repository_opts") or {}).get("repo")
    if chart.startswith(_OCI):
        repo = None
    elif repo and "://" not in repo and not repo.startswith("/"):
        # The name of a repository that Helm is configured with.
        chart, repo = (chart if "/" in chart else f"{repo}/{chart}"), None
    path = Path(chart)
    local = not repo and (path.is_file() or (path / "Chart.yaml").is_file())
    install = () if inputs.get("disable_webhooks") else _OF_INSTALL
    upgrade = () if inputs.get("disable_crd_hooks") else _OF_UPGRADE
    source = _Source(chart, repo, path if local else None)
    return await _rendered(name, source, inputs, (*install, *upgrade), opts)


async def of_chart(name: str, inputs: Inputs, opts: pulumi.InvokeOptions) -> pulumi.Output[Any]:
    """The manifests of a `helm.v4.Chart`. It deploys no hooks; with `include_hooks` another tool may."""
    chart, repo = str(inputs["chart"]).strip(), plain(inputs.get("repository_opts") or {}).get("repo")
    path = Path(chart) if Path(chart).exists() else None
    events = (*_OF_INSTALL, *_OF_UPGRADE) if inputs.get("include_hooks") else ()
    return await _rendered(name, _Source(chart, None if path else repo, path), inputs, events, opts)


async def _rendered(
    name: str, source: _Source, inputs: Inputs, events: Collection[str], opts: pulumi.InvokeOptions
) -> pulumi.Output[Any]:
    for unable in ("post_renderer", "postrender"):
        if inputs.get(unable):
            raise CannotRenderError(f"{unable} may put other images in")
    with TemporaryDirectory() as directory:
        folder = Path(directory)
        repository = plain(inputs.get("repository_opts") or {})
        files = {key: path_of(repository[key], folder, key) for key in _TLS_FILES if repository.get(key)}
        user = {key: repository.get(key) for key in ("username", "password")}
        wanted: dict[str, Any] = {
            "release_name": inputs.get("name") or name,
            "namespace": inputs.get("namespace"),
            "version": inputs.get("version"),
            "values": _values(inputs),
            "skip_crd_rendering": inputs.get("skip_crds"),
            # The function's own rule for hooks of tests takes hooks that have other events as well.
            "include_test_hook_resources": True if events else None,
            "fetch_opts": _given({"devel": inputs.get("devel"), "repo": source.repo, **user, **files}),
        }
        path = source.path
        if path is None and source.repo is None and source.chart.startswith(WEB):
            path = await asyncio.to_thread(_downloaded, source.chart, user, files, folder)
        if path is not None:
            _require_dependencies(path, source.chart)
            wanted["path"] = str(path.absolute())
        else:
            wanted |= _of_registry(source.chart, wanted, user, folder) if source.chart.startswith(_OCI) else {}
            wanted.setdefault("chart", source.chart)
        arguments = {"jsonOpts": json.dumps(_given(wanted), default=str)}
        manifests = await answer("kubernetes:helm:template", arguments, opts)
    return manifests.apply(lambda every: [each for each in every if _is_deployed(each, events)])


def _downloaded(url: str, user: Mapping[str, Any], files: Mapping[str, str], folder: Path) -> Path:
    """The archive at a URL, as a file.

    The function would take the chart's name from the URL, up to the first hyphen:
    https://github.com/pulumi/pulumi-kubernetes/issues/1587.
    """
    both = (user["username"], user["password"]) if user["username"] and user["password"] else None
    pair = (files["cert_file"], files["key_file"]) if {"cert_file", "key_file"} <= set(files) else None
    try:
        content = fetched(url, both, files.get("ca_file"), pair)
    except (OSError, HTTPException, ValueError) as error:
        raise CannotRenderError(f"its chart cannot be fetched: {error}") from None
    archive = folder / "chart.tgz"
    archive.write_bytes(content)
    return archive


def _of_registry(chart: str, wanted: Inputs, user: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """How the function finds a chart in a registry: without a tag in its name, and with credentials in a file."""
    address, _, last = chart.rpartition("/")
    repository, colon, tag = last.partition(":")
    found: dict[str, Any] = {"chart": f"{address}/{repository}"}
    if "@" in last:
        raise CannotRenderError("its chart is given by a digest; give its version")
    if colon and wanted["version"] not in (None, "", tag):
        raise CannotRenderError(f"its chart has the tag {tag!r}, and its version is {wanted['version']!r}")
    if colon:
        found["version"] = tag
    if user["username"] and user["password"]:
        token = base64.b64encode(f"{user['username']}:{user['password']}".encode()).decode()
        file = folder / "registry.json"
        file.touch(mode=0o600)
        file.write_text(json.dumps({"auths": {urlsplit(chart).netloc: {"auth": token}}}))
        found["helm_registry_config"] = str(file)
    return found


def _require_dependencies(path: Path, chart: str) -> None:
    try:
        missing = dependencies.missing(path)
    except tarfile.TarError as error:
        raise CannotRenderError(f"its chart is not an archive: {error}") from None
    if missing:
        raise CannotRenderError(
            f"its chart '{chart}' has no subchart {', '.join(missing)} in its folder charts; run `helm dependency "
            f"update {chart}` before, as images of missing subcharts are not known"
        )


def _values(inputs: Inputs) -> dict[str, Any]:
    """Merge as Helm does: the files in their order, then the values; later ones override earlier ones."""
    values: dict[str, Any] = {}
    for asset in inputs.get("value_yaml_files") or []:
        values = _merged(values, yaml.safe_load(text_of(asset)) or {})
    return _merged(values, _texts(plain(inputs.get("values") or {})))


def _texts(value: Any) -> Any:
    """A copy in which an asset's text replaces the asset, as with `helm --set-file`."""
    if isinstance(value, dict):
        return {key: _texts(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_texts(item) for item in value]
    return text_of(value) if isinstance(value, (pulumi.Asset, pulumi.Archive)) else value


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        inner = merged.get(key)
        both = isinstance(value, Mapping) and isinstance(inner, Mapping)
        merged[key] = _merged(inner, value) if both else value  # type: ignore[arg-type]
    return merged


def _given(value: Mapping[str, Any]) -> dict[str, Any]:
    # Only here: in a chart's values, null removes a default.
    return {key: item for key, item in value.items() if item is not None and item != {}}


def _is_deployed(manifest: Any, events: Collection[str]) -> bool:
    """Whether a manifest is not a hook, or is a hook of one of these events."""
    metadata = manifest.get("metadata") if isinstance(manifest, Mapping) else None
    annotations = metadata.get("annotations") if isinstance(metadata, Mapping) else None
    hook = annotations.get(_HOOK) if isinstance(annotations, Mapping) else None
    return hook is None or any(event.strip().lower() in events for event in str(hook).split(","))
