"""The environment of programs that work on the lab: all of the lab's settings, none of the user's."""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

# What these tools would take as instructions that were meant for something else.
_FOREIGN = ("PULUMI_", "KUBE", "DOCKER_", "KIND_", "HELM_", "VIRTUAL_ENV", "PYTHONHOME", "PYTHONPATH")


def scrubbed(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment without what the user set for other clusters, engines and stacks."""
    return {name: value for name, value in environ.items() if not name.startswith(_FOREIGN)}


def lab_environ(state: Path, docker: Mapping[str, str], passphrase: str) -> dict[str, str]:
    """The environment in which pulumi, kubectl and docker see the lab alone."""
    environ = scrubbed(os.environ)
    path = f"{state / 'bin'}{os.pathsep}{environ.get('PATH', os.defpath)}"
    return environ | own(state, docker, passphrase) | {"PATH": path}


def shell_lines(state: Path, docker: Mapping[str, str], passphrase: str) -> list[str]:
    """The lab's own variables as a shell sets them, and no other."""
    settings = own(state, docker, passphrase)
    exports = [f"export {name}={shlex.quote(value)}" for name, value in settings.items()]
    return [f'export PATH={shlex.quote(str(state / "bin"))}:"$PATH"', *exports]


def own(state: Path, docker: Mapping[str, str], passphrase: str) -> dict[str, str]:
    """The lab's own variables, but for PATH, which its programs come first on."""
    return {name: value for name, value in docker.items() if name.startswith("DOCKER_")} | {
        "KUBECONFIG": str(state / "kubeconfig"),
        "PULUMI_HOME": str(state / "pulumi"),
        "PULUMI_BACKEND_URL": f"file://{state / 'stacks'}",
        "PULUMI_CONFIG_PASSPHRASE": passphrase,
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
    }
