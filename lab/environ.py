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
