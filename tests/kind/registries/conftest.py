"""A registry that lets in one user."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest

from lab import Lab
from lab.cluster.registries import RunningRegistry
from lab.images.registry_client import Credentials


@pytest.fixture(scope="module")
def right() -> Credentials:
    """The user whom the registry lets in."""
    return Credentials("robot", secrets.token_urlsafe(18))


@pytest.fixture(scope="module")
def registry(lab: Lab, right: Credentials) -> Iterator[RunningRegistry]:
    """The registry, in the place of the faulty one of other tests."""
    alias = f"auth-{secrets.token_hex(3)}.registry"
    running = lab.registries.ensure(alias, right)
    # containerd learns of it by this file; Docker Engine takes any registry on the lab's network.
    lab.nodes.use_registry(running.address)
    yield running
    lab.registries.remove(alias)
