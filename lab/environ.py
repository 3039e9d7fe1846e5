"""The environment of programs that use the lab: with the lab's settings, without the user's."""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

# These settings would make the tools use other clusters, engines or stacks.
_FOREIGN = ("PULUMI_", "KUBE", "DOCKER_", "KIND_", "HELM_", "VIRTUAL_ENV", "PYTHONHOME", "PYTHONPATH")


_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY")
_NO_PROXY = "NO_PROXY"


def proxies(environ: Mapping[str, str], *direct: str) -> dict[str, str]:
    """The settings of the proxies, in both cases; empty if there is no proxy.

    Args:
        environ: the environment with the settings. Programs differ in the case that they read.
        direct: hosts to reach without a proxy, besides the user's. A name stands for the names below it too.
    """
    found = {name: value for name in _PROXIES if (value := environ.get(name) or environ.get(name.lower()))}
    if not found:
        return {}
    users = (environ.get(_NO_PROXY) or environ.get(_NO_PROXY.lower()) or "").split(",")
    found[_NO_PROXY] = ",".join(dict.fromkeys(host for host in [*users, *direct] if host))
    return {**found, **{name.lower(): value for name, value in found.items()}}


def scrubbed(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment without the user's settings for other clusters, engines and stacks."""
    return {name: value for name, value in environ.items() if not name.startswith(_FOREIGN)}


def lab_environ(state: Path, docker: Mapping[str, str], passphrase: str) -> dict[str, str]:
    """The environment in which pulumi, kubectl and docker use only the lab."""
    environ = scrubbed(os.environ)
    path = f"{state / 'bin'}{os.pathsep}{environ.get('PATH', os.defpath)}"
    return environ | own(state, docker, passphrase) | {"PATH": path}


def shell_lines(state: Path, docker: Mapping[str, str], passphrase: str) -> list[str]:
    """The lines that set the lab's own variables in a shell."""
    settings = own(state, docker, passphrase)
    exports = [f"export {name}={shlex.quote(value)}" for name, value in settings.items()]
    return [f'export PATH={shlex.quote(str(state / "bin"))}:"$PATH"', *exports]


def own(state: Path, docker: Mapping[str, str], passphrase: str) -> dict[str, str]:
    """The lab's own variables, except PATH."""
    return {name: value for name, value in docker.items() if name.startswith("DOCKER_")} | {
        "KUBECONFIG": str(state / "kubeconfig"),
        "PULUMI_HOME": str(state / "pulumi"),
        "PULUMI_BACKEND_URL": f"file://{state / 'stacks'}",
        "PULUMI_CONFIG_PASSPHRASE": passphrase,
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
    }
