"""Finds the cluster, the user and the namespace as kubectl does.

lightkube reads one file. kubectl merges all files that KUBECONFIG names, and uses the pod's own account last.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ... import documents
from ...errors import CommandError

SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
DEFAULT_PATH = Path("~/.kube/config")

_SECTIONS = {"clusters": "cluster", "users": "user", "contexts": "context"}
_FILES = ("certificate-authority", "client-certificate", "client-key", "tokenFile")


@dataclass(frozen=True)
class Access:
    """A cluster and how to reach it, in the fields of a kubeconfig."""

    context: str
    cluster: Mapping[str, Any]
    user: Mapping[str, Any]
    namespace: str

    @property
    def server(self) -> str:
        """The API server's address."""
        return str(self.cluster.get("server", ""))


def access(
    kubeconfig: str | None = None, context: str | None = None, environ: Mapping[str, str] | None = None
) -> Access:
    """Find the cluster.

    Args:
        kubeconfig: the only file to read. Default: the files of KUBECONFIG, else ~/.kube/config, else the pod's own
            account.
        context: the context to use. Default: the current context.
        environ: the environment. Default: that of the process.

    Raises:
        CommandError: there is no kubeconfig or no such context, or one of them is not valid.
    """
    environ = os.environ if environ is None else environ
    merged = _merged(_paths(kubeconfig, environ), required=kubeconfig is not None)
    if not any(merged[section] for section in _SECTIONS):
        if context is None and (account := _of_pod(environ)):
            return account
        raise CommandError("there is no kubeconfig: set KUBECONFIG, or give --kubeconfig FILE")
    return _select(merged, context)


def contexts() -> list[str]:
    """The names of all contexts, for completion."""
    try:
        return sorted(_merged(_paths(None, os.environ), required=False)["contexts"])
    except CommandError:
        return []


def _paths(kubeconfig: str | None, environ: Mapping[str, str]) -> list[Path]:
    if kubeconfig is not None:
        return [Path(kubeconfig)]
    if environ.get("KUBECONFIG"):
        return [Path(path) for path in environ["KUBECONFIG"].split(os.pathsep) if path]
    return [DEFAULT_PATH.expanduser()]


def _merged(paths: list[Path], *, required: bool) -> dict[str, Any]:
    """All files as one: of several entries with the same name, the first counts."""
    merged: dict[str, Any] = {"current-context": "", **{section: {} for section in _SECTIONS}}
    for path in paths:
        try:
            content = documents.load(path.read_text("utf-8"), as_kubectl=True) or {}
        except FileNotFoundError:
            if required:
                raise CommandError(f"there is no kubeconfig {path}") from None
            continue
        except OSError as error:
            raise CommandError(f"cannot read the kubeconfig {path}: {error.strerror}") from None
        except (yaml.YAMLError, UnicodeDecodeError):
            raise CommandError(f"the kubeconfig {path} is not YAML") from None
        try:
            _refuse_nul(content)
            merged["current-context"] = merged["current-context"] or _text(content.get("current-context") or "")
            for section, field in _SECTIONS.items():
                for item in content.get(section) or []:
                    merged[section].setdefault(_text(item["name"]), _absolute(item.get(field) or {}, path.parent))
        except (AttributeError, KeyError, TypeError, ValueError, RecursionError):
            raise CommandError(f"{path} is not a kubeconfig") from None
    return merged


def _refuse_nul(content: Any) -> None:
    """Refuse NUL characters. No name may contain one, and each library fails on it in its own way."""
    if "\\u0000" in json.dumps(content, default=str):
        raise ValueError


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _absolute(entry: Mapping[str, Any], directory: Path) -> dict[str, Any]:
    """The entry with paths that do not depend on the kubeconfig's directory."""
    made = {key: _path(value, directory) if key in _FILES and value else value for key, value in entry.items()}
    plugin = made.get("exec")
    # A bare name is looked up in PATH.
    if isinstance(plugin, Mapping) and any(
        sep and sep in str(plugin.get("command", "")) for sep in (os.sep, os.altsep)
    ):
        made["exec"] = {**plugin, "command": _path(plugin["command"], directory)}
    return made


def _path(value: str, directory: Path) -> str:
    return str(directory.absolute() / value)


def _select(merged: Mapping[str, Any], wanted: str | None) -> Access:
    name = wanted or merged["current-context"]
    known = ", ".join(sorted(merged["contexts"])) or "none"
    if not name:
        raise CommandError(f"the kubeconfig has no current context: give --context NAME (there are: {known})")
    if name not in merged["contexts"]:
        raise CommandError(f"there is no context '{name}' in the kubeconfig (there are: {known})")
    context = merged["contexts"][name]
    cluster, user = str(context.get("cluster", "")), str(context.get("user", ""))
    if cluster not in merged["clusters"]:
        raise CommandError(f"the context '{name}' names the cluster '{cluster}', and there is no such one")
    if user and user not in merged["users"]:
        raise CommandError(f"the context '{name}' names the user '{user}', and there is no such one")
    namespace = context.get("namespace") or "default"
    if not isinstance(namespace, str):
        raise CommandError(f"the kubeconfig's context '{name}' is not valid: its namespace is not a name")
    return Access(name, merged["clusters"][cluster], merged["users"].get(user, {}), namespace)


def _of_pod(environ: Mapping[str, str]) -> Access | None:
    host, port = environ.get("KUBERNETES_SERVICE_HOST"), environ.get("KUBERNETES_SERVICE_PORT")
    token = SERVICE_ACCOUNT / "token"
    if not host or not port or not token.is_file():
        return None
    try:
        namespace = (SERVICE_ACCOUNT / "namespace").read_text("utf-8").strip()
    except OSError:
        namespace = "default"
    address = f"[{host}]" if ":" in host else host
    cluster = {"server": f"https://{address}:{port}", "certificate-authority": str(SERVICE_ACCOUNT / "ca.crt")}
    return Access("in-cluster", cluster, {"tokenFile": str(token)}, namespace)
