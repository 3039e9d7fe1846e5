"""The manifests of Helm charts, YAML files and Kustomize directories, from the inputs of their resources.

Only the provider knows the children of such a resource, and only after the resource has been registered. To know them
earlier, this module asks the provider to render the same inputs, as for `kubernetes.helm.v3.Chart`, or reads the same
YAML.
"""

from __future__ import annotations

import glob
import json
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pulumi
import yaml

_URL = ("http://", "https://")
_URL_SECONDS = 60

Inputs = Mapping[str, Any]


class CannotRenderError(ValueError):
    """Only the provider can process an input; the message names the input."""


def rendered(type_: str, name: str, inputs: Inputs, opts: pulumi.InvokeOptions) -> pulumi.Output[list[Any]]:
    """The manifests that a resource of one of the types in RENDERED makes.

    Args:
        type_: its type.
        name: its name; also the name of a release whose inputs have none.
        inputs: its inputs, under their Python names.
        opts: the options of the call to the provider.

    Returns:
        The manifests. The program fails if they cannot be known from the inputs.
    """
    # Inputs of Helm and Kustomize may be nested to any depth, and rendering requires all of them.
    known = pulumi.Output.from_input({key: value for key, value in inputs.items() if value is not None})

    def render(found: Inputs) -> Any:
        try:
            return RENDERED[type_](name, found, opts)
        except (CannotRenderError, OSError, UnicodeError, yaml.YAMLError) as error:
            raise pulumi.RunError(
                f"{type_.rpartition(':')[2]} '{name}': its images cannot be known in advance: {error}; name it in "
                "exclude, and write its images in images"
            ) from None

    return known.apply(render)


def _chart(name: str, inputs: Inputs, opts: pulumi.InvokeOptions) -> pulumi.Output[Any]:
    for unable in ("post_renderer", "postrender"):
        if inputs.get(unable):
            raise CannotRenderError(f"{unable} may put other images in")
    chart, repository = str(inputs["chart"]), _plain(inputs.get("repository_opts") or {})
    wanted: dict[str, Any] = {
        "release_name": inputs.get("name") or name,
        "namespace": inputs.get("namespace"),
        "version": inputs.get("version"),
        "values": _values(inputs),
        "skip_crd_rendering": inputs.get("skip_crds"),
        "fetch_opts": {
            "devel": inputs.get("devel"),
            "repo": repository.get("repo"),
            "username": repository.get("username"),
            "password": repository.get("password"),
            "ca_file": repository.get("ca_file"),
            "cert_file": repository.get("cert_file"),
            "key_file": repository.get("key_file"),
        },
    }
    local = not repository.get("repo") and Path(chart).exists()
    wanted["path" if local else "chart"] = str(Path(chart).absolute()) if local else chart
    return _invoked("kubernetes:helm:template", {"jsonOpts": json.dumps(_given(wanted))}, opts)


def _values(inputs: Inputs) -> dict[str, Any]:
    """Merge as Helm does: the files in their order, then the values; later ones override earlier ones."""
    values: dict[str, Any] = {}
    for asset in inputs.get("value_yaml_files") or []:
        values = _merged(values, yaml.safe_load(_read(asset)) or {})
    return _merged(values, _plain(inputs.get("values") or {}))


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        inner = merged.get(key)
        both = isinstance(value, Mapping) and isinstance(inner, Mapping)
        merged[key] = _merged(inner, value) if both else value  # type: ignore[arg-type]
    return merged


def _read(asset: Any) -> str:
    if isinstance(asset, pulumi.FileAsset):
        return Path(asset.path).read_text("utf-8")
    if isinstance(asset, pulumi.StringAsset):
        return asset.text
    if isinstance(asset, pulumi.RemoteAsset) and asset.uri.startswith(_URL):
        return _fetched(asset.uri)
    raise CannotRenderError(f"value_yaml_files has what is neither a file nor a text: {asset!r}")


def _yaml(name: str, inputs: Inputs, opts: pulumi.InvokeOptions) -> list[Any]:
    del name, opts
    files, texts = inputs.get("files") or inputs.get("file") or [], inputs.get("yaml") or []
    documents = [_document(file) for file in _paths([files] if isinstance(files, str) else files)]
    documents += [texts] if isinstance(texts, str) else texts
    parsed = [manifest for text in documents for manifest in yaml.safe_load_all(text) if manifest]
    return [*parsed, *_plain(inputs.get("objs") or [])]


def _paths(patterns: Sequence[str]) -> list[str]:
    return [
        path
        for pattern in patterns
        for path in ([pattern] if pattern.startswith(_URL) else sorted(glob.glob(pattern)))  # noqa: PTH207 - as it is written
    ]


def _document(path: str) -> str:
    return _fetched(path) if path.startswith(_URL) else Path(path).read_text("utf-8")


def _fetched(url: str) -> str:
    with urlopen(url, timeout=_URL_SECONDS) as response:  # noqa: S310 - of no other scheme, see _URL
        return str(response.read().decode())


def _directory(name: str, inputs: Inputs, opts: pulumi.InvokeOptions) -> pulumi.Output[Any]:
    del name
    return _invoked("kubernetes:kustomize:directory", {"directory": inputs["directory"]}, opts)


def _invoked(token: str, arguments: dict[str, Any], opts: pulumi.InvokeOptions) -> pulumi.Output[Any]:
    # Without a version, the engine would use any version of the provider, not the version of the program's SDK.
    options = pulumi.InvokeOptions(parent=opts.parent, provider=opts.provider, version=version("pulumi-kubernetes"))
    called: pulumi.Output[Any] = pulumi.runtime.invoke_output(token, arguments, options)
    return called.apply(lambda answer: (answer or {}).get("result") or [])


def _given(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _given(item) for key, item in value.items() if item is not None and item != {}}
    return value


def _plain(value: Any) -> Any:
    """A copy in which mappings replace Pulumi's input classes."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(item) for item in value]
    return _plain(vars(value)) if hasattr(value, "__dict__") else value


RENDERED: Mapping[str, Callable[[str, Inputs, pulumi.InvokeOptions], Any]] = {
    "kubernetes:helm.sh/v3:Release": _chart,
    "kubernetes:helm.sh/v4:Chart": _chart,
    "kubernetes:kustomize/v2:Directory": _directory,
    "kubernetes:yaml/v2:ConfigFile": _yaml,
    "kubernetes:yaml/v2:ConfigGroup": _yaml,
}
"""The resources whose manifests can be known from their inputs alone."""
