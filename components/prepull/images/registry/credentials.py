"""The user's credentials for registries, as `docker login` stored them. This module reads them and writes nothing."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any

from docker import auth as docker_auth  # type: ignore[import-untyped]
from docker.errors import DockerException  # type: ignore[import-untyped]


class CredentialError(Exception):
    """A credential cannot be read; the message says why and contains no secret."""


@dataclass(frozen=True)
class Credential:
    """A user name with a password, or an identity token, which a registry's token server accepts instead."""

    username: str = ""
    password: str = field(default="", repr=False)
    identity_token: str = field(default="", repr=False)


class Credentials:
    """Finds the credential for a registry in `credHelpers`, `credsStore` and `auths`, as the Docker CLI does.

    The configuration is `$DOCKER_CONFIG/config.json`, else `~/.docker/config.json`. A credential helper is called once
    for each registry.
    """

    def __init__(self) -> None:
        self._found: dict[str, Credential | CredentialError | None] = {}
        self._locks: dict[str, Lock] = {}

    def find(self, registry: str) -> Credential | None:
        """Find a registry's credential.

        Args:
            registry: the registry's name in references: `docker.io`, `registry.example.com:5000`.

        Returns:
            The credential; None if there is none.

        Raises:
            CredentialError: the configuration or the helper is broken.
        """
        with self._locks.setdefault(registry, Lock()):
            if registry not in self._found:
                try:
                    self._found[registry] = _look_up(registry)
                except CredentialError as error:
                    self._found[registry] = error
        found = self._found[registry]
        if isinstance(found, CredentialError):
            raise found
        return found


def _look_up(registry: str) -> Credential | None:
    config = _config()
    if not config:
        return None
    path = _path()
    try:
        parsed = docker_auth.load_config(config_dict=config)
        helper = parsed.get_credential_store(registry)
        if helper and not shutil.which(f"docker-credential-{helper}"):
            raise CredentialError(f"docker-credential-{helper}, which {path} names, is not in PATH")
    except (DockerException, AttributeError, TypeError, ValueError):
        # The library's own message may contain a secret.
        raise CredentialError(f"{path} is not a Docker configuration") from None
    try:
        entry: dict[str, Any] = parsed.resolve_authconfig(registry) or {}
    except (DockerException, KeyError, TypeError, ValueError):
        raise CredentialError(f"docker-credential-{helper} failed") from None
    if token := entry.get("IdentityToken"):
        return Credential(identity_token=token)
    username, password = (entry.get(key) or entry.get(key.lower()) or "" for key in ("Username", "Password"))
    return Credential(username, password) if username or password else None


def _path() -> Path:
    directory = os.environ.get("DOCKER_CONFIG")
    return (Path(directory) if directory else Path.home() / ".docker") / "config.json"


def _config() -> Any:
    path = _path()
    try:
        return json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise CredentialError(f"{path} cannot be read: {error.strerror}") from None
    except ValueError:
        raise CredentialError(f"{path} is not JSON") from None
