"""The kubelets' credential provider: short-lived tokens for one registry, which only tests of it have."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import shutil
import time
from typing import TYPE_CHECKING

from lab.images.node_files import REGISTRY_HOST, REGISTRY_PORT
from lab.platforms import Platform
from lab.tools import programs

if TYPE_CHECKING:
    from pathlib import Path

    from lab.sources.workshop import Workshop

NAME = "credential-provider"
DIRECTORY = f"/opt/lab/{NAME}"
COMMAND = f"{DIRECTORY}/{NAME}"
TOKEN_REGISTRY = f"tokens.{REGISTRY_HOST}:{REGISTRY_PORT}"
"""The registry for which the kubelets ask the provider."""
_API = "credentialprovider.kubelet.k8s.io/v1"
_CONFIGURATION, _KEY, _UNIT = "configuration.json", "key", "kubelet.conf"
# Not kubeadm's `kubeletExtraArgs`: kind sets some, and since v1beta4 they are a list, which a patch replaces.
_KUBELET = f"""\
[Service]
ExecStart=
ExecStart=/usr/bin/kubelet $KUBELET_KUBECONFIG_ARGS $KUBELET_CONFIG_ARGS $KUBELET_KUBEADM_ARGS $KUBELET_EXTRA_ARGS \
--image-credential-provider-bin-dir={DIRECTORY} --image-credential-provider-config={DIRECTORY}/{_CONFIGURATION}
"""


def mounts(workshop: Workshop, state: Path) -> dict[str, str]:
    """Put the provider and its configuration into the lab's state; return where each node mounts which path.

    Args:
        workshop: builds the program.
        state: the directory of the lab's state.
    """
    directory = state / NAME
    directory.mkdir(exist_ok=True)
    shutil.copy(workshop.go.build(programs.CREDENTIAL_PROVIDER, Platform.nodes()) / NAME, directory)
    provider = {"name": NAME, "apiVersion": _API, "matchImages": [TOKEN_REGISTRY], "defaultCacheDuration": "0s"}
    configuration = {
        "apiVersion": "kubelet.config.k8s.io/v1",
        "kind": "CredentialProviderConfig",
        "providers": [provider],
    }
    (directory / _CONFIGURATION).write_text(json.dumps(configuration))
    (directory / _KEY).write_text(secrets.token_hex(32))
    (directory / _UNIT).write_text(_KUBELET)
    return {
        DIRECTORY: str(directory),
        "/etc/systemd/system/kubelet.service.d/20-lab.conf": str(directory / _UNIT),
    }


def is_good(token: str, state: Path) -> bool:
    """Whether a token is the provider's and not too old."""
    expiry, _, signature = token.partition(".")
    expected = hmac.new((state / NAME / _KEY).read_bytes(), expiry.encode(), hashlib.sha256).hexdigest()
    return hmac.compare_digest(signature, expected) and int(expiry) > time.time()
