"""A registry that lets in one user, and the Secrets with which users log in."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from lab import Lab
from lab.cluster.registries import RunningRegistry
from lab.images.oci import Image, layer, noise
from lab.images.registry_client import Credentials

from ..conftest import Images

SECRET = "registry-login"


@contextmanager
def private_registry(lab: Lab, right: Credentials) -> Iterator[RunningRegistry]:
    """A registry that lets in this user alone."""
    alias = f"auth-{secrets.token_hex(3)}.registry"
    running = lab.registries.ensure(alias, right)
    # containerd learns of it by this file; Docker Engine takes any registry on the lab's network.
    lab.nodes.use_registry(running.address)
    yield running
    lab.registries.remove(alias)


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
