"""Images in a registry that lets in one user, and the Secrets with which users log in."""

from __future__ import annotations

from lab import Lab
from lab.cluster.registries import RunningRegistry
from lab.images.oci import Image, layer, noise
from lab.images.registry_client import Credentials

from ..conftest import Images

SECRET = "registry-login"


def push_private(registry: RunningRegistry, images: Images) -> str:
    """Push an image that only that user may pull, and return its reference."""
    repository = f"{images.prefix}/private"
    registry.client.push(repository, "v1", Image((layer({"data": noise(1000, seed=repository)}),)))
    reference = f"{registry.address}/{repository}:v1"
    images.made.append(reference)
    return reference


def log_in(lab: Lab, namespace: str, registry: str, credentials: Credentials, secret: str = SECRET) -> None:
    """Make the Secret as users do."""
    lab.cluster.kubectl(
        "--namespace", namespace, "create", "secret", "docker-registry", secret, f"--docker-server={registry}",
        f"--docker-username={credentials.username}", f"--docker-password={credentials.password}",
    )  # fmt: skip
